"""What a regular expression says, as a tree. What may stand in one is told in ``pattern``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

MAX_PATTERN = 100
"""Characters of an expression."""


class PatternError(ValueError):
    """An expression that cannot be used; the message says why."""


class Characters(Struct, frozen=True):
    """A set of characters: those in any of ``ranges`` (first, last), or with ``negated`` others."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def holds(self, character: str) -> bool:
        """True when the character is one of the set."""
        return any(low <= character <= high for low, high in self.ranges) is not self.negated


class Sequence(Struct, frozen=True):
    """Parts one after the other."""

    parts: tuple[Node, ...]


class Choice(Struct, frozen=True):
    """One of the parts."""

    parts: tuple[Node, ...]


class Repeat(Struct, frozen=True):
    """A part ``least`` times or more, up to ``most``; None is no limit."""

    part: Node
    least: int
    most: int | None


class Edge(Struct, frozen=True):
    """The beginning or the end of the text."""

    end: bool


Node = Characters | Sequence | Choice | Repeat | Edge

ANY = Characters((), negated=True)
_CLASSES = {
    "d": Characters((("0", "9"),)),
    "w": Characters((("a", "z"), ("0", "9"), ("_", "_"))),
    "s": Characters((("\t", "\r"), (" ", " "))),
}
_CLASSES |= {name.upper(): Characters(one.ranges, negated=True) for name, one in _CLASSES.items()}
_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_COUNT = re.compile(r"\{([0-9]{1,3})(,([0-9]{0,3}))?\}", re.ASCII)


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        """The next character, which is now read."""
        character = self.next
        if not character:
            raise PatternError("ends too early")
        self.at += 1
        return character

    def choice(self) -> Node:
        parts = [self.sequence()]
        while self.next == "|":
            self.take()
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.next and self.next not in "|)":
            parts.append(self.repeated(self.atom()))
        return Sequence(tuple(parts))

    def repeated(self, part: Node) -> Node:
        while True:
            if self.next and self.next in _REPEATS:
                part = Repeat(part, *_REPEATS[self.take()])
            elif count := _COUNT.match(self.text, self.at):
                self.at = count.end()
                least = int(count[1])
                most = least if count[2] is None else int(count[3]) if count[3] else None
                if most is not None and most < least:
                    raise PatternError(f"has a count that runs backwards: {count[0]}")
                part = Repeat(part, least, most)
            else:
                return part

    def atom(self) -> Node:
        character = self.take()
        match character:
            case "(":
                if self.next == "?":
                    raise PatternError("has (?, which is not supported; use plain ( )")
                inner = self.choice()
                if self.next != ")":
                    raise PatternError("has ( without )")
                self.take()
                return inner
            case "[":
                return self.character_set()
            case "^" | "$":
                return Edge(end=character == "$")
            case "*" | "+" | "?":
                raise PatternError(f"has nothing before {character} to repeat")
            case ".":
                return ANY
            case "\\":
                return self.escaped()
        return _one(character)

    def escaped(self) -> Characters:
        character = self.take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character.isalnum():
            raise PatternError(f"has \\{character}, which is not supported")
        return _one(character)

    def character_set(self) -> Characters:
        negated = self.next == "^"
        if negated:
            self.take()
        ranges: list[tuple[str, str]] = []
        while self.next != "]" or not ranges:
            if not self.next:
                raise PatternError("has [ without ]")
            ranges += self.member()
        self.take()
        return Characters(tuple(ranges), negated)

    def member(self) -> Iterable[tuple[str, str]]:
        low = self.take()
        if low == "\\":
            members = self.escaped()
            if members.negated:
                raise PatternError("has an opposite class inside [ ], which is not supported")
            return members.ranges
        if self.next != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return _one(low).ranges
        self.take()
        low, high = low.lower(), self.take().lower()
        if high < low:
            raise PatternError(f"has a range that runs backwards: {low}-{high}")
        return ((low, high),)


def _one(character: str) -> Characters:
    return Characters(((character.lower(), character.lower()),))


def read_pattern(text: str) -> Node:
    """The tree of an expression. Raises PatternError when it cannot be understood or is longer
    than MAX_PATTERN characters."""
    if len(text) > MAX_PATTERN:
        raise PatternError(f"is longer than {MAX_PATTERN} characters")
    reader = _Reader(text)
    node = reader.choice()
    if reader.next:
        raise PatternError("has ) without (")
    return node

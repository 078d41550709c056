"""Regular expressions whose cost is bounded, for text the user types over names from the network.

Python's ``re`` tries the ways to match one after the other: some expressions take longer than the
universe over a few dozen characters. Here all ways are followed at once (Thompson's simulation of
the automaton, Communications of the ACM 11(6), 1968), so time grows with the length of the text
times the size of the expression and no further.

Understood are ``. [a-z] [^x] \\d \\w \\s (their opposites \\D \\W \\S) ^ $ ( ) | * + ? {2} {2,}
{2,5}`` and ``\\`` before a character to be taken as it is. Upper and lower case are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from engine.results.pattern_syntax import (
    Characters,
    Choice,
    Edge,
    Node,
    PatternError,
    Repeat,
    Sequence,
    read_pattern,
)

MAX_STATES = 300
"""States of its automaton; counted repetition multiplies them."""
MAX_TEXT = 256
"""Characters of a text that are looked at."""
_MAX_REMEMBERED = 1 << 16


class _State(Struct):
    """One state: ``reads`` a character, stands at an ``edge``, or goes on to all of ``after`` for
    nothing."""

    reads: Characters | None
    edge: Edge | None
    after: list[int]


_FOUND = 0
"""The state in which the expression has matched."""


class _Builder:
    """Makes the automaton, from the end of the expression to its beginning."""

    def __init__(self) -> None:
        self.states = [_State(None, None, [])]
        self._steps = 0

    def add(
        self, after: list[int], reads: Characters | None = None, edge: Edge | None = None
    ) -> int:
        if len(self.states) >= MAX_STATES:
            raise PatternError("repeats too much; use smaller counts")
        self.states.append(_State(reads, edge, after))
        return len(self.states) - 1

    def build(self, node: Node, after: int) -> int:
        """The state that matches ``node`` and then goes on to ``after``."""
        self._steps += 1
        if self._steps > 10 * MAX_STATES:  # repeated emptiness makes no states, only work
            raise PatternError("repeats too much; use smaller counts")
        match node:
            case Characters():
                return self.add([after], reads=node)
            case Edge():
                return self.add([after], edge=node)
            case Sequence(parts):
                for part in reversed(parts):
                    after = self.build(part, after)
                return after
            case Choice(parts):
                return self.add([self.build(part, after) for part in parts])
            case Repeat():
                return self.repeat(node, after)

    def repeat(self, node: Repeat, after: int) -> int:
        if node.most is None:
            loop = self.add([after])
            self.states[loop].after.append(self.build(node.part, loop))
            after = loop
        else:
            leave = after
            for _ in range(node.most - node.least):
                after = self.add([leave, self.build(node.part, after)])
        for _ in range(node.least):
            after = self.build(node.part, after)
        return after


class Pattern:
    """An expression ready to be searched for; ``parse_pattern`` makes it."""

    def __init__(self, node: Node) -> None:
        builder = _Builder()
        self._start = builder.build(node, _FOUND)
        self._states = builder.states
        self._moves: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._answers: dict[str, bool] = {}

    def found_in(self, text: str) -> bool:
        """True when the expression matches somewhere in the first MAX_TEXT characters."""
        answer = self._answers.get(text)
        if answer is None:
            if len(self._answers) >= _MAX_REMEMBERED:
                self._answers.clear()
            answer = self._answers[text] = self._search(text[:MAX_TEXT].lower())
        return answer

    def _search(self, text: str) -> bool:
        now = self._reach((self._start,), first=True)
        for character in text:
            if _FOUND in now:
                return True
            move = now, character
            if move not in self._moves:
                if len(self._moves) >= _MAX_REMEMBERED:
                    self._moves.clear()
                self._moves[move] = self._step(now, character)
            now = self._moves[move]
        return _FOUND in self._reach(now, first=not text, last=True)

    def _step(self, now: frozenset[int], character: str) -> frozenset[int]:
        """Where ``character`` leads from any of ``now``; a match may also begin behind it."""
        after = [self._start]
        for number in now:
            state = self._states[number]
            if state.reads is not None and state.reads.holds(character):
                after += state.after
        return self._reach(after)

    def _reach(
        self, numbers: Iterable[int], *, first: bool = False, last: bool = False
    ) -> frozenset[int]:
        """The states and all that can be reached from them without a character."""
        seen: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            state = self._states[number]
            free = state.reads is None
            if state.edge is not None:
                free = last if state.edge.end else first
            if free:
                waiting += state.after
        return frozenset(seen)


@lru_cache(maxsize=32)
def parse_pattern(text: str) -> Pattern:
    """The expression meant by ``text``. Raises PatternError when it cannot be understood or
    its automaton would have more than MAX_STATES states."""
    return Pattern(read_pattern(text))

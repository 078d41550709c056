"""Target expressions: what the user typed, understood but not resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NoReturn

from msgspec import Struct, field

from engine.spec.address import Piece, parse_v4, parse_v6, unmapped
from engine.spec.error import SpecError
from engine.spec.octets import ALL_VALUES, V4Box, value_range
from engine.spec.target_hints import v4_hint, v6_hint
from engine.spec.target_set import TargetSet

MAX_TEXT = 64 << 20
"""Characters of target text that are read at most."""
MAX_EXPRESSIONS = 1_000_000
MAX_EXPRESSION_LENGTH = 1023

_OCTET_PATTERN = re.compile(r"[0-9*,.-]+")
_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+){0,2}")
_OCTET_RANGE = re.compile(r"([0-9]*)(-?)([0-9]*)")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_MAX_HOST_NAME = 254
_BLANK_SEPARATED = re.compile(r"\S+")
_COMMA_SEPARATED = re.compile(r"[^\s,]+")


class Expression(Struct, frozen=True):
    """One target expression.

    Attributes:
        text: as typed.
        piece: the addresses it means, or None when a name has to be resolved first.
        host: the host name, or empty when ``piece`` says it all.
        bits: mask length behind the host name (``name/24``), or None.
    """

    text: str
    piece: Piece | None
    host: str = ""
    bits: int | None = None

    @property
    def count(self) -> int:
        """Addresses meant; a name is taken to have one address, IPv4 where the mask allows."""
        if self.piece is not None:
            return self.piece.count
        if self.bits is None:
            return 1
        return 1 << ((32 if self.bits <= 32 else 128) - self.bits)


class TargetExpressions(Struct, frozen=True):
    """Target expressions in the order they were typed.

    Attributes:
        expressions: one per word.
        literals: all addresses given as such, each once.
    """

    expressions: tuple[Expression, ...] = ()
    literals: TargetSet = field(default_factory=TargetSet.empty)

    @classmethod
    def of(cls, expressions: Iterable[Expression]) -> TargetExpressions:
        """The expressions with their literal addresses put together. Raises SpecError."""
        listed = tuple(expressions)
        return cls(listed, TargetSet.of(one.piece for one in listed if one.piece is not None))

    @property
    def count(self) -> int:
        """How many addresses are meant, an unresolved name counting as one (or as its mask)."""
        named = {(one.host, one.bits): one.count for one in self.expressions if one.host}
        return self.literals.count + sum(named.values())

    @property
    def host_names(self) -> tuple[str, ...]:
        """The names that have to be resolved, each once, in the order typed."""
        return tuple(dict.fromkeys(one.host for one in self.expressions if one.host))

    def union(self, other: TargetExpressions) -> TargetExpressions:
        """These expressions, then those of ``other``. Raises SpecError when they are too many."""
        listed = (*self.expressions, *other.expressions)
        if len(listed) > MAX_EXPRESSIONS:
            raise _too_many(listed[MAX_EXPRESSIONS].text, None, "targets")
        return TargetExpressions(listed, self.literals.union(other.literals))

    def __bool__(self) -> bool:
        return bool(self.expressions)

    def __str__(self) -> str:
        return " ".join(one.text for one in self.expressions)


def parse_targets(text: str) -> TargetExpressions:
    """The targets in ``text``, separated by blanks. Nothing is resolved.

    Raises SpecError at the first expression that cannot be understood.
    """
    _check_length(text, "targets")
    return TargetExpressions.of(read_expressions(text, "targets"))


def parse_excludes(text: str) -> TargetExpressions:
    """The targets in ``text``, separated by commas or blanks, as nmap's ``--exclude`` takes them.

    Raises SpecError like :func:`parse_targets`.
    """
    _check_length(text, "excluded targets")
    return TargetExpressions.of(read_expressions(text, "excluded targets", _COMMA_SEPARATED))


def read_expressions(
    text: str, what: str, separated: re.Pattern[str] = _BLANK_SEPARATED
) -> list[Expression]:
    """Every expression in ``text``. Raises SpecError with ``what`` as the field's name."""
    found: list[Expression] = []
    for match in separated.finditer(text):
        if len(found) == MAX_EXPRESSIONS:
            raise _too_many(match[0], match.start(), what)
        found.append(_expression(match[0], match.start(), what))
    return found


def _too_many(piece: str, position: int | None, what: str) -> SpecError:
    return SpecError(
        what, piece, position, f"is more than the {MAX_EXPRESSIONS:,} targets one scan takes",
        "write networks instead of single addresses",
    )  # fmt: skip


def _check_length(text: str, what: str) -> None:
    if len(text) > MAX_TEXT:
        raise SpecError(
            what, text[:40], 0, "starts a text that is too long", "64 million characters at most"
        )


class _Word:
    """One expression being read; knows how to complain about itself."""

    def __init__(self, text: str, position: int, what: str) -> None:
        self.text = text
        self.position = position
        self.what = what

    def fail(self, problem: str, hint: str = "", *, piece: str = "", offset: int = 0) -> NoReturn:
        raise SpecError(self.what, piece or self.text, self.position + offset, problem, hint)


def _expression(text: str, position: int, what: str) -> Expression:
    single = parse_v4(text)
    if single is not None:
        return Expression(text, single)
    word = _Word(text, position, what)
    if len(text) > MAX_EXPRESSION_LENGTH:
        word.fail("is too long for a target", f"{MAX_EXPRESSION_LENGTH} characters at most")
    if "://" in text:
        word.fail("is a URL, not a target", "write only the host name or address")
    host, slash, mask = text.rpartition("/") if "/" in text else (text, "", "")
    if ":" in host:
        return Expression(text, _v6_piece(word, host, _bits(word, mask, 128) if slash else 128))
    if _OCTET_PATTERN.fullmatch(host) and not _NUMBERS.fullmatch(host):
        box = _v4_box(word, host)
        return Expression(text, box.masked(_bits(word, mask, 32)) if slash else box)
    _check_host_name(word, host)
    return Expression(text, None, host, _bits(word, mask, 128) if slash else None)


def _bits(word: _Word, mask: str, longest: int) -> int:
    """The mask length after the slash."""
    offset = len(word.text) - len(mask)
    if not mask:
        word.fail("has no mask length after the slash", f"write /0 to /{longest}")
    if not re.fullmatch(r"[0-9]+", mask):
        hint = f"write /0 to /{longest}"
        netmask = parse_v4(mask)
        if netmask is not None:
            bits = "".join(f"{part.bit_length() - 1:08b}" for part in netmask.octets)
            ones = bits.count("1")
            hint = f"did you mean /{ones}?" if bits == "1" * ones + "0" * (32 - ones) else hint
        word.fail("is not a mask length", hint, piece=mask, offset=offset)
    if len(mask) > 3 or int(mask) > longest:
        problem = f"is not a mask length: it goes from 0 to {longest}"
        word.fail(problem, f"did you mean /{longest}?", piece=mask, offset=offset)
    return int(mask)


def _v4_box(word: _Word, host: str) -> V4Box:
    """The box of an octet pattern such as ``10.0.1,3-4.1-``."""
    parts = host.split(".")
    if len(parts) != 4:
        hint = v4_hint(host) or "an IPv4 pattern has four octets, such as 10.0.0-3.*"
        word.fail("is not an IPv4 address", hint)
    masks, offset = [], 0
    for part in parts:
        mask = 0
        for item in part.split(","):
            mask |= _octet_item(word, host, item, offset)
            offset += len(item) + 1
        masks.append(mask)
    a, b, c, d = masks
    return V4Box((a, b, c, d))


def _octet_item(word: _Word, host: str, item: str, offset: int) -> int:
    """The mask of ``n``, ``n-m``, ``-m``, ``n-``, ``-`` or ``*`` in one octet."""
    if item == "*":
        return ALL_VALUES
    if not item:
        word.fail("has an empty octet", v4_hint(host) or "write 0 to 255, a range or *")
    match = _OCTET_RANGE.fullmatch(item)
    if match is None:
        hint = v4_hint(host) or "write 0 to 255, a range such as 1-20, or *"
        word.fail("is not an octet", hint, piece=item, offset=offset)
    low, dash, high = match.groups()
    first = int(low) if low else 0
    last = (int(high) if high else 255) if dash else first
    if max(first, last) > 255:
        hint = "did you mean 0 to 255?" if not dash else f"did you mean {min(first, 255)}-255?"
        hint = v4_hint(host) or hint
        word.fail("goes beyond 255, the highest octet", hint, piece=item, offset=offset)
    if first > last:
        word.fail("runs backwards", f"did you mean {last}-{first}?", piece=item, offset=offset)
    return value_range(first, last)


def _v6_piece(word: _Word, host: str, bits: int) -> Piece:
    """The block of an IPv6 literal."""
    span = parse_v6(host)
    if span is None:
        word.fail("is not an IPv6 address", v6_hint(host))
    if span.scope and bits < 10:
        word.fail("is wider than the link-local addresses of one interface", "use /10 or longer")
    return unmapped(span, bits)


def _check_host_name(word: _Word, host: str) -> None:
    if _HOST_NAME.fullmatch(host) and len(host) <= _MAX_HOST_NAME:
        return
    if not host:
        word.fail("has no host before the slash", "write for example 10.0.0.0/24")
    if host.startswith("-"):
        word.fail("looks like an option, not a target")
    if "," in host:
        word.fail("is not a host name", f"separate targets by blanks: {host.replace(',', ' ')}")
    if "/" in host:
        word.fail("has more than one slash", "write one mask, for example 10.0.0.0/24")
    if not host.isascii():
        try:
            word.fail("has letters beyond ASCII", f"write {host.encode('idna').decode('ascii')}")
        except UnicodeError:
            word.fail("has characters no host name has", "use letters, digits, dots and dashes")
    word.fail("is not a host name", "use letters, digits, dots and dashes")

"""From target expressions to addresses."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from engine.spec.address import Piece, parse_address, unmapped
from engine.spec.forward_names import Resolver, look_up, system_resolver
from engine.spec.octets import V4Box
from engine.spec.target_set import TargetSet
from engine.spec.target_text import Expression, TargetExpressions

__all__ = ["Resolution", "Resolver", "TargetProblem", "resolve_targets", "system_resolver"]

MAX_ADDRESSES = 1024
"""Addresses of one name that are looked at."""
_SHOWN = 8


class TargetProblem(Struct, frozen=True):
    """An expression that gave no address: ``expression`` as typed, ``text`` says why."""

    expression: str
    text: str


class Resolution(Struct, frozen=True):
    """What the expressions turned out to mean.

    Attributes:
        targets: the addresses, with the names that led to them.
        problems: expressions that gave none; the scan can go on without them.
        notes: remarks for the log, e.g. addresses of a name that are not scanned.
    """

    targets: TargetSet
    problems: tuple[TargetProblem, ...] = ()
    notes: tuple[str, ...] = ()


def resolve_targets(
    expressions: TargetExpressions,
    *,
    resolver: Resolver = system_resolver,
    family: int | None = None,
    all_addresses: bool = False,
) -> Resolution:
    """Look up every name and put all addresses together.

    Args:
        expressions: what was typed.
        resolver: looks up one name; called from threads of its own, several at once.
        family: 4 or 6 to take only such addresses.
        all_addresses: take every address of a name instead of the first (IPv4 first).

    Raises SpecError when the addresses overlap in too many ways to be kept apart.
    """
    found = look_up(expressions.host_names, resolver)
    gathered = _Gathered(family, all_addresses)
    for expression in expressions.expressions:
        if expression.piece is not None:
            gathered.add_literal(expression, expression.piece)
        else:
            addresses = found[expression.host]
            gathered.add_name(
                expression, addresses if isinstance(addresses, str) else _pieces(addresses)
            )
    text = str(expressions)
    return Resolution(
        TargetSet.of(gathered.pieces, gathered.names.items(), text),
        tuple(gathered.problems),
        tuple(gathered.notes),
    )


class _Gathered(Struct):
    """Pieces and remarks, expression by expression."""

    family: int | None
    all_addresses: bool
    pieces: list[Piece] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[TargetProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_literal(self, expression: Expression, piece: Piece) -> None:
        if self.family in (None, _family(piece)):
            self.pieces.append(piece)
        else:
            self._fail(
                expression, f"is not an IPv{self.family} target, and only those were asked for"
            )

    def add_name(self, expression: Expression, found: list[Piece] | str) -> None:
        if isinstance(found, str):
            self._fail(expression, f"does not resolve ({found})")
            return
        wanted = [piece for piece in found if self.family in (None, _family(piece))]
        if not wanted:
            version = f"IPv{self.family} " if found and self.family else ""
            self._fail(expression, f"resolves, but to no {version}address")
            return
        if expression.bits is not None and expression.bits > 32:
            wanted = [piece for piece in wanted if _family(piece) == 6]
            if not wanted:
                self._fail(expression, "resolves to IPv4, whose masks go from /0 to /32")
                return
        taken = wanted if self.all_addresses else wanted[:1]
        for piece in taken:
            self.names.setdefault(str(piece), expression.host)
            self.pieces.append(_masked(piece, expression.bits))
        if len(found) > len(taken):
            self._note_others(expression.host, taken, found)

    def _fail(self, expression: Expression, text: str) -> None:
        self.problems.append(TargetProblem(expression.text, text))

    def _note_others(self, host: str, taken: list[Piece], found: list[Piece]) -> None:
        others = [str(piece) for piece in found if piece not in taken]
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        self.notes.append(
            f"Other addresses for {host} (not scanned): {', '.join(others[:_SHOWN])}{more}"
        )


def _pieces(addresses: Iterable[str]) -> list[Piece]:
    found: dict[Piece, None] = {}
    for address in addresses:
        piece = parse_address(address)
        if piece is not None:
            found[piece] = None
        if len(found) == MAX_ADDRESSES:
            break
    return sorted(found, key=_family)


def _family(piece: Piece) -> int:
    return 4 if isinstance(piece, V4Box) else 6


def _masked(piece: Piece, bits: int | None) -> Piece:
    if bits is None:
        return piece
    return piece.masked(bits) if isinstance(piece, V4Box) else unmapped(piece, bits)

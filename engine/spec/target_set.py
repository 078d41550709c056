"""TargetSet: the addresses of a scan, as arithmetic instead of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from msgspec import Struct
from msgspec.structs import replace

from engine.spec.address import MAPPED, Piece, parse_address
from engine.spec.octets import V4Box, arrange
from engine.spec.spans import V6Span, subtract


class TargetSet(Struct, frozen=True):
    """Addresses to scan, each once however often it was named.

    Make one with :meth:`of`, which keeps the pieces disjoint and canonical: the same addresses
    always give the same pieces, IPv4 before IPv6, ascending.

    Attributes:
        pieces: disjoint parts.
        names: (address, host name) for the addresses that came from a name the user typed.
        text: what the user typed, for display; may be empty.
    """

    pieces: tuple[Piece, ...]
    names: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @classmethod
    def empty(cls) -> TargetSet:
        """The set of no addresses."""
        return cls(())

    @classmethod
    def of(
        cls, pieces: Iterable[Piece], names: Iterable[tuple[str, str]] = (), text: str = ""
    ) -> TargetSet:
        """The set of all addresses in ``pieces``, which may overlap.

        IPv4-mapped addresses are left out of wide IPv6 blocks: no IPv6 packet goes to them.
        Raises SpecError when IPv4 patterns overlap in more ways than can be kept apart.
        """
        v4, v6 = _by_family(pieces)
        return cls((*arrange(v4), *subtract(v6, [MAPPED])), tuple(dict(names).items()), text)

    @property
    def count(self) -> int:
        """How many addresses there are; never enumerates them."""
        return sum(piece.count for piece in self.pieces)

    def union(self, other: TargetSet) -> TargetSet:
        """The addresses of either set; of two names for one address this set's wins."""
        names = {**dict(other.names), **dict(self.names)}
        text = f"{self.text} {other.text}".strip()
        return TargetSet.of((*self.pieces, *other.pieces), names.items(), text)

    def minus(self, other: TargetSet) -> TargetSet:
        """The addresses of this set that are not in ``other``; ``text`` stays what was typed."""
        v4, v6 = _by_family(self.pieces)
        holes_v4, holes_v6 = _by_family(other.pieces)
        left = replace(self, pieces=(*arrange(v4, holes_v4), *subtract(v6, holes_v6)), names=())
        if not self.names:
            return left
        named = TargetSet.of(piece for name, _ in self.names if (piece := parse_address(name)))
        kept = set(named.minus(other).addresses(len(self.names)))
        return replace(left, names=tuple(pair for pair in self.names if pair[0] in kept))

    def addresses(self, limit: int) -> Iterator[str]:
        """The first ``limit`` addresses as text, in the order of the pieces."""
        return islice(chain.from_iterable(piece.addresses() for piece in self.pieces), limit)

    def __contains__(self, address: object) -> bool:
        """True when the address written in the text is in the set; False for other text."""
        piece = parse_address(address) if isinstance(address, str) else None
        if isinstance(piece, V4Box):
            return any(isinstance(part, V4Box) and part.holds(piece) for part in self.pieces)
        if isinstance(piece, V6Span):
            return any(isinstance(part, V6Span) and part.holds(piece) for part in self.pieces)
        return False

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def __str__(self) -> str:
        """Target expressions that mean exactly these addresses."""
        return " ".join(map(str, self.pieces))


def _by_family(pieces: Iterable[Piece]) -> tuple[list[V4Box], list[V6Span]]:
    v4: list[V4Box] = []
    v6: list[V6Span] = []
    for piece in pieces:
        if isinstance(piece, V4Box):
            v4.append(piece)
        else:
            v6.append(piece)
    return v4, v6

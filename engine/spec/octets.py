"""IPv4 target sets as products of octets.

``10.0.1,3-4.1-2`` is a product of four sets of octet values, and so is every CIDR block. A set of
values is a 256-bit mask (bit n: the value n is in), so counting, masking and cutting are a few
integer operations whatever the number of addresses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct

from engine.spec.error import SpecError

ALL_VALUES = (1 << 256) - 1
"""The mask of every octet value, 0 to 255."""

Octets = tuple[int, ...]
"""Masks of a box, or of its last one to three octets."""


def value_range(first: int, last: int) -> int:
    """The mask of the octet values ``first`` to ``last``."""
    return ((1 << (last - first + 1)) - 1) << first


def runs(mask: int) -> Iterator[tuple[int, int]]:
    """The stretches (first, last) of neighbouring values in ``mask``, ascending."""
    start = 0
    while mask:
        skip = (mask & -mask).bit_length() - 1
        mask >>= skip
        length = (~mask & (mask + 1)).bit_length() - 1
        yield start + skip, start + skip + length - 1
        mask >>= length
        start += skip + length


def values(mask: int) -> list[int]:
    """The octet values in ``mask``, ascending."""
    return [value for first, last in runs(mask) for value in range(first, last + 1)]


class V4Box(Struct, frozen=True):
    """The IPv4 addresses whose four octets are each in the set of that place.

    Attributes:
        octets: four non-zero 256-bit masks, most significant octet first.
    """

    octets: tuple[int, int, int, int]

    @classmethod
    def single(cls, address: int) -> V4Box:
        """The one address with this 32-bit value."""
        return cls(
            (
                1 << (address >> 24 & 255),
                1 << (address >> 16 & 255),
                1 << (address >> 8 & 255),
                1 << (address & 255),
            )
        )

    @property
    def count(self) -> int:
        """How many addresses the box holds."""
        a, b, c, d = self.octets
        return a.bit_count() * b.bit_count() * c.bit_count() * d.bit_count()

    def masked(self, bits: int) -> V4Box:
        """Every address that shares its first ``bits`` (0 to 32) bits with one of the box."""
        a, b, c, d = (
            _widened(mask, min(max(bits - 8 * place, 0), 8))
            for place, mask in enumerate(self.octets)
        )
        return V4Box((a, b, c, d))

    def holds(self, other: V4Box) -> bool:
        """True when every address of ``other`` is in the box."""
        return all(
            not theirs & ~ours for ours, theirs in zip(self.octets, other.octets, strict=True)
        )

    def addresses(self) -> Iterator[str]:
        """Every address as text, ascending, last octet fastest."""
        a_values, b_values, c_values, d_values = (values(mask) for mask in self.octets)
        for a in a_values:
            for b in b_values:
                for c in c_values:
                    for d in d_values:
                        yield f"{a}.{b}.{c}.{d}"

    def __str__(self) -> str:
        return self._as_network() or ".".join(_pattern(mask) for mask in self.octets)

    def _as_network(self) -> str:
        """``a.b.c.d`` or ``a.b.c.d/bits`` when the box is one address or one CIDR block, or ''."""
        base, bits, inside = [], 0, True
        for mask in self.octets:
            first, size = (mask & -mask).bit_length() - 1, mask.bit_count()
            wanted = value_range(first, first + size - 1) if inside else ALL_VALUES
            if mask != wanted or size & (size - 1) or first % size:
                return ""
            base.append(str(first))
            if inside:
                bits += 9 - size.bit_length()
                inside = size == 1
        return ".".join(base) + ("" if bits == 32 else f"/{bits}")


def _widened(mask: int, bits: int) -> int:
    """``mask`` with every value replaced by the block of values sharing its first ``bits`` bits."""
    if bits == 8:
        return mask
    size = 1 << (8 - bits)
    block = value_range(0, size - 1)
    result = 0
    for start in range(0, 256, size):
        if mask >> start & block:
            result |= block << start
    return result


def _pattern(mask: int) -> str:
    if mask == ALL_VALUES:
        return "*"
    return ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in runs(mask)
    )


def arrange(plus: Iterable[V4Box], minus: Iterable[V4Box] = ()) -> tuple[V4Box, ...]:
    """Disjoint boxes for the addresses in any box of ``plus`` and in none of ``minus``.

    The result is canonical (equal sets give equal boxes) and ascending. The work grows with the
    number of boxes, not of addresses. Raises SpecError when the boxes overlap in so many ways that
    the answer would not be a sensible number of boxes.
    """
    added: set[Octets] = {box.octets for box in plus}
    removed: set[Octets] = {box.octets for box in minus}
    allowance = _Allowance(2_000_000 + 16 * (len(added) + len(removed)))
    return tuple(V4Box((a, b, c, d)) for a, b, c, d in _arranged(added, removed, allowance))


class _Allowance:
    """Steps left before a tangle of overlapping boxes is refused."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise SpecError(
                "targets",
                "these patterns",
                None,
                "overlap in too many ways",
                "write simpler patterns or split them over several scans",
            )


def _arranged(plus: set[Octets], minus: set[Octets], allowance: _Allowance) -> tuple[Octets, ...]:
    """Decide the first octet, then the others for each block of values that are alike.

    Blocks whose remainders come out equal are merged, which makes the result canonical.
    """
    allowance.spend(len(plus) + len(minus))
    if not plus:
        return ()
    if len(next(iter(plus))) == 1:
        mask = _union(plus) & ~_union(minus)
        return ((mask,),) if mask else ()
    merged: dict[tuple[Octets, ...], int] = {}
    for block, added, removed in _blocks(plus, minus):
        rest = _arranged(added, removed, allowance)
        if rest:
            merged[rest] = merged.get(rest, 0) | block
    ordered = sorted(merged.items(), key=lambda item: item[1] & -item[1])
    return tuple((block, *tail) for rest, block in ordered for tail in rest)


def _union(octets: set[Octets]) -> int:
    mask = 0
    for (part,) in octets:
        mask |= part
    return mask


def _blocks(
    plus: set[Octets], minus: set[Octets]
) -> Iterator[tuple[int, set[Octets], set[Octets]]]:
    """Blocks of first-octet values that lie in the same boxes, with the remainders of those."""
    added: defaultdict[int, set[Octets]] = defaultdict(set)
    removed: defaultdict[int, set[Octets]] = defaultdict(set)
    for octets in plus:
        added[octets[0]].add(octets[1:])
    for octets in minus:
        removed[octets[0]].add(octets[1:])
    everything = (ALL_VALUES,) * (len(next(iter(plus))) - 1)
    for block, masks in _alike({*added, *removed}):
        kept: set[Octets] = set().union(*(added.get(mask, ()) for mask in masks))
        cut: set[Octets] = set().union(*(removed.get(mask, ()) for mask in masks))
        if kept and everything not in cut:
            yield block, {everything} if everything in kept else kept, cut


def _alike(masks: set[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The coarsest blocks of values that lie in the same ``masks``, with those masks."""
    whole = size = 0
    for mask in masks:
        whole |= mask
        size += mask.bit_count()
    if size == whole.bit_count():
        yield from ((mask, (mask,)) for mask in masks)
        return
    owners: list[list[int]] = [[] for _ in range(256)]
    for mask in masks:
        for value in values(mask):
            owners[value].append(mask)
    blocks: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for value, owning in enumerate(owners):
        if owning:
            blocks[tuple(owning)] |= 1 << value
    yield from ((block, owning) for owning, block in blocks.items())

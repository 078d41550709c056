"""Random targets (``-iR``), drawn only from a set the user named."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from engine.spec.address import Piece
from engine.spec.error import SpecError
from engine.spec.octets import V4Box, values
from engine.spec.spans import V6Span
from engine.spec.target_set import TargetSet

if TYPE_CHECKING:
    from random import Random

MOST = 65_536
"""Random addresses of one scan."""


def random_targets(number: int, within: TargetSet, seed: int | None) -> TargetSet:
    """``number`` different addresses of ``within``, by ``seed`` (None: always others).

    Raises SpecError when there are not that many.
    """
    from random import Random  # loads hashlib, which takes longer than a short scan

    if number > within.count:
        raise SpecError(
            "-iR", str(number), None, f"is more than the {within.count:,} addresses of --within",
            "ask for fewer, or name a larger set",
        )  # fmt: skip
    places = _draw(number, within.count, Random(seed))
    pieces: list[Piece] = []
    first, waiting = 0, iter(sorted(places))
    place = next(waiting, None)
    for piece in within.pieces:
        while place is not None and place < first + piece.count:
            pieces.append(_address(piece, place - first))
            place = next(waiting, None)
        first += piece.count
    return TargetSet.of(pieces, within.names, f"{number} random of {within.text or within}")


def _draw(number: int, total: int, source: Random) -> set[int]:
    """``number`` different whole numbers below ``total``."""
    if total <= sys.maxsize:
        return set(source.sample(range(total), number))
    places: set[int] = set()
    while len(places) < number:  # of so many that drawing one twice is all but impossible
        places.add(source.randrange(total))
    return places


def _address(piece: Piece, place: int) -> Piece:
    """The address at ``place`` of a piece, counted from 0."""
    if isinstance(piece, V6Span):
        return V6Span(piece.first + place, piece.first + place, piece.scope)
    octets = []
    for mask in reversed(piece.octets):
        place, at = divmod(place, mask.bit_count())
        octets.append(1 << values(mask)[at])
    d, c, b, a = octets
    return V4Box((a, b, c, d))

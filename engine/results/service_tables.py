"""Service names as arrays over all channels, so that sorting and filtering look nothing up row by
row."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.results.pattern import Pattern
from engine.spec.services import registered_names

CHANNELS = 1 << 18
"""A channel is ``protocol << 16 | port``."""


@cache
def service_ranks() -> NDArray[np.int32]:
    """Alphabetical rank of each channel's service name (int32); nameless ports rank last."""
    names = registered_names()
    order = {name: rank for rank, name in enumerate(sorted(set(names.values())))}
    ranks = np.full(CHANNELS, len(order), np.int32)
    for (protocol, port), name in names.items():
        ranks[protocol << 16 | port] = order[name]
    return ranks


@lru_cache(maxsize=16)
def channels_of_services(part: str) -> NDArray[np.bool_]:
    """Which channels have a service name that holds ``part``: bool array over all channels."""
    return _channels_where(lambda name: part in name)


@lru_cache(maxsize=16)
def channels_of_pattern(pattern: Pattern) -> NDArray[np.bool_]:
    """Which channels have a service name the pattern is found in: bool array over all channels."""
    return _channels_where(pattern.found_in)


def _channels_where(fits: Callable[[str], bool]) -> NDArray[np.bool_]:
    chosen = np.zeros(CHANNELS, bool)
    for (protocol, port), name in registered_names().items():
        if fits(name):
            chosen[protocol << 16 | port] = True
    chosen.setflags(write=False)
    return chosen

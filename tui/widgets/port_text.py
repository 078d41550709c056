"""Ports of a scan as short text: ``1-1000``, ``T:22,80 U:53``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.spec.scan_type import Protocol

PIECES = 12
"""Ranges written out per protocol; more are counted instead."""


def port_text(channels: NDArray[np.uint32]) -> str:
    """The ports of ``protocol << 16 | port`` numbers; protocols are named when there are several.

    More than PIECES separate ranges give a count instead: ``1,000 ports``.
    """
    parts = []
    protocols = np.unique(channels >> 16)
    for number in protocols:
        ports = np.unique(channels[channels >> 16 == number] & 0xFFFF).astype(np.int64)
        prefix = f"{Protocol(int(number)).name[0]}:" if len(protocols) > 1 else ""
        parts.append(prefix + _ranges(ports))
    return " ".join(parts)


def _ranges(ports: NDArray[np.int64]) -> str:
    breaks = np.flatnonzero(np.diff(ports) != 1)
    if len(breaks) >= PIECES:
        return f"{len(ports):,} ports"
    firsts = ports[np.concatenate([[0], breaks + 1])]
    lasts = ports[np.concatenate([breaks, [len(ports) - 1]])]
    return ",".join(
        str(first) if first == last else f"{first}-{last}"
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
    )

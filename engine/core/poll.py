"""Poll: what whoever decides about probes answers to the question what may leave now."""

from __future__ import annotations

from msgspec import Struct

from engine.core.batch import ProbeBatch

NO_BOUND = 1 << 30
"""More probes than ever leave at once."""
RETRY_PAUSE = 0.01
"""Seconds before a probe that could not leave is tried again."""


class Poll(Struct, frozen=True):
    """What to send now, and the time of the next poll at the latest."""

    batch: ProbeBatch
    wake_at: float

"""Answers gathered one by one, handed over as one batch."""

from __future__ import annotations

import numpy as np

from engine.core.batch import REPLY, ReplyBatch

DEFAULT_MAX_AGE = 11.0
"""Seconds a probe's answer is awaited: the normal template's longest timeout and one second more
for stragglers."""

Answer = tuple[int, int, int, int, float]
"""``(host, port, attempt, answer code, time in seconds)``."""


class Answers:
    """Collects the answers of one scan type; sockets show neither TTL nor packets."""

    def __init__(self, protocol: int, technique: int) -> None:
        self._protocol = protocol
        self._technique = technique
        self._rows: list[Answer] = []
        self.add = self._rows.append
        self.rejected = 0

    def take(self) -> ReplyBatch:
        """Everything gathered since the last call."""
        records = np.zeros(len(self._rows), REPLY)
        if self._rows:
            columns = zip(*self._rows, strict=True)
            for name, column in zip(
                ("host", "port", "attempt", "answer", "time"), columns, strict=True
            ):
                records[name] = column
            records["protocol"] = self._protocol
            records["technique"] = self._technique
            self._rows.clear()
        rejected, self.rejected = self.rejected, 0
        return ReplyBatch(records, rejected=rejected)

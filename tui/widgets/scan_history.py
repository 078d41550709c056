"""ScanHistory: a scan's figures over the last minutes, sampled by the scan's own clock."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from engine.results.snapshot import Progress

SAMPLE_EVERY = 0.5
"""Seconds of the scan's own time between two samples."""
SAMPLES = 512
HELD = 4
"""Samples missed for which the last one stands; when more are missed, nothing is known of them."""
SERIES = ("sent", "answers", "rtt", "loss")
"""Probes and answers per second, seconds, and a share (0..1)."""
_UNKNOWN = (math.nan,) * len(SERIES)


class ScanHistory:
    """Samples taken from whatever figures come by, so that the same ones always give the same.

    Where nobody looked at the scan for a while there is a gap of NaN. Time that runs backwards
    means that another scan has begun.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, ...]] = deque(maxlen=SAMPLES)
        self._newest = -1

    def note(self, progress: Progress) -> None:
        """Take a sample, if it is time for one."""
        at = int(progress.elapsed / SAMPLE_EVERY)
        if at < self._newest:
            self.clear()
        if at == self._newest:
            return
        if self._samples:
            missed = min(at - self._newest - 1, SAMPLES)
            held = self._samples[-1] if missed <= HELD else _UNKNOWN
            self._samples.extend([held] * missed)
        rtt = math.nan if progress.rtt_median is None else progress.rtt_median
        self._newest = at
        self._samples.append((progress.send_rate, progress.answer_rate, rtt, progress.loss))

    def clear(self) -> None:
        """Forget everything."""
        self._samples.clear()
        self._newest = -1

    def series(self, name: str, most: int) -> Sequence[float]:
        """The last ``most`` samples at most of one of SERIES, oldest first."""
        column, start = SERIES.index(name), max(len(self._samples) - max(most, 0), 0)
        return [sample[column] for sample in list(self._samples)[start:]]

    def span(self, most: int) -> float:
        """Seconds that the last ``most`` samples at most stand for."""
        return min(len(self._samples), most) * SAMPLE_EVERY

"""Epochs: what was sent and answered from one round trip to the next.

The answers of an epoch are to the probes of the one before. Their share is compared with the best
there was: while it stays near that, a higher rate does no harm.
"""

from __future__ import annotations

from msgspec import Struct

from engine.core.experiment import FlowRecord

_SHORTEST = 0.004
"""Seconds an epoch lasts at least, over which answers are compared with probes."""
_HEALTHY = 0.7
"""Share of the best answer ratio seen below which answers are missing."""
_FADING = 0.98
"""What the best is worth an epoch later."""


class Epoch(Struct, frozen=True):
    """One that has ended: its ``length`` in seconds, the probes ``sent``, and whether the answers
    are as many as the best epoch promised (``healthy``)."""

    length: float
    sent: int
    healthy: bool


class Epochs:
    """Counts of one pace. Times in seconds.

    Attributes:
        best_share: answers per probe when it went best, lately; 0 before the first answer.
        flows: what was sent and answered in each of the last epochs.
    """

    def __init__(self) -> None:
        self._begun = 0.0
        self._sent = self._answered = self._sent_before = 0
        self.best_share = 0.0
        self.flows = FlowRecord(_SHORTEST)

    def begin(self, now: float) -> None:
        """The first one begins."""
        self._begun = now

    def note_sent(self, count: int) -> None:
        """Probes left."""
        self._sent += count

    def note_answers(self, count: int) -> None:
        """Answers came."""
        self._answered += count

    def end(self, now: float, round_trip: float) -> Epoch | None:
        """The epoch that ends now; None while it goes on."""
        length = now - self._begun
        if length < max(_SHORTEST, round_trip):
            return None
        epoch = Epoch(length, self._sent, self._healthy())
        self.flows.note(now, self._sent, self._answered)
        self._begun, self._sent_before = now, self._sent
        self._sent = self._answered = 0
        return epoch

    def _healthy(self) -> bool:
        if not self._sent_before or not self._answered:
            return self._answered > 0
        share = min(self._answered / self._sent_before, 1.0)
        best = self.best_share
        self.best_share = max(best * _FADING, share)
        return share >= _HEALTHY * best

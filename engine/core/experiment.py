"""Experiments with the rate: does it help to go slower?

Both loss and a full queue let answers go missing. At half the rate, a path that loses an even share
still loses that share; a queue, or a ration of answers, lets as many through as before, which is a
larger share of what was sent.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

_LEAST_WATCHED = 0.1
_REMEMBERED = 512
"""Epochs of which is known what was sent and answered."""


class Flow(Struct, frozen=True):
    """Probes and answers per second over some time."""

    sent: float
    answered: float

    @property
    def share(self) -> float:
        """Answers per probe."""
        return self.answered / self.sent if self.sent else 0.0


class FlowRecord:
    """What was sent and answered in each of the last epochs. Times in seconds."""

    def __init__(self, shortest: float) -> None:
        """``shortest``: seconds of the shortest epoch."""
        self._shortest = shortest
        self._epochs: deque[tuple[float, int, int]] = deque(maxlen=_REMEMBERED)

    def note(self, now: float, sent: int, answered: int) -> None:
        """An epoch has ended."""
        self._epochs.append((now, sent, answered))

    def between(self, since: float, now: float) -> Flow:
        """What was sent and answered in epochs that ended after ``since``, the last of them now."""
        epochs = [(sent, answered) for at, sent, answered in self._epochs if at > since]
        span = max(now - since, self._shortest)
        return Flow(sum(s for s, _ in epochs) / span, sum(a for _, a in epochs) / span)


class Experiment(Struct, frozen=True):
    """What was before the rate was lowered: the ``rate`` in probes per second, the share of copies
    lost, the flow; from when on what comes belongs to the lower rate; and for how many seconds that
    is watched at least (``feedback``)."""

    rate: float
    loss: float
    before: Flow
    measure_from: float
    feedback: float

    @property
    def judged_from(self) -> float:
        """When enough may have been seen."""
        return self.measure_from + max(self.feedback, _LEAST_WATCHED)

    def helped(self, flow: Flow, part: float) -> bool:
        """Whether the share of answers grew by at least this ``part`` of what a full queue would
        make it grow, at the flow of now."""
        slower = self.before.sent / flow.sent if flow.sent else 1.0
        return flow.share > self.before.share * (1 + part * (slower - 1))

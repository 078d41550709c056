"""Proof: whether the silence of a host's ports was evidence, or its path could not carry more.

Among the copies sent to ports that keep silent travel questions to ports known to answer, at the
same rate, through the same queues (engine.core.sentinels). If all of them are answered, so would
the others have been. If some are missing, either the path loses them whatever the speed, and more
copies are worth something; or a queue was full, and none of these copies was. The next copies tell:
they leave more slowly.

- The questions are all answered now, or more of them than chance explains (a likelihood-ratio test
  of two shares): it was the speed. Copies count from here on.
- As many are missing as before, and a queue would have let more pass: it is the path. This loss is
  expected from now on, and what was sent before counts.
- Neither is sure: more slowly still.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SURE = 2.5
"""Logarithm of the likelihood ratio from which on one explanation is taken for the right one."""
_STRAY = 0.01
"""Loss where a queue is not full."""
_ROUGHLY = 1.2
"""Times its loss that a path may seem to lose, as few questions tell of it."""
_UNLIKELY = 0.01
"""Probability below which chance does not explain that so many are missing."""
_STEP = 0.3
"""Factor by which the rate is lowered: far enough that a queue shows. Where that is known, to what
passed the last time, ..."""
_CAUTION = 0.9
"""... a little less, ..."""
_LEAST_STEP = 0.75
"""... and this at least."""
_SLACK = 0.6
"""Share of what a queue should let pass at a lower rate that it lets pass at least, packets being
uneven."""
_SLOWEST = 40.0
"""Questions and probes per second below which a scan never ends."""
_MOST_ROUNDS = 24


@dataclass(frozen=True, slots=True)
class Outcome:
    """Questions that left at ``rate`` probes per second, the others between them included."""

    rate: float
    asked: int
    missing: int

    @property
    def share(self) -> float:
        """Share of the questions that got no answer."""
        return self.missing / self.asked if self.asked else 0.0


class Proof:
    """What one host's questions have shown.

    Attributes:
        rate: probes per second at which silence is asked for next; infinity for any.
        holds: silence was evidence the last time.
        speed: answers went missing because of speed; only ``valid`` rounds are evidence.
        loss: share of copies that the path loses at any speed.
    """

    def __init__(self, loss: float = 0.0, copies: Outcome | None = None) -> None:
        """``loss``: share that was shown elsewhere to get lost at any speed. ``copies``: how many
        copies were lost to ports that answered, if that may be the speed's doing."""
        self.rate = math.inf
        self.holds = False
        self.speed = False
        self.valid = 0
        self.loss = loss
        self._rounds = 0
        self._copies = copies
        self._unexplained: Outcome | None = None
        self._last: Outcome | None = None
        self._asked = self._missing = 0

    @property
    def exhausted(self) -> bool:
        """Whether so much was tried that silence is to be believed."""
        return self._rounds >= _MOST_ROUNDS

    def judge(self, outcome: Outcome) -> None:
        """Take in what came of a round."""
        self._rounds += 1
        before, self._unexplained = self._unexplained, None
        fewer = before is not None and _fewer(before, outcome)
        self.speed |= fewer
        if before is not None and not fewer and _no_queue(before, outcome):
            last = self._last or before
            self.loss = _pooled(last, outcome)
            outcome = Outcome(last.rate, outcome.asked, outcome.missing)
        self.holds = explains(_ROUGHLY * self.loss, outcome) or outcome.rate <= _SLOWEST
        if self._copies is not None:
            self.speed |= self.holds and _fewer(self._copies, outcome)
        self._last = None if self.holds else outcome
        if self.holds:
            self.rate = outcome.rate if math.isinf(self.rate) else max(self.rate, outcome.rate)
            self.valid += 1
            self._note_loss(outcome)
            return
        if not self.loss:
            self.valid = 0  # where packets get lost, it may have been chance
        if before is None or fewer:
            self._unexplained = outcome
        elif before.rate <= outcome.rate:
            asked, missing = before.asked + outcome.asked, before.missing + outcome.missing
            self._unexplained = Outcome(outcome.rate, asked, missing)
        else:
            self._unexplained = before
        passed = min((1 - outcome.share) * _CAUTION, _LEAST_STEP)
        step = max(passed, _STEP) if fewer else _STEP
        self.rate = max(outcome.rate * step, _SLOWEST)

    def _note_loss(self, outcome: Outcome) -> None:
        """Know the path's loss better, where it loses any."""
        if self.loss:
            self._asked, self._missing = (
                self._asked + outcome.asked,
                self._missing + outcome.missing,
            )
            self.loss = max(self.loss, self._missing / self._asked)


def explains(loss: float, outcome: Outcome) -> bool:
    """Whether a path that loses a share ``loss`` of the copies explains what is missing."""
    if not outcome.missing:
        return True
    if loss <= 0.0:
        return False
    fewer = sum(
        math.comb(outcome.asked, count) * loss**count * (1 - loss) ** (outcome.asked - count)
        for count in range(outcome.missing)
    )
    return 1.0 - fewer > _UNLIKELY


def _likelihood(outcome: Outcome, share: float) -> float:
    """Logarithm of the probability of the outcome where this share is lost."""
    lost = min(max(share, 1e-9), 1 - 1e-9)
    answered = outcome.asked - outcome.missing
    return outcome.missing * math.log(lost) + answered * math.log(1 - lost)


def _pooled(one: Outcome, other: Outcome) -> float:
    return (one.missing + other.missing) / (one.asked + other.asked)


def _fewer(before: Outcome, now: Outcome) -> bool:
    """Whether clearly less was lost than before."""
    pooled = _pooled(before, now)
    apart = _likelihood(before, before.share) + _likelihood(now, now.share)
    together = _likelihood(before, pooled) + _likelihood(now, pooled)
    return now.share < before.share and apart - together > _SURE


def _no_queue(before: Outcome, now: Outcome) -> bool:
    """Whether a queue that was full before would have let clearly more pass. How much it let pass
    before is uncertain as well, so the most likely share is looked for."""
    pooled = _pooled(before, now)
    more = max(_SLACK * before.rate / now.rate, 1.0)
    queue = max(
        _likelihood(before, 1 - passed) + _likelihood(now, max(1 - passed * more, _STRAY))
        for passed in _SHARES
    )
    return _likelihood(before, pooled) + _likelihood(now, pooled) - queue > _SURE


_SHARES = tuple(step / 64 for step in range(1, 64))

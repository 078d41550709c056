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

from msgspec import Struct
from msgspec.structs import replace

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
_FASTER = 2.0
"""Factor by which it is raised while all is well on a lossy path."""
_SLACK = 0.6
"""Share of what a queue should let pass at a lower rate that it lets pass at least, packets being
uneven."""
_SLOWEST = 40.0
"""Questions and probes per second below which a scan never ends."""
_MOST_ROUNDS = 24


class Outcome(Struct, frozen=True):
    """Questions that left at ``rate`` probes per second, the others between them included."""

    rate: float
    asked: int
    missing: int

    @property
    def share(self) -> float:
        """Share of the questions that got no answer."""
        return self.missing / self.asked if self.asked else 0.0

    def with_more(self, other: Outcome) -> Outcome:
        """The questions of both, at the rate of these."""
        return Outcome(self.rate, self.asked + other.asked, self.missing + other.missing)


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
        self._failed: list[Outcome] = []
        self._answered = Outcome(0.0, 0, 0)

    @property
    def exhausted(self) -> bool:
        """Whether so much was tried that silence is to be believed."""
        return self._rounds >= _MOST_ROUNDS

    def judge(self, outcome: Outcome) -> None:
        """Take in what came of a round."""
        self._rounds += 1
        before = self._unexplained
        helped = before is not None and fewer(before, outcome)
        self.speed |= helped
        if before is not None and not helped and _no_queue(before, outcome):
            self.loss = outcome.with_more(self._failed[-1]).share
            outcome = replace(outcome, rate=before.rate)
        elif outcome.rate <= _SLOWEST:
            self.loss = max(self.loss, outcome.share)
        self.holds = self._explains(outcome)
        if self.holds:
            self._go_on(outcome)
        else:
            self._slow_down(outcome, helped)

    def _explains(self, outcome: Outcome) -> bool:
        return explains(_ROUGHLY * self.loss, outcome)

    def _go_on(self, outcome: Outcome) -> None:
        """Silence was evidence. Where the path loses packets as well, several such rounds are
        needed; so that they take no longer than they must, the rate is raised again, and what was
        taken for the speed's doing is looked at in the light of the loss known by now."""
        self.valid += 1
        self._unexplained = None
        rate = outcome.rate if math.isinf(self.rate) else max(self.rate, outcome.rate)
        if self._copies is not None:
            self.speed |= fewer(self._copies, outcome)
        if self.loss:
            self._answered = outcome.with_more(self._answered)
            self.loss = max(self.loss, self._answered.share)
            too_fast = [failed.rate for failed in self._failed if not explains(self.loss, failed)]
            self.speed &= bool(too_fast)
            rate = max(rate, min(rate * _FASTER, min(too_fast, default=rate) * _LEAST_STEP))
        self.rate = rate

    def _slow_down(self, outcome: Outcome, helped: bool) -> None:
        """It was not."""
        if not self.loss:
            self.valid = 0  # where packets get lost, it may have been chance
        self._failed.append(outcome)
        before = self._unexplained
        if before is None or helped:
            self._unexplained = outcome
        elif before.rate <= outcome.rate:
            self._unexplained = outcome.with_more(before)
        passed = min((1 - outcome.share) * _CAUTION, _LEAST_STEP)
        step = max(passed, _STEP) if helped else _STEP
        self.rate = max(outcome.rate * step, _SLOWEST)


def explains(loss: float, outcome: Outcome) -> bool:
    """Whether a path that loses a share ``loss`` of the copies explains what is missing."""
    if not outcome.missing:
        return True
    if loss <= 0.0:
        return False
    less = sum(
        math.comb(outcome.asked, count) * loss**count * (1 - loss) ** (outcome.asked - count)
        for count in range(outcome.missing)
    )
    return 1.0 - less > _UNLIKELY


def _likelihood(outcome: Outcome, share: float) -> float:
    """Logarithm of the probability of the outcome where this share is lost."""
    lost = min(max(share, 1e-9), 1 - 1e-9)
    answered = outcome.asked - outcome.missing
    return outcome.missing * math.log(lost) + answered * math.log(1 - lost)


def fewer(before: Outcome, now: Outcome) -> bool:
    """Whether clearly less was lost than before."""
    pooled = before.with_more(now).share
    apart = _likelihood(before, before.share) + _likelihood(now, now.share)
    together = _likelihood(before, pooled) + _likelihood(now, pooled)
    return now.share < before.share and apart - together > _SURE


def _no_queue(before: Outcome, now: Outcome) -> bool:
    """Whether a queue that was full before would have let clearly more pass. How much it let pass
    before is uncertain as well, so the most likely share is looked for."""
    pooled = before.with_more(now).share
    more = max(_SLACK * before.rate / now.rate, 1.0)
    queue = max(
        _likelihood(before, 1 - passed) + _likelihood(now, max(1 - passed * more, _STRAY))
        for passed in _SHARES
    )
    return _likelihood(before, pooled) + _likelihood(now, pooled) - queue > _SURE


_SHARES = tuple(step / 64 for step in range(1, 64))

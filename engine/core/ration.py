"""Ration: how fast a host that rations its answers may be asked.

Linux sends one ICMP error per second to a destination, after a reserve of six
(net.ipv4.icmp_ratelimit, a token bucket in net/ipv4/route.c and inetpeer.c); BSD 200 a second
(net.inet.icmp.icmplim, RSTs included); a firewall whatever its rule says. All of them are buckets:
an answer costs a token, tokens come at a steady rate, and a probe that finds none gets no answer.

So the bucket is modelled, and a question costs a token here as well. Where several questions in a
row get no answer, the target has spent no token meanwhile: its bucket is full again, and from then
on each unanswered question is given its token back, until the next answer. So a host whose ports
answer is asked exactly at its ration, and ports that never answer cost little time; never more
questions are out than a full bucket answers.

The rate is found by climbing: while answers follow the rate it is raised, by half again and then by
a quarter, and taken back when they do not. Asking too fast loses no time (tokens are spent as they
come) and no verdict (see engine.core.rounds), only probes.
"""

from __future__ import annotations

from msgspec import Struct

from engine.core.bucket import Bucket
from engine.spec.timing import TimingTemplate

LEAST_RATE = 0.95
"""Questions per second to begin with: what Linux answers by default, and a little less."""
_RESERVE = 5.0
"""Tokens the target's bucket is taken to hold when it is full; Linux's holds six."""
_STEPS = (2.0, 1.25)
"""Factors the rate grows by, the next one after each time that answers did not follow."""
_ENOUGH = 4
"""Answers needed to say whether they follow the rate."""
_FOLLOWS = 0.85
_LONGEST_LOOK = 60.0
"""Seconds after which a look at the answers begins anew."""


class _Look(Struct):
    """Answers counted since a time."""

    since: float
    answers: int = 0


class Ration:
    """A bucket of questions for one host. Times in seconds, rates per second.

    Attributes:
        changed_at: since when questions are asked in this way.
    """

    uncertain = False

    def __init__(
        self, now: float, rate: float = LEAST_RATE, *, wait: float = 0.0, climbing: bool = True
    ) -> None:
        """``wait``: seconds before the first question. Without ``climbing`` the rate stays."""
        self._rate = rate
        self._climbing = climbing
        self._reserve = max(_RESERVE, rate * 0.05)
        self._bucket = Bucket(now + wait, 0.0 if climbing else 1.0)
        self._streak = 0
        self._step = 0
        self._raised = False
        self._look = _Look(now + wait)
        self.changed_at = now

    @property
    def rate(self) -> float:
        """Questions per second that are answered."""
        return self._rate

    def allowance(self, now: float) -> int:
        """How many questions may be asked now."""
        return self._bucket.fill(now, self._rate, self._reserve)

    def next_allowed(self, now: float, waiting: int) -> float:
        """When the next question may be asked."""
        return self._bucket.holds(1.0, now, self._rate)

    def note_sent(self, count: int) -> None:
        """``count`` questions were asked."""
        self._bucket.take(count)

    def note_silence(self, count: int) -> None:
        """``count`` questions got no answer."""
        self._streak += count
        if self._streak > _RESERVE:
            self._bucket.give_back(count, self._reserve)

    def note_answers(self, now: float, count: int, told: int, lost: int) -> None:
        """``count`` questions were answered."""
        self._streak = 0
        self._look.answers += count
        span = now - self._look.since
        if not self._climbing or self._look.answers < _ENOUGH:
            return
        follows = self._look.answers >= _FOLLOWS * self._rate * span
        if follows:
            self._rate *= _STEPS[self._step]
        elif self._raised:
            self._rate /= _STEPS[self._step]
            self._step += 1
            self._climbing = self._step < len(_STEPS)
        self._raised = follows
        self._look = _Look(now)

    def set_timing(self, timing: TimingTemplate) -> None:
        """A ration is the target's; only a least rate asked for by the user goes before it."""
        self._rate = max(self._rate, timing.min_rate)

    def tick(self, now: float, round_trip: float | None, timeout: float) -> None:
        """Forget answers of long ago."""
        if now - self._look.since > _LONGEST_LOOK:
            self._look = _Look(now)
            self._raised = False

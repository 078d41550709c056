"""Pace: how fast probes may leave.

A rate, not a window. It starts at the template's rate and doubles every round trip while ports
keep answering. Lost answers alone do not slow it down: first an experiment finds out whether loss
depends on speed (BBR's question, not Reno's). At half the speed, either the share of probes that
get an answer stays, then the loss is the path's own and the old rate returns; or the share grows
because as many answers arrive as before, then a queue or a rate limit is full, and the rate follows
what arrives, and grows back slowly. A step down that did not help shows what the path loses
besides. A path without answers is never sent more than the start rate: nothing is known about it.

Loss is only counted against the rate at which the lost copy was sent (``changed_at``); otherwise
the losses of a fast past would slow down a present that loses nothing.
"""

from __future__ import annotations

from engine.core.bucket import Bucket
from engine.core.epochs import Epoch, Epochs
from engine.core.experiment import Experiment, Flow
from engine.core.loss import LossEstimate
from engine.spec.timing import TimingTemplate

CEILING = 2_000_000.0
"""Probes per second no path here can carry; a bound for arithmetic."""
FLOOR = 20.0
"""Probes per second below which a scan never ends; loss alone does not push the rate lower."""
CREDIBLE = 0.4
"""Loss of a path that an experiment proves where few ports answer."""
_SEVERAL = 4.0
_BUSY = 0.5
"""Share of the rate that must have been sent to say that it may grow."""
_MOSTLY = 0.55
_TOLERATED = 0.02
_SAMPLES = 48
"""Answers needed to judge a loss."""
_LEAST_TRIED = 200.0
"""Probes per second that an experiment tries at least: a scan that asks little would never
end it."""
_GROWTH = 1.08
_FORESEEN = 4.0
"""Factor by which a rate that doubles is expected to grow yet."""
_CAUTION = 0.9
_HALFWAY, _SLIGHTLY = 0.5, 0.25
"""How far the share of answers must rise towards what a full queue would let it rise to: at half
the rate, and at one near what arrives, which may be below what the queue carries."""
_STEEPEST = 0.3
"""The rate is not cut to less than this share at once."""
_MEMORABLE = 2.0
"""Seconds over which the share of answers is taken, where few are expected."""
_VOUCHING = 0.05
"""Share of probes that must be answered there for a rate far above the start rate."""
_MOST_BURST = 8_192


class Pace:
    """The rate of a scan, in probes per second. Times in seconds on the transport's clock.

    Attributes:
        speed_dependent: answers went missing because of speed; the rate follows what arrives.
        changed_at: since when the rate has not been lowered or restored.
        grown_at: since when it has not doubled in one epoch after the other.
    """

    def __init__(
        self, timing: TimingTemplate, *, unheard: float = 1.0, start: float = 1.0, now: float = 0.0
    ) -> None:
        """``unheard``: how many times the start rate is used where hardly anything answers. More
        than 1 suits a sweep of many hosts, most of which are not there to answer. ``start``: the
        share of the start rate to begin with, for one host that is known to be slow."""
        self._start = start
        self._unheard = unheard
        self._doubling = True
        self._trial: Experiment | None = None
        self._cut: Experiment | None = None
        self._window = LossEstimate(memory=2_000.0)
        self._loss_of_all = 1.0
        self._accepted_loss = 0.0
        self._bucket = Bucket()
        self._epochs = Epochs()
        self._flows = self._epochs.flows
        self._steady_until = 0.0
        self._suspected_at: float | None = None
        self.speed_dependent = False
        self.changed_at = self.grown_at = now
        self._doublings = 0
        self._timing = timing
        self._rate = self._bounded(timing.start_rate * start)

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move to another template's bounds, at once. A rate that has grown beyond the new start
        rate stays, and so does one that was found to be what the path carries."""
        self._timing = timing
        start = timing.start_rate * self._start
        grown = self._trial.rate if self._trial else self._rate
        self._rate = self._bounded(grown if self.speed_dependent else max(grown, start))
        self._doubling = not self.speed_dependent
        self._trial = self._cut = None
        self._bucket.limit(self._burst)

    @property
    def rate(self) -> float:
        """Probes per second allowed now."""
        return self._rate

    @property
    def parallelism(self) -> int:
        """Most probes in flight; 0 for no bound."""
        return self._timing.max_parallelism

    @property
    def uncertain(self) -> bool:
        """True while silence may be the speed's doing: known to be, or being tried out."""
        return self.speed_dependent or self._trial is not None

    @property
    def growing(self) -> bool:
        """True while the rate doubles in every epoch. One that doubled once may have had a lucky
        moment."""
        return self._doublings > 1

    @property
    def expected(self) -> float:
        """Probes per second soon: nobody knows where growth will end, so not long from now."""
        return self._bounded(self._rate * _FORESEEN) if self.growing else self._rate

    @property
    def answered_before(self) -> float:
        """Answers per second before the experiment that is under way; 0 without one. However it
        ends, as many will come again."""
        return self._trial.before.answered if self._trial is not None else 0.0

    def experiment_left(self, now: float) -> float:
        """Seconds that the experiment under way takes at least; 0 without one."""
        return max(self._trial.judged_from - now, 0.0) if self._trial is not None else 0.0

    @property
    def explained(self) -> bool:
        """True when an experiment has shown that answers go missing at any speed, and none that
        they do because of it."""
        return self.known_loss > 0.0

    @property
    def known_loss(self) -> float:
        """Share of the copies, 0..1, that experiments have shown to get lost at any speed."""
        return 0.0 if self.speed_dependent else self._accepted_loss

    @property
    def explains(self) -> bool:
        """True when it has, and such a loss is credible. An experiment compares shares of all
        probes, which says little where most ports are silent; where most answers are missing a full
        queue is the likelier cause."""
        return 0.0 < self.known_loss <= CREDIBLE

    @property
    def mostly_answered(self) -> bool:
        """True where most probes were answered when it went best: then answers tell whether the
        speed is right."""
        return self._epochs.best_share >= _MOSTLY

    @property
    def limit(self) -> str:
        """What holds the rate, in plain words; empty while it may still grow."""
        timing = self._timing
        if timing.scan_delay and self._rate >= 1 / timing.scan_delay * 0.99:
            return f"T{timing.number} waits {timing.scan_delay:g} s between probes"
        if timing.max_rate and self._rate >= timing.max_rate * 0.99:
            return f"rate capped at {timing.max_rate:,.10g}/s"
        if self._trial is not None:
            return f"answers go missing ({self._trial.loss:.0%}); trying whether slower helps"
        if self.speed_dependent:
            return "faster than this, answers go missing"
        if self._accepted_loss > _TOLERATED:
            return f"the path loses {self._accepted_loss:.0%}, whatever the speed"
        if self._epochs.best_share == 0.0:
            return f"no answers yet, so no faster than {self._rate:,.0f}/s"
        return ""

    @property
    def _burst(self) -> float:
        if self._timing.scan_delay:
            return 1.0
        return max(1.0, min(self._rate * 0.02, _MOST_BURST))

    def _bounded(self, rate: float) -> float:
        timing = self._timing
        high = min(timing.max_rate or CEILING, CEILING)
        if timing.scan_delay:
            high = min(high, 1.0 / timing.scan_delay)
        low = max(timing.min_rate, min(FLOOR, high))
        return max(min(rate, high), low)

    def allowance(self, now: float) -> int:
        """How many probes may leave now."""
        if not self._bucket.begun:
            self._epochs.begin(now)
        return self._bucket.fill(now, self._rate, self._burst)

    def next_allowed(self, now: float, waiting: int) -> float:
        """When the next of ``waiting`` probes may leave, or at high rates a worthwhile handful."""
        wanted = 1.0 if self._rate < 500 else min(32.0, self._burst, waiting)
        return self._bucket.holds(wanted, now, self._rate)

    def note_sent(self, count: int, apart: int = 0) -> None:
        """``count`` probes left, and ``apart`` more to hosts whose answers are not this pace's."""
        self._bucket.take(count + apart)
        self._epochs.note_sent(count)

    def note_silence(self, count: int) -> None:
        """Probes' time is up. Answers to later copies will say whether that means anything."""

    def note_pressure(self, now: float) -> None:
        """Our own machine could not send as fast as this: slow down."""
        if now >= self._steady_until:
            self._slow_down(now, self._rate / 2, pause=0.1)
            self._doubling = False

    def note_answers(self, now: float, count: int, told: int, lost: int) -> None:
        """``count`` answers arrived. ``told`` of them tell of the loss at this rate: ``lost`` of
        them came after a copy that was lost at it."""
        self._epochs.note_answers(count)
        if self._trial is None or now >= self._trial.measure_from:
            self._window.note(told, lost)

    def tick(
        self, now: float, round_trip: float | None, timeout: float, loss_of_all: float = 1.0
    ) -> None:
        """Look at the epoch that ended, if one did, and adapt. An epoch is a round trip.

        ``loss_of_all``: the share of all copies that was lost, once all first copies have left.
        What is answered then was lost before, so the last answers alone would tell of a path that
        loses everything.
        """
        self._loss_of_all = 1.0 if self.speed_dependent else loss_of_all
        epoch = self._epochs.end(now, round_trip or 0.0)
        if epoch is None:
            return
        before = self._rate
        feedback = timeout + 2 * (round_trip or 0.0)
        if self._trial is not None:
            self._judge(now, feedback)
        elif self._window.samples >= _SAMPLES and self._suspicious():
            self._answer_loss(now, feedback)
        else:
            self._suspected_at = None
            if self._may_grow(now, epoch):
                several = epoch.length >= _SEVERAL * (round_trip or epoch.length)
                self._grow(now, feedback, several)
        self._doublings = self._doublings + 1 if self._rate >= 2 * before else 0
        if self.growing:
            self.grown_at = now

    def _may_grow(self, now: float, epoch: Epoch) -> bool:
        """Whether the rate was made use of, and answers allow a higher one. Where few are expected,
        a moderate one needs none, and a lucky few do not vouch for more."""
        if epoch.sent < _BUSY * self._rate * epoch.length:
            return False
        if self._unheard == 1.0:
            return epoch.healthy
        start = self._timing.start_rate
        if start < self._rate * 2 <= start * self._unheard:
            return True
        return epoch.healthy and self._flows.between(now - _MEMORABLE, now).share >= _VOUCHING

    def _grow(self, now: float, feedback: float, several: bool) -> None:
        """``several``: the epoch lasted for several round trips, in which it could have doubled
        more than once."""
        if self._doubling:
            self._rate = self._bounded(self._rate * (4 if several else 2))
        elif now >= self._steady_until:
            self._rate = self._bounded(self._rate * _GROWTH)
            self._steady_until = now + feedback

    @property
    def _loss(self) -> float:
        return min(self._window.share, self._loss_of_all)

    def _suspicious(self) -> bool:
        return self._loss > _TOLERATED + 1.5 * min(self._accepted_loss, 0.5)

    def _answer_loss(self, now: float, feedback: float) -> None:
        """Loss at this speed: try half of it, or follow the loss down where speed is known to be
        the cause."""
        if self._suspected_at is None:
            self._suspected_at = now
        if now < self._suspected_at + feedback:
            return
        if not self.speed_dependent:
            flow = self._flows.between(self._suspected_at, now)
            self._trial = Experiment(self._rate, self._loss, flow, now + feedback, feedback)
            least = min(_LEAST_TRIED, self._rate)
            self._slow_down(now, max(min(self._rate, flow.sent) / 2, least), feedback)
        elif now >= self._steady_until:
            self._follow(now, self._flows.between(self._suspected_at, now), feedback)

    def _follow(self, now: float, flow: Flow, feedback: float) -> None:
        """Go down to what arrives; unless the last time, from a rate still higher, did not help.
        Then the path loses that much at any speed."""
        cut, loss = self._cut, self._loss
        if cut is not None and flow.sent < cut.before.sent and not cut.helped(flow, _SLIGHTLY):
            self._accepted_loss = loss
            self._rate = self._bounded(cut.rate)
            self._cut = None
            self._settle(now)
            return
        kept = max(1 - loss, _STEEPEST) / (1 - min(self._accepted_loss, loss, 0.5))
        arriving = max(min(self._rate, flow.sent) * kept, flow.answered) * _CAUTION
        least = min(_LEAST_TRIED, self._rate)
        step = Experiment(self._rate, loss, flow, now + feedback, feedback)
        self._slow_down(now, max(arriving, least / 2), feedback)
        self._cut = step

    def _slow_down(self, now: float, rate: float, pause: float) -> None:
        self._rate = self._bounded(rate)
        self._bucket.limit(self._burst)
        self._steady_until = now + pause
        self._cut = None
        self._settle(now)

    def _settle(self, now: float) -> None:
        """Nothing is known yet of the rate that holds from now on."""
        self.changed_at = now
        self._suspected_at = None
        self._window.reset()

    def _judge(self, now: float, feedback: float) -> None:
        """End the experiment when it has seen enough."""
        trial = self._trial
        if trial is None or now < trial.judged_from:
            return
        if self._window.samples < _SAMPLES and now < trial.measure_from + 4 * feedback:
            return
        self._trial = None
        if trial.helped(self._flows.between(trial.measure_from, now), _HALFWAY):
            self._doubling = False
            self.speed_dependent = True
            return
        self._accepted_loss = max(self._loss, trial.loss)
        self._rate = self._bounded(trial.rate)
        self._doubling = True
        self._settle(now)

    def acquit(self, now: float) -> None:
        """The answers that went missing were one host's doing, which has a pace of its own now."""
        if self._trial is not None or self.speed_dependent:
            known = self._trial.rate if self._trial else self._rate
            self._rate = self._bounded(max(known, self._timing.start_rate * self._start))
            self._trial = None
            self._doubling = True
            self.speed_dependent = False
            self._cut = None
            self.changed_at = now
        self._suspected_at = None
        self._window.reset()

    def describe(self) -> str:
        """The rate in words."""
        return f"{self._rate:,.0f} probes/s" if self._rate >= 1 else f"{self._rate:.3f} probes/s"

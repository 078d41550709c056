"""Forecast of a sweep: when discovery will be over.

Silent hosts take the time: every one gets all its pings, and again as often as the loss of the path
asks for, a timeout apart. How many hosts are silent is told by those asked so far. After the last
ping late answers are listened for.
"""

from __future__ import annotations

from msgspec import Struct

from engine.core.meter import Meter
from engine.discovery.core import DiscoveryCore
from engine.spec.timing import TimingTemplate

_TELLING = 48
"""Pings in about the last second that make their rate worth believing."""


class SweepLeft(Struct, frozen=True):
    """Seconds until the last host is ``asked`` for the first time and until the sweep is ``over``,
    how many ``pings`` it still takes, and how many ``hosts`` that are not asked yet are expected
    up."""

    asked: float
    over: float
    pings: float
    hosts: float


class SweepForecast:
    """Measures one discovery. Times in seconds on the scan's clock."""

    def __init__(self, core: DiscoveryCore) -> None:
        self._core = core
        self._meter = Meter()
        self._asked_at = 0.0

    def note(self, now: float, beyond: int) -> None:
        """Take in the totals at ``now``. ``beyond``: hosts that the core has not got yet."""
        self._meter.note(now, self._core.sent_total, 0, 0)
        if beyond or self._core.queue.unasked:
            self._asked_at = now

    def left(self, now: float, timing: TimingTemplate, given: int, beyond: int) -> SweepLeft:
        """What is left to do. ``given``: hosts that the core has got, ``beyond``: those it has
        not."""
        core = self._core
        if not core.open_hosts and not beyond:
            over = 0.0 if core.finished(now) else max(float(core.watch.last_listen()) - now, 0.0)
            return SweepLeft(0.0, over, 0.0, 0.0)
        unasked = core.queue.unasked + beyond
        asked = max(given - core.queue.unasked, 1)
        pings = max(core.sent_total - core.resent_total, 1) / asked
        up = min(core.answered_total / asked, 1.0)
        copies = core.loss.copies(timing.max_retries)
        again = pings * (1 - up) * (copies - 1)
        rate = self._rate(now)
        first = unasked * (pings + again) / rate
        flying = max(core.open_hosts - core.queue.unasked, 0)
        more = max(flying * again / 2, core.queue.waiting - core.queue.unasked)
        timeout, listens = core.watch.longest
        asked_at = now + first if unasked else self._asked_at
        last = asked_at + (copies - 1) * timeout
        if now < last or core.queue.waiting:
            last = max(last, now + first + more / rate)
        else:
            more, last = 0.0, core.watch.last_ping
        over = max(last + max(timeout, listens) - now, 0.0)
        return SweepLeft(first, over, unasked * (pings + again) + more, unasked * up)

    def _rate(self, now: float) -> float:
        """Pings per second from now on."""
        rate = self._core.pace.rate
        measured = self._meter.rates(now, self._core.sent_total, 0, 0)[0]
        enough = self._core.queue.waiting and measured >= _TELLING
        return max(min(rate, measured) if enough else rate, 1e-6)

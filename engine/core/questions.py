"""Questions: what one host was asked beside its ports' probes, and what came of it.

They go to ports known to answer (engine.core.sentinels). A question is no copy of a probe: the
port's state is known already.
"""

from __future__ import annotations

import math

from msgspec import Struct, field

from engine.core.batch import ProbeBatch, empty_probes
from engine.core.proof import Outcome, fewer

FIRST_QUESTION = 4
"""Copies from this on may be questions: source ports tell them from the usual copies."""
_ROUGHLY = 0.7
"""Share of the nominal rate below which the measured one counts, or which the nominal one is of the
measured one."""


class Count(Struct):
    """Questions of one kind, and how many of them were answered."""

    asked: int = 0
    answered: int = 0

    @property
    def missing(self) -> int:
        """Questions without an answer."""
        return self.asked - self.answered


class Questions(Struct):
    """The questions to one host since somebody looked at their answers.

    Attributes:
        waiting: what is to be asked along with other copies; every: copies from one such question
            to the next; credit: questions that are owed.
        closed: channels of the closed ports among them.
        opened, resets, volley: what was asked of open ports, of closed ones, of these at once.
        unsent: questions of the volley that have not left.
        beside: probes that left between the questions, from ``first`` to ``last``.
        out: when answers are due that have not come, by channel and copy.
    """

    waiting: ProbeBatch = field(default_factory=empty_probes)
    every: float = 1.0
    credit: float = 0.0
    closed: frozenset[int] = frozenset()
    opened: Count = field(default_factory=Count)
    resets: Count = field(default_factory=Count)
    volley: Count = field(default_factory=Count)
    unsent: int = 0
    beside: int = 0
    first: float = math.inf
    last: float = -math.inf
    out: dict[tuple[int, int], tuple[float, Count]] = field(default_factory=dict)

    def owed(self, room: int) -> ProbeBatch:
        """Questions that are owed, ``room`` at most."""
        count = min(int(self.credit), room, len(self.waiting))
        self.credit -= count
        owed, self.waiting = self.waiting[:count], self.waiting[count:]
        return owed

    def awaited(self, now: float) -> int:
        """Questions that may be answered yet."""
        return sum(due > now for due, _ in self.out.values())

    @property
    def due(self) -> float:
        """When the last of them is over; infinity while some have not left."""
        last = max((due for due, _ in self.out.values()), default=-math.inf)
        return math.inf if self.unsent else last

    def outcome(self, nominal: float, rationed: bool = False) -> Outcome:
        """What came of the questions that travelled with others, at ``nominal`` probes per second
        or, if so measured, clearly fewer, or clearly more before the rate was lowered. Closed ports
        that are ``rationed`` do not count, nor do those that lose clearly more than open ones."""
        count, span = self.beside + self.opened.asked + self.resets.asked, self.last - self.first
        measured = count / span if span > 0 else nominal
        as_said = _ROUGHLY <= measured / nominal <= 1 / _ROUGHLY
        rate = nominal if as_said else measured
        opened = Outcome(rate, self.opened.asked, self.opened.missing)
        closed = Outcome(rate, self.resets.asked, self.resets.missing)
        apart = rationed or fewer(closed, opened)
        return opened if apart else opened.with_more(closed)

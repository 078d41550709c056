"""Overlap: batches that leave while the engine does something else, and answers that wait for them.

A transport with two senders lets a batch leave while answers to the one before are taken in. When
each of its probes left is known once it is reported, and answers to them may come before that: they
are held back until then.

At full speed the senders should never wait for the engine. So most of a batch is noted while its
last probes are still leaving, the next one sets out, and then these are noted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch, ReplyBatch, SendReport, gather
from engine.transport.base import Sending


class Overlap:
    """The batches of one scan. ``note`` is told what became of each, or of its parts."""

    def __init__(self, note: Callable[[ProbeBatch, SendReport], None]) -> None:
        self._note = note
        self._leaving: tuple[ProbeBatch, Sending] | None = None
        self._rest: tuple[ProbeBatch, Sending, NDArray[np.intp]] | None = None
        self._held: list[ReplyBatch] = []
        self._held_at = 0.0

    @property
    def under_way(self) -> bool:
        """Whether a batch is leaving."""
        return self._leaving is not None

    def begin(self, batch: ProbeBatch, sending: Sending) -> None:
        """A batch is on its way; one that has left already is noted at once."""
        self._leaving = batch, sending
        if not sending.under_way:
            self.settle()

    def settle(self) -> None:
        """Wait until the batch has left, and note what became of it."""
        if self._leaving is not None:
            batch, sending = self._leaving
            self._leaving = None
            self._note(batch, sending.report())

    def settle_most(self) -> None:
        """As settle(), but leave what is still leaving for settle_rest(), if that is less than half
        of the batch."""
        sent_at = self._leaving[1].take_part() if self._leaving is not None else None
        left = np.zeros(0, np.bool_) if sent_at is None else ~np.isnan(sent_at)
        if self._leaving is None or sent_at is None or 2 * np.count_nonzero(left) < len(left):
            self.settle()
            return
        batch, sending = self._leaving
        self._leaving = None
        self._rest = batch, sending, np.flatnonzero(~left)
        self._note(gather(batch, left), SendReport(sent_at[left]))

    def settle_rest(self) -> None:
        """Wait for what settle_most() left, and note what became of it."""
        if self._rest is None:
            return
        batch, sending, rest = self._rest
        self._rest = None
        report = sending.report()
        if len(rest):
            self._note(gather(batch, rest), SendReport(report.sent_at[rest], report.problems))

    def hold(self, now: float, replies: ReplyBatch) -> bool:
        """Hold answers back if they may be to a batch that is leaving; whether they are."""
        if self._leaving is None:
            return False
        self._held.append(replies)
        self._held_at = now
        return True

    @property
    def holding(self) -> bool:
        """Whether answers are held back."""
        return bool(self._held)

    def take_held(self) -> tuple[list[ReplyBatch], float]:
        """The answers that were held back, and when the last of them were read."""
        held, self._held = self._held, []
        return held, self._held_at

"""Evidence: what is known of a host when its ports have kept silent, and what is still to be asked.

Brings together what its sentinels gave (engine.core.sentinels), what follows from that for the
speed (engine.core.proof), and the loss known by then (engine.core.host_loss).
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from msgspec import Struct

from engine.core.answers import Answers
from engine.core.cells import Cells
from engine.core.ledger import Positions
from engine.core.pace import CREDIBLE
from engine.core.proof import Outcome, Proof
from engine.core.questions import Count, Questions
from engine.core.sentinels import Sentinels
from engine.core.yields import FASTEST
from engine.spec.scan_type import Protocol
from engine.spec.timing import TimingTemplate

_ENOUGH = 6
"""Questions that make a round."""
_SAMPLE, _FEW, _LONG = 320, 80, 2.0
"""Ports that are asked at most while a rate is looked for at which all is answered, fewer at a slow
rate: as many as leave in so many seconds."""
_ROUGHLY = 1.3
"""Times its loss that a path may seem to lose."""
_RATIONED = 0.34
"""Share of the answers of closed ports that is missing where RSTs are rationed, at least ..."""
_UNLIKELY = 3.0
"""... and so many times what the loss explains."""
_EMPTYING = 2 * FASTEST
"""Probes per second at which any bucket of RSTs stays empty, so that they come at its rate."""
_RSTS = np.uint8(1 << Protocol.TCP)


class Next(Enum):
    """What a look at a host's silent ports leads to."""

    BELIEVE = 0
    WAIT = 1
    ASK = 2
    ASK_SLOWLY = 3


class Advice(Struct, frozen=True):
    """What to do. ``doubtful``: ports to be asked again; ``rate``: probes per second that the host
    may be asked, 0 unknown."""

    step: Next
    doubtful: Positions
    rate: float = 0.0


class Evidence:
    """Weighs the silence of one scan's hosts. Times in seconds."""

    def __init__(self, cells: Cells, sentinels: Sentinels, answers: Answers) -> None:
        self._cells = cells
        self._sentinels = sentinels
        self._answers = answers
        self._proofs: dict[int, Proof] = {}

    def begin_anew(self) -> None:
        """Ports are asked again by order of the user."""
        self._proofs.clear()
        self._sentinels.rationing.clear()

    @property
    def on_path(self) -> list[int]:
        """Hosts whose path loses packets at any speed, or none."""
        return [host for host, proof in self._proofs.items() if proof.holds and not proof.speed]

    @property
    def proven(self) -> list[int]:
        """Hosts whose silence has been weighed."""
        return list(self._proofs)

    def rounds_ahead(self, host: int, timing: TimingTemplate) -> int:
        """How often all silent ports of the host will be asked, as far as is known, when those are
        that are asked now."""
        proof = self._proofs.get(host)
        if proof is None or (proof.holds and not proof.speed):
            return 0
        if not proof.holds:
            return 1  # once there is a rate at which all is answered
        copies = self._answers.host_loss.copies(np.array([host], np.uint32), timing.max_retries)
        return max(int(copies[0]) - proof.valid - 1, 0)

    def weigh(
        self, host: int, silent: Positions, nominal: float, explained: bool, timing: TimingTemplate
    ) -> Advice:
        """Look at the ``silent`` ports of a host, asked at ``nominal`` probes per second or fewer.
        ``explained``: losses of all hosts were shown not to depend on speed."""
        mine = self._sentinels.of(host)
        if mine is not None and self._asks_at_once(host, mine):
            return Advice(Next.WAIT, silent[:0])
        self._sentinels.take(host)
        if mine is not None and self._shows_ration(host, mine):
            self._answers.rationable[host] |= _RSTS
            self._sentinels.rationing.add(host)
        rationed = host in self._sentinels.rationing
        proof = self._proofs.get(host)
        if mine is None or mine.outcome(nominal, rationed).asked < _ENOUGH:
            known = proof is not None or explained
            if known or not self._sentinels.wanted(host):
                return self._by_copies(host, silent, timing)
            self._proofs[host] = self._first(host, explained, nominal)
            return Advice(Next.ASK_SLOWLY, self._allowed(silent, timing), nominal)
        outcome = mine.outcome(nominal, rationed)
        if proof is None:
            first = Proof() if rationed else self._first(host, explained, outcome.rate)
            proof = self._proofs[host] = first
        self._judge(host, proof, outcome)
        if proof.holds and proof.speed and mine.resets.asked and not rationed:
            # RSTs came to later copies, but it was a queue
            self._answers.rationable[host] &= ~_RSTS
        return self._after(host, proof, silent, timing)

    def _first(self, host: int, explained: bool, rate: float) -> Proof:
        """Nothing has been proven of the host; ports that answered to later copies only tell of
        losses at the rate of now."""
        loss = self._answers.host_loss
        share = float(loss.shares(np.array([host], np.uint32))[0])
        if explained and share <= CREDIBLE:
            return Proof(_ROUGHLY * share)
        answered, lost = loss.counts(host)
        return Proof(copies=Outcome(rate, answered, lost) if lost else None)

    def _judge(self, host: int, proof: Proof, outcome: Outcome) -> None:
        loss, one, speed = self._answers.host_loss, np.array([host], np.uint32), proof.speed
        proof.judge(outcome)
        if proof.speed and not (speed and proof.holds):
            loss.forget(host)  # what was lost was the speed's doing
            loss.note(one, np.zeros(1, np.int64))  # but it does answer
        if proof.holds or not proof.speed:
            answers = outcome.asked - outcome.missing
            loss.note(
                np.repeat(one, max(answers, 1)),
                np.bincount([0], [outcome.missing], max(answers, 1)),
            )
            self._answers.loss.note(outcome.asked, outcome.missing)

    def _after(self, host: int, proof: Proof, silent: Positions, timing: TimingTemplate) -> Advice:
        if proof.exhausted:
            return Advice(Next.BELIEVE, silent[:0])
        if not proof.holds:
            doubtful = silent if proof.speed else self._allowed(silent, timing)
            most = min(max(int(proof.rate * _LONG), _FEW), _SAMPLE)
            if len(doubtful) > most:
                doubtful = doubtful[:: -(-len(doubtful) // most)]
            return Advice(Next.ASK_SLOWLY if len(doubtful) else Next.BELIEVE, doubtful, proof.rate)
        if not proof.speed:
            return self._by_copies(host, silent, timing, proof.rate)
        copies = self._answers.host_loss.copies(np.array([host], np.uint32), timing.max_retries)
        doubtful = silent[: len(silent) if proof.valid < copies[0] else 0]
        return Advice(Next.ASK_SLOWLY if len(doubtful) else Next.BELIEVE, doubtful, proof.rate)

    def _by_copies(
        self, host: int, silent: Positions, timing: TimingTemplate, rate: float = 0.0
    ) -> Advice:
        copies = self._answers.host_loss.copies(np.array([host], np.uint32), timing.max_retries)
        doubtful = silent[self._cells.ledger.tries(silent) < copies[0]]
        step = Next.ASK if len(doubtful) else Next.BELIEVE
        if len(doubtful) and rate > _EMPTYING and host in self._sentinels.rationing:
            return Advice(Next.ASK_SLOWLY, doubtful, _EMPTYING)
        return Advice(step, doubtful, rate)

    def _allowed(self, silent: Positions, timing: TimingTemplate) -> Positions:
        allowed: Positions = silent[self._cells.ledger.tries(silent) <= timing.max_retries]
        return allowed

    # ---------------------------------------------------------------- rations

    def _asks_at_once(self, host: int, mine: Questions) -> bool:
        """Whether closed ports are asked at once now, because the questions that travelled with
        others do not tell whether the host rations its RSTs."""
        if mine.volley.asked:
            return False
        alone = mine.resets.missing > 0 and not mine.opened.asked
        return (alone or not mine.resets.asked) and self._sentinels.post(host)

    def _shows_ration(self, host: int, mine: Questions) -> bool:
        """Whether the host rations its RSTs: open ports answer, or all that is asked slowly does,
        but RSTs are missing."""
        count = mine.volley if mine.volley.asked else mine.resets
        if not (mine.volley.asked or mine.opened.asked):
            return False
        loss = float(self._answers.host_loss.shares(np.array([host], np.uint32))[0])
        loss = max(loss, mine.opened.missing / max(mine.opened.asked, 1))
        return _short(count, loss)


def _short(count: Count, loss: float) -> bool:
    """Whether more is missing than a path that loses a share ``loss`` explains."""
    few = max(_RATIONED, _UNLIKELY * loss) * count.asked
    return count.missing > max(1.0, few)

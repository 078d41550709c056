"""Progress: the figures of a running scan."""

from __future__ import annotations

from msgspec import Struct


class Progress(Struct, frozen=True):
    """Figures of a scan. Times in seconds, rates per second; None where nothing is known yet.

    Attributes:
        elapsed: that the scan took so far, with pauses, but without the time between its end and a
            rescan, and while the process was stopped.
        total: cells to decide; decided: cells decided so far in the current pass.
        remaining: expected seconds to the end.
        sent, answered, resent: probes so far; ``resent`` counts second and later copies.
        in_flight: probes out whose answer or timeout is awaited.
        send_rate, answer_rate: measured over about the last second.
        pace: probes per second the pace now allows.
        loss: estimated share (0..1) of probes to answering ports that need another copy.
        rtt_median, rtt_p95: of recent answers.
        limit: what limits the speed right now, in plain words.
        rejected: packets that reached us but matched no probe.
        hosts_total, hosts_up, hosts_down: hosts that discovery knows of; all 0 without discovery.
    """

    elapsed: float = 0.0
    total: int = 0
    decided: int = 0
    remaining: float | None = None
    sent: int = 0
    answered: int = 0
    resent: int = 0
    in_flight: int = 0
    send_rate: float = 0.0
    answer_rate: float = 0.0
    pace: float = 0.0
    loss: float = 0.0
    rtt_median: float | None = None
    rtt_p95: float | None = None
    limit: str = ""
    rejected: int = 0
    hosts_total: int = 0
    hosts_up: int = 0
    hosts_down: int = 0

    @property
    def fraction(self) -> float:
        """Share of the work decided, 0..1."""
        return self.decided / self.total if self.total else 0.0

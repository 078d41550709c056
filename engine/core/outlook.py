"""Outlook: what a scan still has to do at one moment, as far as the core knows."""

from __future__ import annotations

from msgspec import Struct


class Outlook(Struct, frozen=True):
    """Work left, and what is known of the path. Times in seconds on the transport's clock.

    Attributes:
        unasked: cells no copy of whose probe has left; due: further copies that wait to leave.
        in_flight: cells with a probe out whose time is not up.
        tried: undecided cells by the copies they have got; empty before all are asked and few left.
        answered, silent: decided cells that were answered, and that were not.
        first_ended: when the last first copy left, and last_sent: the last copy of all; minus
            infinity for never.
        pace: probes per second the pace allows, or will soon; growing: it doubles every round trip;
            parallelism: most probes in flight, 0 no bound.
        copies: copies a silent port deserves; timeout: how long each is waited for.
        round_trip: of the whole path; None before the first answer.
        loss: share of copies lost, 0..1; known_loss: what an experiment has shown of it.
        uncertain: silence may be the speed's doing, and is not believed.
        answered_before: answers per second before an experiment that is under way, and
            experiment_left: seconds it still takes; both 0 without one.
        linger: seconds from the last probe to the end, if ports stay silent.
        pause: seconds after which silent ports are asked once more, because hosts may ration their
            answers, and round_rate: how many per second; 0 if they are not.
        over_at: when listening ends; None while there is anything else to do.
        lanes: seconds that hosts with a pace of their own still need.
    """

    unasked: int
    due: int
    in_flight: int
    tried: tuple[int, ...]
    answered: int
    silent: int
    first_ended: float
    last_sent: float
    pace: float
    growing: bool
    parallelism: int
    copies: int
    timeout: float
    round_trip: float | None
    loss: float
    known_loss: float
    uncertain: bool
    answered_before: float
    experiment_left: float
    linger: float
    pause: float
    round_rate: float
    over_at: float | None
    lanes: float

    @property
    def pending(self) -> int:
        """Cells that were asked and are not decided."""
        return self.due + self.in_flight

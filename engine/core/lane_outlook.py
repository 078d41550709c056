"""Lane outlook: when the hosts that are asked at a pace of their own will be done."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from msgspec import Struct

from engine.core.lanes import Lane, Lanes

_LOOKED_INTO = 8
"""Lanes of which the end is foreseen: those with the most to do."""
_TELLING = 12
"""Probes or answers that make a rate worth believing."""


class Standing(Struct, frozen=True):
    """How it stands with a host: cells by what is known of them, those that wait or are about to;
    how often the silent ones will be asked after these (``rounds_ahead``, see engine.core.proof);
    which ``share`` of them all answered when it was not too fast for the host; and answers per
    second, of all hosts, while some came (``flowing``)."""

    waiting: int
    in_flight: int
    silent: int
    answered: int
    rounds_ahead: int
    share: float
    flowing: float


def lanes_remaining(
    lanes: Lanes, now: float, timeout: float, standing: Callable[[Lane], Standing]
) -> float:
    """Seconds until the last lane is done, as far as is known, when answers are waited for
    ``timeout`` seconds. ``standing``: of a host with a lane."""
    slowest = heapq.nlargest(
        _LOOKED_INTO, lanes, key=lambda lane: lane.waiting / max(lane.governor.rate, 1e-6)
    )
    return max(
        (_remaining(lane, now, timeout, standing(lane)) + timeout for lane in slowest),
        default=0,
    )


def _remaining(lane: Lane, now: float, timeout: float, standing: Standing) -> float:
    """Seconds until a lane's probes have left, and those of the next round (engine.core.rounds) if
    there will be one."""
    if lane.rounds.measured:
        return _until_answered(lane, now, standing)
    seconds = max(standing.waiting - 1, 0) / _asking(lane, now)
    if lane.rounds.begun:  # in vain, perhaps: it may not answer as fast as it is asked
        seconds = max(seconds, _missing(lane, standing) / standing.flowing)
    else:
        seconds += _rounds_ahead(lane, timeout, standing)
    again = standing.silent + (1 - lane.yielded) * standing.waiting
    if lane.rounds.rationing and again >= 1:
        seconds += lane.rounds.pause
    return seconds + max(lane.due - now, 0.0)


def _rounds_ahead(lane: Lane, timeout: float, standing: Standing) -> float:
    """Seconds that the rounds after this one take, each of which asks what the one before left. How
    much that is, this round will show; to begin with as much as was left by the best."""
    answering = (lane.gained + _TELLING * lane.best_yield) / (lane.asked + _TELLING)
    silence = max(1 - answering, 0.0)
    asked = standing.silent + silence * (standing.in_flight + standing.waiting)
    seconds = 0.0
    for _ in range(standing.rounds_ahead):
        seconds += asked / max(lane.governor.rate, 1e-6) + min(asked, 1.0) * timeout
        asked *= silence
    return seconds


def _missing(lane: Lane, standing: Standing) -> float:
    """Ports that have not answered but will."""
    total = standing.waiting + standing.in_flight + standing.silent + standing.answered
    share = max(standing.share, lane.best_yield, lane.yielded)
    missing = total * share - standing.answered
    return missing if missing >= 1 else 0.0


def _asking(lane: Lane, now: float) -> float:
    """Probes per second that leave a lane."""
    asked = sum(count for _, count in list(lane.lately)[1:])
    if asked >= _TELLING:
        return asked / max(now - lane.lately[0][0], 1e-3)
    return max(lane.governor.rate, 1e-6)


def _until_answered(lane: Lane, now: float, standing: Standing) -> float:
    """The same where the ration is known: answers come at it, whatever is asked. Ports that stay
    silent are asked in one more round, which finds nothing."""
    rate = lane.heard / (now - lane.began) if lane.heard >= _TELLING else lane.governor.rate
    missing = _missing(lane, standing)
    seconds = max(lane.due - now, 0.0) + missing / max(rate, 1e-6)
    silent = standing.waiting + standing.in_flight + standing.silent - missing
    return seconds + lane.rounds.pause if silent >= 1 else seconds

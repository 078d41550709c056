"""Forecast: when a scan will be over.

These things take time, one after the other: the first copies leave; the last of them are answered,
or lost and sent again; silent ports get the copies they deserve, each a timeout after the last; and
then the scan listens on for SYN/ACKs that were lost, while silent ports of hosts that may ration
their answers are asked once more (engine.core.rounds).

Where answers go missing because of speed (a full queue, a ration), how fast probes leave says
little. There the answers that come in, and the ports that are decided, per second say when all
will be. Hosts with a pace of their own are foreseen by their lanes (engine.core.lanes).

What cannot be foreseen is a limit nobody has met yet: a ration before it is used up, a host that
dies. So the forecast is worth something from the time that the pace has found its level.
"""

from __future__ import annotations

import math

from msgspec import Struct

from engine.core.outlook import Outlook

_TELLING = 48
"""Ports below which the share of the silent says little."""
_FEW = 0.05
"""Share of silent ports below which they are taken for ports whose probes were lost."""
_FLOWING = 16
"""Answers within the measured time that make their rate worth believing."""
_MANY = 0.3
"""The same where a limit makes answers few."""
_SLOWER = 1.5
"""Factor by which ports may be decided slower than lately."""
_HEAVY = 0.35
"""Loss above which a limit somewhere is the likelier cause, although the pace has no proof yet."""


class Measured(Struct, frozen=True):
    """What was measured lately.

    Attributes:
        sending: probes per second while there was always one to send; None unknown.
        flowing: answers per second while some came, never 0; answers: how many came lately.
        deciding: ports decided per second lately; 0 unknown.
        share: of the ports asked a round trip ago or earlier, those answered, 0..1.
        best_share: the same when it was best.
        loss: share of first copies lost, 0..1, by how many second copies are answered.
        later_loss: the same of later copies; None unknown.
        least_timeout: seconds that answers were waited for when that was shortest.
        seasoned: ports asked so long ago that they are called silent if they are.
        queueing: answers take longer than they did: they wait somewhere.
    """

    sending: float | None
    flowing: float
    answers: int
    deciding: float
    share: float
    best_share: float
    loss: float
    later_loss: float | None
    least_timeout: float
    seasoned: int
    queueing: bool


def expected_remaining(now: float, outlook: Outlook, measured: Measured) -> float:
    """Seconds until the scan is over, as far as is known."""
    if outlook.over_at is not None:
        return max(outlook.over_at - now, 0.0)
    if not (outlook.unasked or outlook.pending) and outlook.lanes:
        return outlook.lanes
    limited = measured.queueing or _crowded(outlook)
    if limited and measured.answers >= _FLOWING:
        end = now + _until_decided(outlook, measured)
    else:
        end = _end(now, outlook, measured)
    return max(end - now, outlook.lanes, 0.0)


def _until_decided(outlook: Outlook, measured: Measured) -> float:
    """Seconds until all is decided where answers arrive at a rate of their own. Before the limit
    was met as many ports answered as ever will."""
    waiting = outlook.unasked + outlook.pending
    total = waiting + outlook.answered + outlook.silent
    answering = max(total * (1 - _unheard(measured.best_share, outlook.loss)), outlook.answered)
    silent = total - answering
    flowing = max(measured.flowing, outlook.answered_before)
    seconds = (answering - outlook.answered) / flowing
    if measured.deciding:  # answers dry up in the end
        seconds = min(seconds, _SLOWER * waiting / measured.deciding)
    if silent > _MANY * total:
        seconds += (outlook.copies - 1) * outlook.timeout
    timeout = min(measured.least_timeout, outlook.timeout)  # a queue is empty again by then
    lost_for = _lost_rounds(outlook, measured, flowing) * timeout
    slower = _slower(outlook, measured)
    seconds += slower * outlook.experiment_left
    apart = min(2 * slower, 1.0) if _crowded(outlook) else 1.0
    seconds = max(seconds + apart * lost_for, lost_for)
    silent = max(silent, outlook.silent) + _missed(outlook, measured)
    return seconds + (outlook.round_trip or 0.0) + _after_silence(outlook, silent)


def _slower(outlook: Outlook, measured: Measured) -> float:
    """By which share fewer answers come in an experiment than before. It goes at half the speed: a
    full queue lets as many through, else the path loses its share of half as many."""
    before = outlook.answered_before
    return max(1 - measured.flowing / before, 0.0) if before else 0.0


def _missed(outlook: Outlook, measured: Measured) -> float:
    """Ports that answer, but of which every copy will be lost: a share of all ports, and towards
    the end many of those that still wait. Then it is known how many copies each still gets, with
    the one that is out."""
    waiting = outlook.unasked + outlook.pending
    first = outlook.known_loss or outlook.loss
    again = outlook.known_loss or _loss_again(outlook, measured)
    if outlook.tried:
        copies = (outlook.copies + 1 - tries for tries in range(len(outlook.tried)))
        return sum(n * again ** max(k, 1) for n, k in zip(outlook.tried, copies, strict=True))
    share = first * again ** (outlook.copies - 1)
    return min((waiting + outlook.answered) * share, waiting)


def _loss_again(outlook: Outlook, measured: Measured) -> float:
    """Share of the later copies that is lost. Where there was too much at once they fare better;
    answers to them are late themselves, so that shows when all ports have been asked."""
    if measured.later_loss is None or (outlook.unasked and not _crowded(outlook)):
        return outlook.loss
    return min(measured.later_loss, outlook.loss)


def _crowded(outlook: Outlook) -> bool:
    """Whether probes get lost because of their speed, as far as is known."""
    return outlook.uncertain or outlook.loss > _HEAVY


def _after_silence(outlook: Outlook, silent: float) -> float:
    """Seconds from the last copy to the end, when so many ports are expected to keep silent."""
    seconds = max(outlook.timeout, outlook.linger)
    if outlook.pause:
        seconds = max(seconds, outlook.pause + silent / outlook.round_rate + outlook.timeout)
    return seconds * (1 - math.exp(-silent))  # there may be none


def _end(now: float, outlook: Outlook, measured: Measured) -> float:
    """When the scan is over where answers follow the probes."""
    silence = _silent_share(outlook, measured)
    rate = _rate(outlook, measured, silence)
    timeout = outlook.timeout
    again = silence * (outlook.copies - 1) + (1 - silence) * outlook.loss / (1 - outlook.loss)
    sending = outlook.unasked / rate
    if sending > timeout:
        pending = outlook.pending * silence * (outlook.copies - 1)
        sending += again * (sending - timeout) + pending / rate
    asked = now + sending if outlook.unasked else outlook.first_ended
    lost_for = _lost_rounds(outlook, measured, rate) * timeout
    end = max(asked, now) + (outlook.round_trip or 0.0) + lost_for
    total = outlook.unasked + outlook.pending + outlook.answered + outlook.silent
    silent = max(silence * total, outlook.silent)
    if silent:
        last = max(asked + (outlook.copies - 1) * timeout, outlook.last_sent)
        if outlook.due:
            last = max(last, now + outlook.due / rate)
        return max(end, last + _after_silence(outlook, silent))
    return end + _after_silence(outlook, _missed(outlook, measured))


def _silent_share(outlook: Outlook, measured: Measured) -> float:
    """Which share of the ports will not answer, however often they are asked. Before any can be
    called silent, the share of answers when it was best says more than that of now: answers may
    take longer from one moment to the next, and be lost."""
    if measured.seasoned >= _TELLING:
        return min(outlook.silent / measured.seasoned, 1.0)
    share = measured.best_share if outlook.answered >= _TELLING else measured.share
    return _unheard(share, outlook.loss)


def _unheard(share: float, loss: float) -> float:
    """Which share of the ports is silent, when ``share`` answers to first copies."""
    silent = 1.0 - share / (1.0 - loss)
    return silent if silent > _FEW else 0.0


def _rate(outlook: Outlook, measured: Measured, silence: float) -> float:
    """Probes per second from now on."""
    rate = outlook.pace
    if outlook.parallelism:
        trip = outlook.round_trip or 0.0
        held = silence * outlook.timeout + (1 - silence) * trip
        rate = min(rate, outlook.parallelism / max(held, 1e-6))
    if measured.sending is not None and not outlook.growing:
        rate = min(rate, measured.sending)
    return max(rate, 1e-6)


def _lost_rounds(outlook: Outlook, measured: Measured, rate: float) -> float:
    """Timeouts that pass until the unluckiest port that answers has been heard."""
    last = min(outlook.unasked + outlook.pending, max(rate * outlook.timeout, outlook.pending))
    if not outlook.loss or last < 1:
        return 0.0
    again = _loss_again(outlook, measured)
    rounds = math.log(last) / -math.log(outlook.loss)
    if rounds > 1 and again:
        rounds = 1 + math.log(last * outlook.loss) / -math.log(again)
    return min(max(rounds - 0.5, 0.0), outlook.copies)

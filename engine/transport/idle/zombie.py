"""Zombie: reading a host's counter of IP ids, and whether it can be counted on at all."""

from __future__ import annotations

from collections.abc import Sequence

from engine.transport.idle.id_series import IdSeries, classify
from engine.transport.idle.steps import (
    Ask,
    AskForIds,
    Forge,
    Pause,
    Reading,
    Steps,
    TargetRefused,
    ZombieRefused,
)
from engine.transport.idle.tempo import Tempo

_PROBES, _APART = 6, 0.03
_FORGED, _FORGED_APART = 4, 0.05
_VERIFICATIONS = 4
_TRIES = 4
_OTHER = "name another zombie: a quiet host with one counter for all, such as an old printer"

_REFUSALS = {
    IdSeries.CONSTANT: "its IP ids are always the same, as with most current systems",
    IdSeries.BUSY: "it sends too many packets of its own",
    IdSeries.RANDOM: "its IP ids are random",
}


class Zombie:
    """The counter of one zombie. All methods are procedures.

    Args:
        name: what it is called in messages.
        id_size: bytes of its ids: 2 in IPv4, 4 in IPv6.
    """

    def __init__(self, name: str, id_size: int = 2) -> None:
        self.name = name
        self.id_size = id_size
        self.tempo = Tempo()
        self.series: IdSeries | None = None
        self.rtt = 0.2
        self._last = 0

    def examine(self) -> Steps[None]:
        """Find out how it counts. Raises ZombieRefused when it does not, or does not answer."""
        yield AskForIds(to_target=False)
        ids: list[int] = []
        for _probe in range(_PROBES):
            reading, _tries = yield from self._ask()
            ids.append(reading.identifier)
            yield Pause(_APART)
        series = classify(ids, self.id_size)
        if not series.counts:
            fault = _REFUSALS[series]
            if series is IdSeries.CONSTANT and self.id_size == 4:
                fault = "it puts no ids on whole packets, as most current systems (RFC 8021)"
            raise ZombieRefused(f"{self.name} is no zombie: {fault}; {_OTHER}")
        self.series = series

    def verify(self) -> Steps[None]:
        """Whether packets in the target's name move the same counter that we read. Raises
        TargetRefused when they do not, ZombieRefused when it falls silent."""
        yield AskForIds(to_target=True)
        best = 0
        for attempt in range(_VERIFICATIONS):
            count = yield from self.count([Forge()] * _FORGED, _FORGED_APART)
            if count == _FORGED:
                return
            if count is not None and count < 3 * _FORGED:
                best = max(best, count)
            self.tempo.miscounted()
            yield Pause(0.2 * attempt)
        if best < _FORGED - 1:
            raise TargetRefused(
                f"what {self.name} sends to it does not show; either the zombie counts for each "
                "host apart, or packets with a forged source address are filtered on the way: "
                "name another zombie, or scan from a network that lets them out"
            )

    def count(self, forged: Sequence[Forge], apart: float) -> Steps[int | None]:
        """Packets the zombie sent because of ``forged`` ones, sent ``apart`` seconds, by its
        counter; None when an answer was lost, so that nothing can be said."""
        before, _tries = yield from self._ask()
        for packet in forged:
            yield packet
            if apart:
                yield Pause(apart)
        yield Pause(self.tempo.settle)
        after, tries = yield from self._ask()
        self._last = after.identifier
        if tries:  # a lost answer was counted, a lost probe was not
            return None
        return self._packets(before.identifier, after.identifier) - 1

    def moved_since(self) -> Steps[bool]:
        """Whether the zombie sent anything since the last count(): answers that came too late for
        it look like that. A lost answer tells nothing."""
        reading, tries = yield from self._ask()
        return not tries and self._packets(self._last, reading.identifier) != 1

    def _packets(self, before: int, after: int) -> int:
        series = self.series or IdSeries.INCREMENTAL
        return series.packets(before, after, self.id_size)

    def _ask(self) -> Steps[tuple[Reading, int]]:
        """A reading, and the number of probes without answer before it."""
        timeout = min(max(4 * self.rtt, 0.3), 2.0)
        for tries in range(_TRIES):
            reading = yield Ask(timeout * (1 + tries / 2))
            if reading is not None:
                self.rtt += (reading.rtt - self.rtt) / 4
                return reading, tries
            self.tempo.lost_probe()
        raise ZombieRefused(
            f"{self.name} does not answer with resets: it is down, or a firewall protects it; "
            "check the address, write another port (-sI host:port), or name another zombie"
        )

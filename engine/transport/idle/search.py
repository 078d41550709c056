"""Which ports of a group are open, by halving: the zombie's counter only says how many are."""

from __future__ import annotations

from collections.abc import Sequence

from engine.transport.idle.steps import Forge, Pause, Steps, ZombieRefused
from engine.transport.idle.zombie import Zombie

_READINGS = 12
_ROUNDS = 4
_LONGEST_PAUSE = 2.0


def find_open(zombie: Zombie, ports: Sequence[int]) -> Steps[list[int]]:
    """The open ones of ``ports`` (at least one). Raises ZombieRefused when the zombie sends too
    much of its own, or falls silent."""
    found: list[int] = []
    for _round in range(_ROUNDS):
        found = yield from _halve(zombie, ports)
        late = yield from zombie.moved_since()
        if not late:
            break
        zombie.tempo.missed()
    return found


def _halve(zombie: Zombie, ports: Sequence[int]) -> Steps[list[int]]:
    while True:
        wary = zombie.tempo.wary > 0
        count = yield from _settled_count(zombie, ports)
        if count == 0:
            return []
        if count == len(ports):
            return list(ports)
        half = len(ports) // 2
        found = yield from _halve(zombie, ports[:half])
        found += yield from _halve(zombie, ports[half:])
        if len(found) == count:
            zombie.tempo.agreed(count, zombie.rtt)
            return found
        if count is not None and len(found) > count:
            zombie.tempo.missed()
        else:
            zombie.tempo.miscounted()
        if wary or count is None:  # each half was confirmed more than once already
            return found


def _settled_count(zombie: Zombie, ports: Sequence[int]) -> Steps[int | None]:
    """How many are open. "None" and "all", which decide, are confirmed; what lies between is not:
    it is only a reason to look at the halves. None when a group cannot be counted."""
    lead = {0: 0, len(ports): 0}
    for attempt in range(_READINGS):
        count = yield from zombie.count([Forge(port) for port in ports], zombie.tempo.delay)
        if count is None or not 0 <= count <= len(ports):
            zombie.tempo.miscounted()
            yield Pause(min(0.05 * attempt**2, _LONGEST_PAUSE))
            continue
        if count not in lead:
            return count
        lead[count] += 1
        other = len(ports) - count
        if lead[count] - lead[other] >= zombie.tempo.needed(count):
            if not lead[other]:
                zombie.tempo.agreed(count, zombie.rtt)
            return count
    if len(ports) == 1:
        raise ZombieRefused(
            f"{zombie.name} sends too many packets of its own to be counted on; "
            "try when it is quieter, or name another zombie"
        )
    return None

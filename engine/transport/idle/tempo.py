"""How fast an idle scan measures, and how far it trusts what it reads."""

from __future__ import annotations

from msgspec import Struct

_SMALLEST, _LARGEST = 4, 100
_LONGEST_DELAY, _LONGEST_GROUP = 0.1, 0.5
_SHORTEST_SETTLE, _LONGEST_SETTLE = 0.05, 1.0
_WARY_FOR = 20


class Tempo(Struct):
    """Adapts to loss and to a zombie that sends packets of its own.

    Attributes:
        group: ports measured at once, before rounding.
        delay: seconds between forged packets.
        settle: seconds from the last forged packet to the reading: time for the target's answer to
            reach the zombie.
        wary: measurements during which a reading has to be confirmed more often.
    """

    group: float = 30.0
    delay: float = 0.0
    settle: float = 0.3
    wary: int = 0

    @property
    def size(self) -> int:
        """Ports to measure at once: 4 to 100, forged within half a second."""
        in_time = _LONGEST_GROUP / self.delay if self.delay else _LARGEST
        return int(max(_SMALLEST, min(self.group, in_time, _LARGEST)))

    def needed(self, count: int) -> int:
        """By how many readings "all" or "none" must lead before it is believed. Other traffic of
        the zombie raises a reading and loss lowers it, so none seen is right on a clean path."""
        if self.wary:
            return 3
        return 2 if count else 1

    def lost_probe(self) -> None:
        """The zombie left a probe unanswered."""
        self.delay = min(self.delay + 0.005, _LONGEST_DELAY)
        self.group = min(self.group, 12.0)
        self.wary = _WARY_FOR

    def miscounted(self) -> None:
        """Readings contradict each other, or say more than can be."""
        self.delay = min(self.delay + 0.01, _LONGEST_DELAY)
        self.group = max(self.group * 0.8, _SMALLEST)
        self.wary = _WARY_FOR

    def missed(self) -> None:
        """A reading showed fewer open ports than there are: answers were lost or came late."""
        self.miscounted()
        self.settle = min(self.settle * 1.5, _LONGEST_SETTLE)

    def agreed(self, found: int, rtt: float) -> None:
        """Readings fit together and showed ``found`` open ports; the zombie is ``rtt`` seconds
        away. Only open ports prove that the wait is long enough."""
        self.delay *= 0.9
        self.group = min(self.group * 1.1, _LARGEST)
        self.wary = max(self.wary - 1, 0)
        if found:
            self.settle = max(self.settle * 0.7, _SHORTEST_SETTLE + 2 * rtt)

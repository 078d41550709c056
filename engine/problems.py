"""Problems: hosts that cannot be probed, as a whole or in part, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from engine.core.addressing import AddressBook

_MOST = 1 << 16
"""Hosts of which the reason is kept; of others it is only logged."""
_MOST_NAMED = 3
"""Hosts with the same trouble that the log names one by one."""


class Problems:
    """What is known of such hosts.

    Attributes:
        texts: why, by host index.
    """

    def __init__(self, book: AddressBook, say: Callable[[int, str], None]) -> None:
        """``say`` writes a line to the log, under a level."""
        self._book = book
        self._say = say
        self.texts: dict[int, str] = {}

    def note(self, hosts: Sequence[int], why: str, part: str = "") -> None:
        """Hosts cannot be probed; with ``part`` only so much of them. Some are named in the log,
        the others counted, and none of them twice."""
        fresh = [host for host in hosts if host not in self.texts]
        room = max(0, _MOST - len(self.texts))
        self.texts.update(dict.fromkeys(fresh[:room], why))
        for host in fresh[:_MOST_NAMED]:
            self._say(0, f"{part}{self._book.text(host)} cannot be probed: {why}")
        if len(fresh) > _MOST_NAMED:
            self._say(0, f"nor can {len(fresh) - _MOST_NAMED:,} more: {why}")

    def forget(self, hosts: Iterable[int]) -> None:
        """These hosts are tried again."""
        for host in hosts:
            self.texts.pop(host, None)

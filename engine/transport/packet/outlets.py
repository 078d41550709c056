"""Outlets: the sockets packets leave by, opened when a way first needs them."""

from __future__ import annotations

import socket
from collections.abc import Callable

from msgspec import Struct

from engine.host.links import Link
from engine.transport.packet.packet_sockets import open_frame_sender, open_packet_sender

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Outlet(Struct, frozen=True):
    """A socket packets leave by: Ethernet frames on ``link``, or IP packets (``link`` None) that
    the kernel takes further, which loopback and tunnels need."""

    sender: socket.socket
    version: int
    link: Link | None = None


class Outlets:
    """Outlets by number."""

    def __init__(self) -> None:
        self._all: list[Outlet] = []
        self._numbers: dict[tuple[int, int, str], int] = {}

    def __getitem__(self, number: int) -> Outlet:
        return self._all[number]

    def open(self, link: Link | None, version: int, device: str = "") -> int:
        """The number of the outlet for frames on ``link``, or for packets of an IP version that
        leave by the interface ``device``, if named. Raises OSError."""
        key = (link.index if link else 0, version, "" if link else device)
        if key not in self._numbers:
            if link:
                sender = open_frame_sender(link.name)
            else:
                sender = open_packet_sender(_FAMILIES[version], device)
            self._numbers[key] = len(self._all)
            self._all.append(Outlet(sender, version, link))
        return self._numbers[key]

    def drop(self, number: int) -> None:
        """Close an outlet that failed; a new one is opened when it is needed again."""
        self._numbers = {key: value for key, value in self._numbers.items() if value != number}
        self._all[number].sender.close()

    def closers(self) -> list[Callable[[], None]]:
        """What gives back every descriptor."""
        return [outlet.sender.close for outlet in self._all]

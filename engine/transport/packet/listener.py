"""A listener: the socket on which answers of one IP version come in, and the way they are read."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from engine.transport.packet.kernel_filter import attach
from engine.transport.packet.messages import PacketReader, Packets
from engine.transport.packet.packet_sockets import open_receiver
from engine.transport.packet.receive_ring import ReceiveRing


class Listener:
    """Gets the packets of one ethertype that a kernel filter (``program``) lets pass. Raises
    OSError without CAP_NET_RAW. ``busy``: tens of thousands are expected, so that a ring pays."""

    def __init__(self, ethertype: int, program: bytes, *, busy: bool) -> None:
        self._socket = open_receiver(ethertype, program)
        self._reader = _reader(self._socket, busy)

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    def let_pass(self, program: bytes) -> None:
        """Filter by another program from now on."""
        attach(self._socket, program)

    def read(self, most: int) -> Iterator[Packets]:
        """The packets that wait, about ``most`` at most, in pieces. A piece is valid until the next
        is asked for. Never waits."""
        return self._reader.read(most)

    def close(self) -> None:
        """Give back the descriptor, and a ring's memory. Idempotent."""
        self._reader.close()
        self._socket.close()


def _reader(receiver: socket.socket, busy: bool) -> ReceiveRing | PacketReader:
    if busy:
        with contextlib.suppress(OSError):  # no ring to be had: system calls do
            return ReceiveRing(receiver)
    return PacketReader(receiver)

"""A listener: the socket on which answers of one IP version come in, and the way they are read."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from engine.transport.packet.kernel_filter import attach, nothing
from engine.transport.packet.messages import PacketReader, Packets
from engine.transport.packet.packet_sockets import open_receiver
from engine.transport.packet.receive_ring import ReceiveRing


class Listener:
    """Gets packets of one ethertype, from let_pass() on. Raises OSError without CAP_NET_RAW.

    ``busy``: tens of thousands are expected, so that a ring pays. The kernel takes 8 to 18 ms to
    make one; it does so while the caller goes on.
    """

    def __init__(self, ethertype: int, *, busy: bool) -> None:
        self._socket = open_receiver(ethertype, nothing())
        self._program = b""
        self._ring: ReceiveRing | None = None
        self._reader: ReceiveRing | PacketReader | None = None
        self._maker = threading.Thread(target=self._make_ring, name="pyscan-ring")
        if busy:
            self._maker.start()

    def _make_ring(self) -> None:
        with contextlib.suppress(OSError):  # no ring to be had: system calls do
            self._ring = ReceiveRing(self._socket)

    def _ready(self) -> ReceiveRing | PacketReader:
        """The reader, as soon as there is one. Before, nothing else may be done to the socket: the
        kernel would make Python wait for the ring, with its lock held."""
        if self._reader is None:
            if self._maker.ident is not None:
                self._maker.join()
            self._reader = self._ring or PacketReader(self._socket)
        return self._reader

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    def let_pass(self, program: bytes) -> None:
        """From now on get the packets that a kernel filter lets pass. Raises OSError."""
        if program != self._program:
            self._ready()
            attach(self._socket, program)
            self._program = program

    def read(self, most: int) -> Iterator[Packets]:
        """The packets that wait, about ``most`` at most, in pieces. A piece is valid until the next
        is asked for. Never waits."""
        return self._ready().read(most) if self._program else iter(())

    def close(self) -> None:
        """Give back the descriptor, and a ring's memory. Idempotent."""
        self._ready().close()
        self._socket.close()

"""Next hop to Ethernet address, never waiting.

The kernel's own table is asked first. What it has not confirmed lately is asked for on the wire,
three times a second apart; whoever stays silent then has failed.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec import Struct

from engine.host.neighbours import confirmed_neighbours
from engine.host.netlink import NetlinkSocket
from engine.transport.packet.kernel_filter import arp_replies, neighbour_advertisements
from engine.transport.packet.neighbour_messages import (
    ETH_P_ARP,
    ETH_P_IPV6,
    Advertised,
    question,
    read_advertisement,
    read_arp_reply,
)
from engine.transport.packet.packet_sockets import open_receiver

_FAMILIES = {4: socket.AF_INET, 16: socket.AF_INET6}
_ANSWERS = {4: (ETH_P_ARP, arp_replies()), 16: (ETH_P_IPV6, neighbour_advertisements())}
_READERS: dict[int, Callable[[bytes], Advertised | None]] = {
    4: read_arp_reply,
    16: read_advertisement,
}
"""By the size of an IP address: its family, the packets that answer for it, who reads them."""
_TRIES = 3
_PERIOD = 1.0
_MOST_PER_STEP = 4096
_MOST_BYTES = 256


class Hop(NamedTuple):
    """A neighbour to find: the interface's index and the neighbour's packed IP address."""

    interface: int
    address: bytes


class Asker(Struct, frozen=True):
    """Who asks for a neighbour: a frame socket on the link, our Ethernet and IP address there."""

    frames: socket.socket
    hardware: bytes
    source: bytes


class Answered(Struct, frozen=True):
    """A neighbour that was asked once and answered: when (monotonic seconds), and the packet from
    its network header on."""

    hop: Hop
    arrived: float
    packet: bytes


class _Search(Struct):
    asker: Asker
    tries: int
    next_try: float


class NeighbourResolver:
    """Finds Ethernet addresses. Sockets are opened when the first question needs them.

    Attributes:
        found: Ethernet addresses of the hops known so far.
        failed: hops that did not answer; ask() gives them a new chance.
    """

    def __init__(self) -> None:
        self.found: dict[Hop, bytes] = {}
        self.failed: set[Hop] = set()
        self._searches: dict[Hop, _Search] = {}
        self._receivers: dict[int, socket.socket] = {}
        self._asked_once: set[Hop] = set()
        self._answered: list[Answered] = []
        self._strangers = 0
        self._netlink = NetlinkSocket()

    def filenos(self) -> tuple[int, ...]:
        """Descriptors that become readable when an answer has come."""
        return tuple(receiver.fileno() for receiver in self._receivers.values())

    def ask(self, wanted: dict[Hop, Asker], now: float) -> None:
        """Start finding hops; those found or being searched for are left alone.

        Raises OSError when packet sockets are not permitted.
        """
        for size in {len(hop.address) for hop in wanted if hop not in self.found}:
            self._take_from_kernel(_FAMILIES[size])
            self._listen(size)
        for hop, asker in wanted.items():
            if hop not in self.found and hop not in self._searches:
                self.failed.discard(hop)
                self._searches[hop] = _Search(asker, 0, now)
        self.step(now)

    def ask_once(self, hop: Hop, asker: Asker) -> bytes:
        """Ask for one hop on the wire, now and only now, whatever is known about it.

        Returns the frame that was sent. An answer is what answered() returns, and counts as found.
        Raises OSError when the question cannot leave.
        """
        self._listen(len(hop.address))
        frame = question(hop.address, asker.hardware, asker.source)
        asker.frames.send(frame)
        self._asked_once.add(hop)
        return frame

    def answered(self) -> list[Answered]:
        """The answers since the last call to questions of ask_once(); the first to each counts."""
        answered, self._answered = self._answered, []
        return answered

    def strangers(self) -> int:
        """Answers since the last call that nobody had asked for."""
        count, self._strangers = self._strangers, 0
        return count

    def _listen(self, size: int) -> None:
        if size not in self._receivers:
            self._receivers[size] = open_receiver(*_ANSWERS[size])

    def forget(self, interface: int) -> None:
        """Drop all that is known about the neighbours on an interface."""
        self.found = {hop: value for hop, value in self.found.items() if hop[0] != interface}
        self.failed = {hop for hop in self.failed if hop[0] != interface}
        self._searches = {
            hop: search for hop, search in self._searches.items() if hop[0] != interface
        }

    def step(self, now: float) -> None:
        """Send the questions that are due, read the answers that have come."""
        self._read_all()
        due = [hop for hop, search in self._searches.items() if search.next_try <= now]
        for hop in due:
            self._ask_again(hop, now)
        if due:  # where the other side runs in our own kernel, it has answered by now
            self._read_all()

    def _read_all(self) -> None:
        for size, receiver in self._receivers.items():
            self._read(receiver, _READERS[size])

    def _ask_again(self, hop: Hop, now: float) -> None:
        search = self._searches[hop]
        if search.tries == _TRIES:
            del self._searches[hop]
            self.failed.add(hop)
            return
        search.tries += 1
        search.next_try = now + _PERIOD
        asker = search.asker
        with contextlib.suppress(OSError):  # a link that is down counts as one that is silent
            asker.frames.send(question(hop.address, asker.hardware, asker.source))

    def _read(self, receiver: socket.socket, reader: Callable[[bytes], Advertised | None]) -> None:
        for packet, interface in _packets(receiver):
            advertised = reader(packet)
            if advertised is None:
                continue
            hop = Hop(interface, advertised.address)
            searched = self._searches.pop(hop, None) is not None
            if hop in self._asked_once:
                self._asked_once.remove(hop)
                self._answered.append(Answered(hop, time.monotonic(), packet))
            elif not searched:
                self._strangers += hop not in self.found
                continue
            self.failed.discard(hop)
            self.found[hop] = advertised.hardware

    def _take_from_kernel(self, family: int) -> None:
        with contextlib.suppress(OSError):  # then they are asked for on the wire
            known = confirmed_neighbours(self._netlink, family)
            self.found |= {Hop(*key): hardware for key, hardware in known.items()}

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._netlink.close()
        for receiver in self._receivers.values():
            receiver.close()


def _packets(receiver: socket.socket) -> Iterator[tuple[bytes, int]]:
    """Waiting packets with the index of the interface they came by, a bounded number of them."""
    for _packet in range(_MOST_PER_STEP):
        try:
            packet, address = receiver.recvfrom(_MOST_BYTES, socket.MSG_DONTWAIT)
            interface = socket.if_nametoindex(address[0])
        except BlockingIOError:
            return
        except OSError:  # the interface has just gone, or reports that it is down
            continue
        yield packet, interface

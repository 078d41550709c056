"""The sockets of an idle scan: out go probes of the zombie and forged packets, in come its resets.

Packets go the way the kernel chooses, with the source address we write (raw(7), IP_HDRINCL).
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.spec.packet_options import PacketOptions
from engine.transport.base import Recorder
from engine.transport.idle.packets import End, syn, syn_ack, too_big
from engine.transport.idle.resets import Expected, read_reset
from engine.transport.idle.zombie_address import FAMILIES, Destination, ZombieAddress
from engine.transport.packet.kernel_filter import answers_over_ipv6
from engine.transport.packet.neighbour_messages import ETH_P_IPV6
from engine.transport.packet.packet_sockets import open_packet_sender, open_receiver

_ANYWHERE = {4: "0.0.0.0", 6: "::"}
_TTL = 64
_LARGEST = 256
_MOST_READS = 256
_DYNAMIC_PORTS = range(49_152, 65_536)
"""RFC 6335 section 6."""
_PASSING = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM})


class Reset(NamedTuple):
    """A reset by the zombie that answers our last probe: its IP id and when it came (seconds)."""

    identifier: int
    arrived: float


class ZombieWire:
    """Sends and hears for one zombie from our address ``source`` (packed). Raises OSError."""

    def __init__(
        self,
        zombie: ZombieAddress,
        source: bytes,
        options: PacketOptions,
    ) -> None:
        self._at = zombie.at
        self._recorder: Recorder | None = None
        self._zombie = End(zombie.at.packed, zombie.port)
        self._ttl = options.ttl or _TTL
        self._token = _random()
        version = zombie.at.version
        with contextlib.ExitStack() as stack:
            # Holds the port, so that no program's connection gets it. The kernel drops resets.
            held = stack.enter_context(socket.socket(FAMILIES[version], socket.SOCK_STREAM))
            held.bind((_ANYWHERE[version], options.source_port or 0))
            self._us = End(source, held.getsockname()[1])
            self._sender = stack.enter_context(open_packet_sender(FAMILIES[version]))
            if options.interface:
                name = options.interface.encode("utf-8", "surrogateescape")
                self._sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)
            self._listener = stack.enter_context(_open_listener(zombie.at, self._us.port))
            self._open = stack.pop_all()

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._recorder = recorder

    def fileno(self) -> int:
        """Readable when something came from the zombie."""
        return self._listener.fileno()

    def ask(self) -> None:
        """Probe the zombie with a SYN/ACK: whatever its port, it resets (RFC 9293 section
        3.10.7). Raises OSError when the system refuses, as all that sends."""
        self._token = _random()
        self._send(syn_ack(self._us, self._zombie, self._token, self._ttl), self._at)

    def ask_for_ids(self, to: bytes) -> None:
        """Have the zombie put ids on its packets to an address; IPv4 packets always have them."""
        if self._at.version == 6:
            packet = too_big(self._us.packed, self._zombie.packed, to, self._ttl)
            self._send(packet, self._at)

    @property
    def us(self) -> bytes:
        """Our packed address."""
        return self._us.packed

    def forge_syn_ack(self, target: Destination) -> None:
        """A SYN/ACK to the zombie in the target's name."""
        port = _DYNAMIC_PORTS[_random() % len(_DYNAMIC_PORTS)]
        source = End(target.packed, port)
        self._send(syn_ack(source, self._zombie, _random(), self._ttl), self._at)

    def forge_syn(self, target: Destination, port: int) -> None:
        """A SYN to a port of the target in the zombie's name."""
        self._send(self.syn(target, port, _random()), target)

    def syn(self, target: Destination, port: int, token: int) -> NDArray[np.uint8]:
        """The packet of forge_syn()."""
        return syn(self._zombie, End(target.packed, port), token, self._ttl)

    def resets(self) -> Iterator[Reset]:
        """What has come in: the answer to the last probe, if it is there."""
        ports = (self._zombie.port, self._us.port)
        for _read in range(_MOST_READS):
            try:
                packet = self._listener.recv(_LARGEST)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error about a probe: silence will tell
                continue
            expected = Expected(self._zombie.packed, self._us.packed, ports, self._token)
            identifier = read_reset(packet, expected)
            if identifier is not None:
                self._show("received", np.frombuffer(packet, np.uint8))
                yield Reset(identifier, time.monotonic())

    def _send(self, packet: NDArray[np.uint8], to: Destination) -> None:
        try:
            self._sender.sendto(packet.tobytes(), to.name)
        except OSError as error:
            if error.errno not in _PASSING:
                raise
        else:
            self._show("sent", packet)

    def _show(self, method: str, packet: NDArray[np.uint8]) -> None:
        if self._recorder is not None:
            rows, lengths = packet[None, :], np.array([len(packet)], np.uint32)
            getattr(self._recorder, method)(rows, lengths, np.array([time.monotonic()]))

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._open.close()


def _open_listener(zombie: Destination, port: int) -> socket.socket:
    """A socket for IP packets from the zombie. A raw IPv4 socket gets only those; in IPv6 raw
    sockets lack the headers (RFC 3542 section 3), so a packet socket sees what comes to ``port``,
    and fragments."""
    if zombie.version == 6:
        return open_receiver(ETH_P_IPV6, answers_over_ipv6(port))
    listener = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    try:
        listener.setblocking(False)
        listener.connect(zombie.name)
    except BaseException:
        listener.close()
        raise
    return listener


def _random() -> int:
    return int.from_bytes(os.urandom(4), "big")

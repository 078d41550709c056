"""The packets of an idle scan: probes of the zombie, forged ones, and the zombie's resets.

They go the way the kernel chooses, with the source address we write (raw(7), IP_HDRINCL).
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.spec.packet_options import PacketOptions
from engine.techniques.answer import ACK, RST, SYN
from engine.techniques.syn import build_syn
from engine.techniques.tcp import TcpProbe
from engine.transport.base import Recorder
from engine.transport.idle.zombie_address import ZombieAddress
from engine.transport.packet.headers import TCP, Envelope, write_packets
from engine.transport.packet.packet_sockets import open_packet_sender

_build_syn_ack = TcpProbe(SYN | ACK, struct.pack("!BBH", 2, 4, 1460))
_TTL = 64
_LARGEST = 256
_MOST_READS = 256
_DYNAMIC_PORTS = (49_152, 16_384)
"""The first, and how many (RFC 6335 section 6)."""
_PASSING = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM})


class Reset(NamedTuple):
    """A reset by the zombie that answers our last probe: its IP id and when it came (seconds)."""

    identifier: int
    arrived: float


class ZombieWire:
    """Sends and hears for one zombie from our address ``source`` (packed, IPv4). Raises OSError."""

    def __init__(
        self,
        zombie: ZombieAddress,
        source: bytes,
        options: PacketOptions,
        recorder: Recorder | None = None,
    ) -> None:
        self._zombie, self._source, self._recorder = zombie, source, recorder
        self._ttl = options.ttl or _TTL
        self._token = _random_token()
        with contextlib.ExitStack() as stack:
            # Holds the port, so that no program's connection gets it. The kernel drops resets.
            held = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            held.bind(("0.0.0.0", options.source_port or 0))
            self._port: int = held.getsockname()[1]
            self._sender = stack.enter_context(open_packet_sender(socket.AF_INET))
            if options.interface:
                name = options.interface.encode("utf-8", "surrogateescape")
                self._sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)
            self._listener = stack.enter_context(
                socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
            )
            self._listener.setblocking(False)
            self._listener.connect((str(zombie), 0))  # what others send is not even queued
            self._open = stack.pop_all()

    def fileno(self) -> int:
        """Readable when something came from the zombie."""
        return self._listener.fileno()

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._recorder = recorder

    def ask(self) -> None:
        """Probe the zombie with a SYN/ACK: whatever its port, it resets (RFC 9293 section
        3.10.7). Raises OSError when the system refuses."""
        self._token = _random_token()
        packet = _packet(
            _build_syn_ack, (self._source, self._port), self._zombie, self._token, self._ttl
        )
        self._send(packet, self._zombie.packed)

    def forge_syn_ack(self, target: bytes) -> None:
        """A SYN/ACK to the zombie in the target's name. Raises OSError."""
        first, count = _DYNAMIC_PORTS
        port = first + _random_token() % count
        token = _random_token()
        packet = _packet(_build_syn_ack, (target, port), self._zombie, token, self._ttl)
        self._send(packet, self._zombie.packed)

    def forge_syn(self, target: bytes, port: int) -> None:
        """A SYN to a port of the target in the zombie's name. Raises OSError."""
        self._send(self.syn(target, port, _random_token()), target)

    def syn(self, target: bytes, port: int, token: int) -> NDArray[np.uint8]:
        """The packet of forge_syn()."""
        return _packet(build_syn, self._zombie, (target, port), token, self._ttl)

    def resets(self) -> Iterator[Reset]:
        """What has come in: the answer to the last probe, if it is there."""
        for _read in range(_MOST_READS):
            try:
                packet = self._listener.recv(_LARGEST)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error about a probe: silence will tell
                continue
            identifier = self._read(packet)
            if identifier is not None:
                self._record("received", np.frombuffer(packet, np.uint8))
                yield Reset(identifier, time.monotonic())

    def _read(self, packet: bytes) -> int | None:
        """The IP id of a reset that repeats our acknowledgment number (RFC 9293 section
        3.10.7.1), from the zombie; None for every other packet."""
        start = (packet[0] & 15) * 4 if packet else 0
        if len(packet) < max(start, 20) + 20 or packet[12:16] != self._zombie.packed:
            return None
        ports, sequence = struct.unpack_from("!II", packet, start)
        genuine = (
            ports == self._zombie.port << 16 | self._port
            and sequence == self._token
            and packet[start + 13] & (SYN | RST) == RST
        )
        return int.from_bytes(packet[4:6], "big") if genuine else None

    def _send(self, packet: NDArray[np.uint8], destination: bytes) -> None:
        try:
            self._sender.sendto(packet.tobytes(), (socket.inet_ntoa(destination), 0))
        except OSError as error:
            if error.errno not in _PASSING:
                raise
        else:
            self._record("sent", packet)

    def _record(self, method: str, packet: NDArray[np.uint8]) -> None:
        if self._recorder is not None:
            rows, lengths = packet[None, :], np.array([len(packet)], np.uint32)
            getattr(self._recorder, method)(rows, lengths, np.array([time.monotonic()]))

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""
        self._open.close()


def _random_token() -> int:
    return int.from_bytes(os.urandom(4), "big")


def _packet(
    build: TcpProbe,
    source: tuple[bytes, int],
    destination: tuple[bytes, int],
    token: int,
    ttl: int,
) -> NDArray[np.uint8]:
    """One IPv4 packet with a segment from an (address, port) to another."""
    segments = build(
        np.array([destination[1]], np.uint16),
        np.array([source[1]], np.uint16),
        np.array([token], np.uint32),
    )
    envelope = Envelope(
        sources=np.frombuffer(source[0], np.uint8)[None, :],
        destinations=np.frombuffer(destination[0], np.uint8)[None, :],
        identifiers=np.array([token % 0xFFFF + 1], np.uint32),  # the kernel would replace 0
        ttl=ttl,
        numbers=TCP,
    )
    rows, lengths = write_packets(segments, envelope)
    return rows[0, : lengths[0]]

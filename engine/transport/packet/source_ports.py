"""Source ports: each says which technique and which copy of a probe an answer belongs to.

``source port = base + slot * 16 + attempt``, so nothing has to be remembered per probe.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch
from engine.techniques.packet_probe import PacketProbe
from engine.techniques.registry import PACKET_PROBES
from engine.transport.packet.headers import TCP, UDP

SLOTS: tuple[int, ...] = tuple(PACKET_PROBES)
"""The numbers of the packet techniques, in the order of their sixteen ports."""
_SLOT_BITS = 4
ATTEMPTS = 1 << _SLOT_BITS
WINDOW = 512
"""Ports from the base on that the kernel's filter lets through: room for 32 techniques."""

LOWEST_BASE = 61_000
HIGHEST_BASE = 65_535 - WINDOW + 1
"""Where the window may start."""
_TRIES = 50

_SLOT_OF = np.zeros(256, np.uint16)
_SLOT_OF[list(SLOTS)] = range(len(SLOTS))
_TECHNIQUE_OF = np.array(SLOTS, np.uint8)
_PROTOCOL_OF = np.array([probe.protocol for probe in PACKET_PROBES.values()], np.uint8)


class PortMeaning(Struct, frozen=True):
    """What ports of ours say, as arrays (n,); meaningful where ``ours`` is True."""

    ours: NDArray[np.bool_]
    technique: NDArray[np.uint8]
    protocol: NDArray[np.uint8]
    attempt: NDArray[np.uint8]


class SourcePorts:
    """The window of source ports that starts at ``base``.

    Attributes:
        single: the one port that probes with ports come from instead; None here.
    """

    single: int | None = None

    def __init__(self, base: int) -> None:
        self.base = base

    def note(self, probes: ProbeBatch) -> None:
        """Probes are about to leave. Nothing to do: their ports say it all."""

    def readings(self) -> Iterator[SourcePorts]:
        """The ways in which the ports of an answer have to be read, each in turn."""
        yield self

    def of(self, probes: ProbeBatch) -> NDArray[np.uint16]:
        """Source ports (n,) of probes. Copies sixteen apart share one."""
        ports: NDArray[np.uint16] = _SLOT_OF[probes["technique"]] * np.uint16(ATTEMPTS)
        ports += probes["attempt"] & np.uint8(ATTEMPTS - 1)
        ports += np.uint16(self.base)
        return ports

    def meaning(self, ports: NDArray[np.uint16]) -> PortMeaning:
        """What source ports of ours (n,) say when an answer brings them back."""
        offset = ports.astype(np.int32) - self.base
        ours = self.ours(ports)
        slot = np.where(ours, offset >> _SLOT_BITS, 0)
        attempt = (offset & ATTEMPTS - 1).astype(np.uint8)
        return PortMeaning(ours, _TECHNIQUE_OF[slot], _PROTOCOL_OF[slot], attempt)

    def ours(self, ports: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Which ports (n,) are source ports of ours."""
        offset = ports.astype(np.int32) - self.base
        ours: NDArray[np.bool_] = (offset >= 0) & (offset < len(SLOTS) * ATTEMPTS)
        return ours


class ReservedPorts:
    """A window of source ports no local socket uses.

    TCP ports stay bound (without listening, so the kernel still answers with RST) until close().
    UDP ports are only seen to be free: a bound one would swallow probes to this machine itself.
    Raises OSError when no free window is found.
    """

    def __init__(self) -> None:
        self._bound: list[socket.socket] = []
        for _try in range(_TRIES):
            span = HIGHEST_BASE - LOWEST_BASE + 1
            base = LOWEST_BASE + int.from_bytes(os.urandom(4), "big") % span
            if self._reserve(base):
                self.ports = SourcePorts(base)
                return
        raise OSError(errno.EADDRINUSE, "no free range of source ports above 61000")

    def _reserve(self, base: int) -> bool:
        try:
            for slot, probe in enumerate(PACKET_PROBES.values()):
                for port in range(base + slot * ATTEMPTS, base + (slot + 1) * ATTEMPTS):
                    self._reserve_port(probe, port)
        except OSError as error:
            self.close()
            if error.errno == errno.EADDRINUSE:
                return False
            raise
        return True

    def _reserve_port(self, probe: PacketProbe, port: int) -> None:
        """Raises OSError when a local socket has the port. IP protocol probes, whose number is
        None, are TCP and UDP among others; other protocols have no sockets to fear."""
        numbers = {carried.number for carried in probe.over.values()}
        if numbers & {TCP, None}:
            self._bound.append(_bind(socket.SOCK_STREAM, port))
        if numbers & {UDP, None}:
            _bind(socket.SOCK_DGRAM, port).close()

    def close(self) -> None:
        """Let go of the ports. Idempotent."""
        for bound in self._bound:
            bound.close()
        self._bound.clear()


def _bind(kind: int, port: int) -> socket.socket:
    """A socket bound to ``port`` of both address families, or of the only one there is."""
    bound = None
    with contextlib.suppress(OSError):
        bound = socket.socket(socket.AF_INET6, kind)
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    address: tuple[str, int] = ("::", port)
    if bound is None:
        bound, address = socket.socket(socket.AF_INET, kind), ("0.0.0.0", port)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound

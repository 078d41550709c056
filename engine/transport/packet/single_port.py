"""One source port for all probes: what an answer belongs to cannot be read from it, but tried.

Each technique and copy in use is one way to read an answer, and the token tells which is right.
Where the protocol returns none (UDP), all of them fit and the copy stays unknown.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import ProbeBatch
from engine.core.distinct import distinct
from engine.spec.packet_options import PacketOptions
from engine.techniques.protocol import FIXED_PORTS
from engine.techniques.registry import PACKET_PROBES, PROTOCOL_TECHNIQUES
from engine.transport.base import TransportUnavailable
from engine.transport.packet.source_ports import (
    ATTEMPTS,
    HIGHEST_BASE,
    LOWEST_BASE,
    WINDOW,
    PortMeaning,
    ReservedPorts,
    SourcePorts,
)

_HAS_PORTS = np.zeros(256, np.bool_)
"""By technique: whether all its probes have ports."""
for _technique, _probe in PACKET_PROBES.items():
    _HAS_PORTS[_technique] = any(one.number in FIXED_PORTS for one in _probe.over.values())
_ASKS_PROTOCOL = np.zeros(256, np.bool_)
_ASKS_PROTOCOL[list(PROTOCOL_TECHNIQUES)] = True


class SinglePort(SourcePorts):
    """Every TCP, UDP and SCTP probe comes from the port ``single``. ICMP, which has no ports, keeps
    the window that starts at ``base`` for its identifiers."""

    def __init__(self, single: int, base: int) -> None:
        super().__init__(base)
        self.single: int = single
        self._in_use: set[int] = set()

    def of(self, probes: ProbeBatch) -> NDArray[np.uint16]:
        """Source ports (n,) of probes."""
        ports = super().of(probes)
        ports[_have_ports(probes)] = self.single
        return ports

    def note(self, probes: ProbeBatch) -> None:
        """Probes are about to leave: their techniques and copies must be tried from now on."""
        some = probes[_have_ports(probes)]
        copies = some["attempt"] % ATTEMPTS
        self._in_use.update(distinct(some["technique"].astype(np.uint16) << 8 | copies).tolist())

    def readings(self) -> Iterator[SourcePorts]:
        """ICMP's reading, then one for each technique and copy in use."""
        yield self
        for one in sorted(self._in_use):
            yield _Reading(self.single, one >> 8, one & 0xFF)


class _Reading(SourcePorts):
    """What an answer to the port ``single`` means if it answers copy ``attempt`` of a technique."""

    def __init__(self, single: int, technique: int, attempt: int) -> None:
        super().__init__(single)
        self._technique, self._attempt = technique, attempt

    def meaning(self, ports: NDArray[np.uint16]) -> PortMeaning:
        protocol = PACKET_PROBES[self._technique].protocol
        said = (self._technique, protocol, self._attempt)
        return PortMeaning(self.ours(ports), *(np.full(len(ports), one, np.uint8) for one in said))

    def ours(self, ports: NDArray[np.uint16]) -> NDArray[np.bool_]:
        ours: NDArray[np.bool_] = ports == self.base
        return ours


def _have_ports(probes: ProbeBatch) -> NDArray[np.bool_]:
    """Which probes have ports; one that asks for a protocol does where that protocol has them."""
    asked = _ASKS_PROTOCOL[probes["technique"]] & np.isin(probes["port"], list(FIXED_PORTS))
    have: NDArray[np.bool_] = _HAS_PORTS[probes["technique"]] | asked
    return have


class ReservedSinglePort:
    """The source port of ``options`` on the addresses that probes can come from.

    Over TCP it stays bound (without listening, so the kernel still answers with RST) until close();
    over UDP it is only seen to be free. Raises TransportUnavailable.
    """

    def __init__(self, options: PacketOptions) -> None:
        port = options.source_port or 0
        self._bound: list[socket.socket] = []
        self.ports = SinglePort(port, _window_without(port))
        try:
            for address in _addresses(options):
                self._reserve(address, port)
        except BaseException:
            self.close()
            raise

    def _reserve(self, address: str, port: int) -> None:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
            self._bound.append(bound)
            try:
                bound.bind((address, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise TransportUnavailable(
                        f"the source port {port} is used by another program on {address}\n"
                        "choose another port, or the address to send from with -S"
                    ) from error
                # An address that has just gone, or a link-local one, which needs its interface.
            if kind == socket.SOCK_DGRAM:
                self._bound.pop().close()

    def close(self) -> None:
        """Let go of the port. Idempotent."""
        for bound in self._bound:
            bound.close()
        self._bound.clear()


def reserve_ports(options: PacketOptions) -> ReservedPorts | ReservedSinglePort:
    """The source ports that ``options`` want. Raises TransportUnavailable, OSError."""
    return ReservedPorts() if options.source_port is None else ReservedSinglePort(options)


def _window_without(port: int) -> int:
    """The base of a window for identifiers that does not hold ``port``."""
    while True:
        base = LOWEST_BASE + int.from_bytes(os.urandom(4), "big") % (HIGHEST_BASE - LOWEST_BASE + 1)
        if not base <= port < base + WINDOW:
            return base


def _addresses(options: PacketOptions) -> Sequence[str]:
    """Our addresses that probes may come from. Each is bound by itself: a name service that listens
    on some 127.0.0.53 is no hindrance."""
    if options.source_address:
        return (options.source_address,)
    from engine.host.interfaces import local_networks

    return [
        network.address
        for network in local_networks()
        if not options.interface or network.interface == options.interface or network.is_loopback
    ]

"""Probes as IP packets: the technique's segments inside headers of ours."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, as_bytes
from engine.core.token import ProbeTokens
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.techniques.registry import PACKET_PROBES, TCP_SCANS
from engine.techniques.tcp import TcpProbe
from engine.transport.packet.headers import Envelope, identifiers, write_packets
from engine.transport.packet.padding import Padding
from engine.transport.packet.source_ports import ATTEMPTS, SourcePorts
from engine.transport.packet.sources import SourceAddresses

_TTL_FROM, _TTL_SPAN = 37, 23

_EXIST = np.zeros((7, 256), np.bool_)
"""Whether there are packets, by IP version and technique."""
for _technique, _probe in PACKET_PROBES.items():
    _EXIST[list(_probe.over), _technique] = True


class ProbePackets:
    """Builds the packets of a scan; the same probe gives the same bytes each time.

    Unless ``options`` say otherwise, the time to live is drawn once per scan from 37-59, so that
    no one value marks the scanner.
    """

    def __init__(
        self,
        book: AddressBook,
        tokens: ProbeTokens,
        ports: SourcePorts,
        sources: SourceAddresses,
        options: PacketOptions = AS_USUAL,
    ) -> None:
        self._book = book
        self._tokens = tokens
        self._ports = ports
        self._sources = sources
        self._ttl = options.ttl or _TTL_FROM + os.urandom(1)[0] % _TTL_SPAN
        self._padding = Padding(os.urandom(options.data_length))
        self._flags = options.tcp_flags

    def exist(self, probes: ProbeBatch) -> NDArray[np.bool_]:
        """Which probes (n,) can be built: their techniques are packets over the hosts' versions."""
        possible: NDArray[np.bool_] = _EXIST[
            self._book.families(probes["host"]), probes["technique"]
        ]
        return possible

    def build(
        self, probes: ProbeBatch, version: int, headroom: int = 0
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """Rows (n, width) with the packets of probes of one technique and IP version behind
        ``headroom`` unset bytes, and their lengths (headroom included). Raises KeyError for a
        technique that sends no packets over this version."""
        probes = as_bytes(probes).copy().view(probes.dtype)
        probes["attempt"] &= ATTEMPTS - 1  # what the source port can say is what an answer names
        tokens = self._tokens.of(probes)
        technique = int(probes["technique"][0])
        number, build = PACKET_PROBES[technique].over[version]
        if self._flags is not None and isinstance(build, TcpProbe) and technique in TCP_SCANS:
            build = build.with_flags(self._flags)
        segments = build(probes["port"], self._ports.of(probes), tokens)
        numbers = number if number is not None else probes["port"].astype(np.uint8)
        envelope = Envelope(
            sources=self._sources.of(probes["host"], 4 if version == 4 else 16),
            destinations=self.destinations(probes["host"], version),
            identifiers=identifiers(tokens),
            ttl=self._ttl,
            numbers=numbers,
        )
        return write_packets(self._padding.behind(segments, numbers), envelope, headroom)

    def destinations(self, hosts: NDArray[np.uint32], version: int) -> NDArray[np.uint8]:
        """Addresses (n, 4) or (n, 16) of hosts of one IP version."""
        if version == 4:
            return self._book.v4(hosts).astype(">u4").view(np.uint8).reshape(-1, 4)
        return self._book.v6(hosts)

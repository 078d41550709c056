"""What matching packets to probes is made of: what we sent, and the verdict about a packet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from typing import Protocol as Interface

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from engine.core.batch import REPLY
from engine.core.distinct import distinct_bytes
from engine.core.token import ProbeTokens
from engine.techniques.answer import FROM_TARGET, AnswerKind
from engine.techniques.registry import PROTOCOL_TECHNIQUES
from engine.transport.packet.headers import identifiers
from engine.transport.packet.ip_reader import IpHeaders
from engine.transport.packet.source_ports import SourcePorts
from engine.transport.packet.sources import SourceAddresses
from engine.transport.packet.tcp_echo import TcpEcho

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


class Addresses(Interface):
    """The part of an AddressBook that matching needs."""

    def find_v4(self, addresses: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Host index of each address; -1 for strangers."""

    def find_v6(self, addresses: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Host index of each address; -1 for strangers."""


class Sent(Struct, frozen=True):
    """What we sent, as far as answers must agree with it.

    ``echo`` is what TCP answers must give back. ``protocol_askers`` are the PROTOCOL_TECHNIQUES in
    use: only to them are packets of any protocol answers.
    """

    book: Addresses
    tokens: ProbeTokens
    ports: SourcePorts
    sources: SourceAddresses
    protocol_askers: set[int] = field(default_factory=set)
    echo: TcpEcho = field(default_factory=TcpEcho)

    def readings(self) -> Iterator[Sent]:
        """The ways to read an answer, each in turn: one where source ports say it all."""
        first, *others = self.ports.readings()
        yield self if first is self.ports else replace(self, ports=first)
        for ports in others:
            yield replace(self, ports=ports, protocol_askers=set())

    def note_askers(self, techniques: NDArray[np.uint8]) -> bool:
        """Note which techniques of probes about to leave ask for protocols; True when the first of
        them does."""
        first = not self.protocol_askers
        self.protocol_askers.update(PROTOCOL_TECHNIQUES.intersection(distinct_bytes(techniques)))
        return first and bool(self.protocol_askers)

    def hosts(self, addresses: Bytes) -> NDArray[np.int64]:
        """Host index of each address (n, 4) or (n, 16); -1 for strangers."""
        if addresses.shape[1] == 4:
            numbers = np.ascontiguousarray(addresses).view(">u4")[:, 0].astype(np.uint32)
            return self.book.find_v4(numbers)
        return self.book.find_v6(np.ascontiguousarray(addresses))


class Verdict(Struct, frozen=True):
    """About n packets: the answers they would be, which of them count, which concern us at all."""

    records: NDArray[np.void]
    accepted: Bools
    concerning: Bools


def new_records(
    hosts: NDArray[np.int64], ports: NDArray[np.uint16], headers: IpHeaders
) -> NDArray[np.void]:
    """REPLY records of packets with these IP headers; host 0 stands in for strangers (-1)."""
    records = np.zeros(len(hosts), REPLY)
    records["host"] = np.maximum(hosts, 0)
    records["port"] = ports
    records["ttl"] = headers.ttl
    return records


def set_answer(
    records: NDArray[np.void], kind: AnswerKind, detail: Any, from_target: Bools | bool
) -> None:
    """Put answer codes into records; ``detail`` as answer_code() takes it, one or one each."""
    sender = np.where(from_target, np.uint32(FROM_TARGET), np.uint32(0))
    records["answer"] = np.uint32(kind << 24) | sender | detail


def marks(version: int, tokens: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """What the IP headers of probes with these tokens have as IPv4 identification or flow label."""
    return identifiers(tokens) & np.uint32(0xFFFF if version == 4 else 0xFFFFF)


def mark_of(version: int, headers: NDArray[np.void]) -> NDArray[np.uint32]:
    """The mark in IP headers (n,), as IPV4 or IPV6."""
    if version == 4:
        return headers["identifier"].astype(np.uint32)
    return headers["version_label"].astype(np.uint32) & np.uint32(0xFFFFF)


def same_address(one: Bytes, other: Bytes) -> Bools:
    """Whether addresses (n, 4) or (n, 16) are equal, row by row."""
    word = np.uint32 if one.shape[1] == 4 else np.uint64
    equal = np.ascontiguousarray(one).view(word) == np.ascontiguousarray(other).view(word)
    same: Bools = np.all(equal, axis=1)
    return same

"""A million forged packets during a scan change no port's state.

Most are near misses: true answers, and errors that quote true probes, with one thing wrong. A
forger who does not see our packets can do no better than guess the rest. What has no token to
guess (datagrams, and the IP header alone) has a wrong address or port here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.batch import PROBE, ProbeBatch, ReplyBatch, SendReport
from engine.core.scan_core import ScanCore
from engine.results.store import Store
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from engine.techniques.answer import ACK, RST, SYN
from engine.techniques.sctp import ABORT, INIT_ACK, SCTP_HEADER
from engine.techniques.tcp import TCP_HEADER
from engine.techniques.technique import Segments
from engine.techniques.udp import UDP_HEADER
from engine.transport.packet.headers import ICMP, ICMPV6, SCTP, TCP, UDP, Envelope, write_packets
from engine.transport.packet.matching import match_replies
from engine.transport.packet.probe_packets import ProbePackets
from tests.engine.transport.test_packet_matching import BOOK, HOSTS, NAMES, SENT

Rows = NDArray[np.uint8]
BATCH = 10_000
VERSIONS = (4, 6)
TYPES = (ScanType.SYN, ScanType.UDP, ScanType.SCTP_INIT)
PORTS = np.arange(1, 2001, dtype=np.uint32)
SIZE = {4: 4, 6: 16}
HEADER = {4: 20, 6: 40}
RANDOM = np.random.default_rng(20)


def asked(version: int, scan_type: ScanType, count: int) -> ProbeBatch:
    """Probes that have left, in random order."""
    probes = np.zeros(count, PROBE)
    probes["host"] = NAMES.index(HOSTS[version][0])
    probes["port"] = RANDOM.choice(PORTS, count)
    probes["technique"], probes["protocol"] = scan_type, scan_type.protocol
    return probes


def addresses(version: int, probes: ProbeBatch) -> tuple[Rows, Rows]:
    """The target's and ours."""
    theirs = BOOK.v4(probes["host"]).astype(">u4").view(np.uint8).reshape(-1, 4)
    if version == 6:
        theirs = BOOK.v6(probes["host"])
    return theirs.copy(), SENT.sources.of(probes["host"], SIZE[version]).copy()


def wrapped(version: int, number: int, data: Rows, source: Rows, destination: Rows) -> Rows:
    lengths = np.full(len(data), data.shape[1], np.uint16)
    marks = RANDOM.integers(0, 1 << 20, len(data), np.uint32)
    envelope = Envelope(source, destination, marks, 60, number)
    return write_packets(Segments(data, lengths), envelope)[0]


def octets(segments: NDArray[np.void]) -> Rows:
    return segments.view(np.uint8).reshape(len(segments), -1)


def answers(version: int, probes: ProbeBatch) -> tuple[int, NDArray[np.void]]:
    """True answers: the IP protocol's number, and the segments."""
    tokens, our_ports = SENT.tokens.of(probes), SENT.ports.of(probes)
    scan_type = ScanType(int(probes["technique"][0]))
    kind = {ScanType.SYN: TCP_HEADER, ScanType.UDP: UDP_HEADER}.get(scan_type, SCTP_HEADER)
    segments = np.zeros(len(probes), kind)
    segments["source_port"], segments["destination_port"] = probes["port"], our_ports
    if scan_type is ScanType.SYN:
        segments["flags"] = RANDOM.choice([SYN | ACK, RST | ACK], len(probes))
        segments["acknowledgment"] = tokens + np.uint32(1)
        segments["data_offset"] = 0x50
        return TCP, segments
    if scan_type is ScanType.UDP:
        segments["length"] = UDP_HEADER.itemsize
        return UDP, segments
    segments["verification_tag"] = tokens
    segments["chunk_type"] = RANDOM.choice([INIT_ACK, ABORT], len(probes))
    return SCTP, segments


TOKEN_AT = {ScanType.SYN: "acknowledgment", ScanType.SCTP_INIT: "verification_tag"}
Forger = Callable[[int, ScanType], Rows]


def nonzero(count: int, limit: int = 1 << 32) -> NDArray[np.int64]:
    return RANDOM.integers(1, limit, count)


def true_answers(version: int, scan_type: ScanType) -> Rows:
    probes = asked(version, scan_type, BATCH)
    number, segments = answers(version, probes)
    return wrapped(version, number, octets(segments), *addresses(version, probes))


def with_another_token(version: int, scan_type: ScanType) -> Rows:
    probes = asked(version, scan_type, BATCH)
    number, segments = answers(version, probes)
    if scan_type in TOKEN_AT:
        segments[TOKEN_AT[scan_type]] ^= nonzero(BATCH).astype(np.uint32)
    else:
        segments["source_port"] += np.uint16(len(PORTS))
    return wrapped(version, number, octets(segments), *addresses(version, probes))


def from_another_port(version: int, scan_type: ScanType) -> Rows:
    probes = asked(version, scan_type, BATCH)
    number, segments = answers(version, probes)
    beyond = len(PORTS) if scan_type is ScanType.UDP else 1
    segments["source_port"] += (beyond + nonzero(BATCH, 30_000)).astype(np.uint16)
    return wrapped(version, number, octets(segments), *addresses(version, probes))


def to_another_port(version: int, scan_type: ScanType) -> Rows:
    """Other techniques' ports and, where there is a token, other copies' ports."""
    probes = asked(version, scan_type, BATCH)
    number, segments = answers(version, probes)
    first = 16 if scan_type is ScanType.UDP else 1
    segments["destination_port"] += (first + nonzero(BATCH, 60_000)).astype(np.uint16)
    return wrapped(version, number, octets(segments), *addresses(version, probes))


def from_another_address(version: int, scan_type: ScanType) -> Rows:
    probes = asked(version, scan_type, BATCH)
    number, segments = answers(version, probes)
    theirs, ours = addresses(version, probes)
    theirs[:, -2] ^= nonzero(BATCH, 256).astype(np.uint8)
    return wrapped(version, number, octets(segments), theirs, ours)


def to_another_address(version: int, scan_type: ScanType) -> Rows:
    probes = asked(version, scan_type, BATCH)
    number, segments = answers(version, probes)
    theirs, ours = addresses(version, probes)
    ours[:, -2] ^= nonzero(BATCH, 256).astype(np.uint8)
    return wrapped(version, number, octets(segments), theirs, ours)


def unreachable(version: int, quoted: Rows, source: Rows, destination: Rows) -> Rows:
    head = np.zeros((len(quoted), 8), np.uint8)
    head[:, 0], head[:, 1] = (3, 3) if version == 4 else (1, 4)
    number = ICMP if version == 4 else ICMPV6
    return wrapped(version, number, np.hstack([head, quoted]), source, destination)


def quotes(version: int, scan_type: ScanType) -> tuple[ProbeBatch, Rows]:
    """Probes, and what routers quote of them: all of the headers or eight bytes."""
    probes = asked(version, scan_type, BATCH)
    packets, _ = ProbePackets(BOOK, SENT.tokens, SENT.ports, SENT.sources).build(probes, version)
    kept = int(RANDOM.choice([8, 36 if scan_type is not ScanType.UDP else 8]))
    return probes, packets[:, : HEADER[version] + kept].copy()


def quoting(at: Callable[[int], int], scan_types: tuple[ScanType, ...]) -> Forger:
    """Errors about probes one byte of which is wrong, at a place that depends on the version."""

    def forge(version: int, scan_type: ScanType) -> Rows:
        if scan_type not in scan_types:
            return with_another_token(version, scan_type)
        probes, quoted = quotes(version, scan_type)
        quoted[:, at(version)] ^= nonzero(BATCH, 256).astype(np.uint8)
        theirs, ours = addresses(version, probes)
        return unreachable(version, quoted, theirs, ours)

    return forge


TOKENED = (ScanType.SYN, ScanType.SCTP_INIT)
FORGERS: dict[str, Forger] = {
    "another token": with_another_token,
    "from another port": from_another_port,
    "to another port": to_another_port,
    "from another address": from_another_address,
    "to another address": to_another_address,
    "quoting another target": quoting(lambda version: 18 if version == 4 else 38, TYPES),
    "quoting another sender": quoting(lambda version: 14 if version == 4 else 22, TYPES),
    "quoting another protocol": quoting(lambda version: 9 if version == 4 else 6, TYPES),
    "quoting a far source port": quoting(lambda version: HEADER[version], TYPES),
    "quoting another port": quoting(lambda version: HEADER[version] + 3, TOKENED),
    "quoting another copy": quoting(lambda version: HEADER[version] + 1, TOKENED),
    "quoting another token": quoting(lambda version: HEADER[version] + 6, TOKENED),
}


def match(packets: Rows, now: float = 1.0) -> ReplyBatch:
    lengths = np.full(len(packets), packets.shape[1], np.uint32)
    return match_replies(packets, lengths, SENT, now)


class Scan:
    """A scan whose probes have all left; nothing has come back."""

    def __init__(self) -> None:
        self.store = Store(BOOK.count, np.empty(0, np.uint32))
        channels = [np.uint32(one.protocol << 16) | PORTS for one in TYPES]
        self.store.grow(BOOK.count, np.concatenate(channels))
        self.core = ScanCore(self.store, TYPES, TEMPLATES[5], seed=1)
        hosts = np.array([NAMES.index(HOSTS[version][0]) for version in VERSIONS], np.uint32)
        for some in channels:
            self.core.admit(hosts, some)
        now = 0.0
        while self.core.unsent and now < 60:
            batch = self.core.poll(now).batch
            self.core.sent(now, batch, SendReport(np.full(len(batch), now)))
            now += 0.001
        assert not self.core.unsent
        self.now = now

    def feed(self, packets: Rows) -> None:
        self.core.feed(self.now, match(packets, self.now))

    @property
    def decided_by_answers(self) -> int:
        return self.core.answered_total


@pytest.fixture(scope="module")
def scan() -> Scan:
    return Scan()


def test_near_misses_and_noise_decide_nothing_and_true_answers_do(scan: Scan) -> None:
    told = 0
    for version in VERSIONS:
        for name, forger in FORGERS.items():
            for scan_type in TYPES:
                packets = forger(version, scan_type)
                told += len(packets)
                scan.feed(packets)
                assert not scan.decided_by_answers, (name, version, scan_type)
    while told < 1_000_000:
        noise = RANDOM.integers(0, 256, (BATCH, 100), np.uint8)
        noise[:, 0] = RANDOM.choice([0x45, 0x60], BATCH)
        told += len(noise)
        scan.feed(noise)
    assert not scan.decided_by_answers
    for version in VERSIONS:
        for scan_type in TYPES:
            scan.feed(true_answers(version, scan_type))
    assert told >= 1_000_000
    assert scan.decided_by_answers > 5 * len(PORTS)


def test_every_forger_s_packets_are_one_change_away_from_an_answer() -> None:
    for version in VERSIONS:
        for scan_type in TYPES:
            assert len(match(true_answers(version, scan_type))) == BATCH
            probes, quoted = quotes(version, scan_type)
            replies = match(unreachable(version, quoted, *addresses(version, probes)))
            assert len(replies) == BATCH
            assert replies.records["port"].tolist() == probes["port"].tolist()
            assert set(replies.records["protocol"].tolist()) == {scan_type.protocol}

"""Scan reports made by hand, without a scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.discovery.verdict import HOST_VERDICT
from engine.results.host_table import HostTable
from engine.results.host_view import NO_HOSTS, HostView
from engine.results.report import ScanReport
from engine.results.snapshot import Phase, Snapshot
from engine.results.store import Store
from engine.spec.host_state import HostState
from engine.spec.ping import DiscoverySpec
from engine.spec.port_set import PortSet
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.target_set import TargetSet
from engine.spec.timing import DEFAULT_TEMPLATE


class Decision(NamedTuple):
    host: int
    protocol: Protocol
    port: int
    state: PortState
    reason: Reason
    technique: ScanType = ScanType.SYN
    ttl: int = 64
    flags: int = 0
    rtt: float = 0.5


@dataclass
class HandNames:
    addresses: Sequence[str]
    names: dict[int, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.addresses)

    def text(self, host: int) -> str:
        return self.addresses[host]

    def name(self, host: int) -> str:
        return self.names.get(host, "")

    def sort_keys(self, hosts: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        return np.arange(len(self.addresses)) if hosts is None else hosts.astype(np.int64)


def build_report(
    decisions: Sequence[Decision],
    *,
    addresses: Sequence[str] = ("10.0.0.1",),
    names: dict[int, str] | None = None,
    undecided: Sequence[int] = (),
    phase: Phase = Phase.FINISHED,
    problems: dict[int, str] | None = None,
    skipped: frozenset[int] = frozenset(),
    scan_types: tuple[ScanType, ...] = (ScanType.SYN,),
    command: str = "pyscan -sS 10.0.0.1",
    target_problems: tuple[tuple[str, str], ...] = (),
    host_rtt: Sequence[float] = (),
    failure: str = "",
    hosts: HostView = NO_HOSTS,
    discovery: DiscoverySpec | None = None,
    scan_ports: bool = True,
    admitted: Sequence[int] | None = None,
) -> ScanReport:
    """Channels are those of the decisions, in their order, and the ``undecided`` TCP ports. All
    hosts are ``admitted`` to the port scan unless some are named."""
    channels = dict.fromkeys(one.protocol << 16 | one.port for one in decisions)
    channels.update(dict.fromkeys(undecided))
    store = Store(len(addresses), np.array(list(channels), np.uint32))
    store.admit(np.array(range(len(addresses)) if admitted is None else admitted, np.uint32))
    columns = {channel: column for column, channel in enumerate(channels)}
    width = max(1, len(channels))
    for serial, one in enumerate(decisions):
        at = one.host * width + columns[one.protocol << 16 | one.port]
        store.decide(
            np.array([at]), state=one.state, reason=one.reason, technique=one.technique,
            ttl=one.ttl, flags=one.flags, rtt=one.rtt, clock=serial * 10 + 1,
        )  # fmt: skip
    view = store.snapshot()
    total = len(addresses) * len(channels)
    ports = PortSet.of((Protocol(c >> 16), c & 0xFFFF, c & 0xFFFF) for c in channels)
    spec = ScanSpec(
        TargetSet.empty(), ports, scan_types, command=command, discovery=discovery,
        scan_ports=scan_ports,
    )  # fmt: skip
    snapshot = Snapshot(
        serial=1,
        phase=phase,
        view=view,
        names=HandNames(addresses, names or {}),
        scan_types=scan_types,
        timing=DEFAULT_TEMPLATE,
        progress=Progress(elapsed=1.5, total=total, decided=len(decisions), sent=len(decisions)),
        host_rtt=np.array(host_rtt, np.float32),
        problems=problems or {},
        skipped=skipped,
        started_at=1_795_230_000.0,
        failure=failure,
        hosts=hosts,
    )
    return ScanReport(spec, snapshot, 1_795_230_001.5, target_problems)


def known_hosts(
    verdicts: Sequence[tuple[int, HostState, Reason]],
    *,
    names: dict[int, str] | None = None,
    hardware: dict[int, bytes] | None = None,
) -> HostView:
    """What discovery knows: (host, state, reason), each answered after 1 ms."""
    table = HostTable(max((host for host, _, _ in verdicts), default=0) + 1)
    records = np.zeros(len(verdicts), HOST_VERDICT)
    for record, (host, state, reason) in zip(records, verdicts, strict=True):
        record["host"], record["state"], record["reason"] = host, state, reason
        record["rtt"] = 0.001 if state is HostState.UP else float("nan")
    table.note(records)
    for host, name in (names or {}).items():
        table.set_name(host, name)
    for host, address in (hardware or {}).items():
        table.set_hardware(host, address)
    return table.snapshot()


def closed_ports(host: int, first: int, last: int) -> list[Decision]:
    return [
        Decision(host, Protocol.TCP, port, PortState.CLOSED, Reason.RESET)
        for port in range(first, last + 1)
    ]


@pytest.fixture
def many() -> Callable[[PortState, int], list[Decision]]:
    """``many(state, n)``: n TCP ports of one host, all in one state."""
    return lambda state, count: [
        Decision(0, Protocol.TCP, port, state, Reason.RESET) for port in range(1, count + 1)
    ]


@pytest.fixture
def decision() -> type[Decision]:
    return Decision


@pytest.fixture
def report_of() -> Callable[..., ScanReport]:
    return build_report


@pytest.fixture
def hosts_of() -> Callable[..., HostView]:
    return known_hosts


@pytest.fixture
def swept() -> ScanReport:
    """A ping scan: two hosts up, three down for two reasons, one that was not asked."""
    up, down = HostState.UP, HostState.DOWN
    hosts = known_hosts(
        [(0, up, Reason.ARP_RESPONSE), (1, down, Reason.NO_RESPONSE), (2, up, Reason.ECHO_REPLY),
         (3, down, Reason.NO_RESPONSE), (4, down, Reason.HOST_UNREACH)],
        names={0: "gate.example"},
        hardware={0: bytes.fromhex("020000abcdef")},
    )  # fmt: skip
    return build_report(
        [], addresses=[f"10.0.0.{n}" for n in range(1, 7)], hosts=hosts, admitted=(),
        discovery=DiscoverySpec(), scan_ports=False, command="pyscan -sn 10.0.0.1-6",
    )  # fmt: skip


@pytest.fixture
def mixed() -> ScanReport:
    """A named host with open, many closed and some UDP ports, a silent, a failed, an IPv6 host."""
    tcp, udp = Protocol.TCP, Protocol.UDP
    decisions = [
        Decision(0, tcp, 443, PortState.OPEN, Reason.SYN_ACK),
        Decision(0, tcp, 22, PortState.OPEN, Reason.SYN_ACK),
        *closed_ports(0, 1000, 1039),
        Decision(0, tcp, 25, PortState.FILTERED, Reason.ADMIN_PROHIBITED, ttl=63, flags=2),
        Decision(0, udp, 53, PortState.OPEN, Reason.UDP_RESPONSE, ScanType.UDP),
        Decision(0, udp, 161, PortState.OPEN_FILTERED, Reason.NO_RESPONSE, ScanType.UDP, 0,
                 rtt=float("nan")),
        Decision(1, tcp, 22, PortState.FILTERED, Reason.NO_RESPONSE, ttl=0, rtt=float("nan")),
        Decision(3, tcp, 22, PortState.CLOSED, Reason.RESET),
    ]  # fmt: skip
    return build_report(
        decisions,
        addresses=("10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"),
        names={0: "web.example"},
        problems={2: "no route to host"},
        scan_types=(ScanType.SYN, ScanType.UDP),
        target_problems=(("nowhere.invalid", "does not resolve (Name or service not known)"),),
        host_rtt=(0.00044, float("nan"), float("nan"), 0.0021),
        command="pyscan -sSU --reason -p- web.example 10.0.0.2",
    )

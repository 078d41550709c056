"""What two techniques say together, held against real firewalls that are known to us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from engine.explain.combined import combine
from engine.results.layers import EarlierResult
from engine.results.row import Row
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from tests.lab.hosts import HostPlan
from tests.lab.network import Lab, load_firewall
from tests.lab.nmap_oracle import Outcomes
from tests.lab.pyscan_run import pyscan_outcomes

pytestmark = pytest.mark.root

BEGINS_WITH_SYN = "tcp flags & (fin | syn | rst | ack) == syn"
FIREWALL = f"""
table inet walls {{
    chain incoming {{
        type filter hook input priority 0; policy accept;
        tcp dport {{ 101, 102 }} {BEGINS_WITH_SYN} ct state new accept
        tcp dport {{ 101, 102 }} ct state established accept
        tcp dport {{ 101, 102 }} drop
        tcp dport {{ 111, 112 }} ct state new, established accept
        tcp dport {{ 111, 112 }} drop
        tcp dport {{ 121, 122 }} {BEGINS_WITH_SYN} drop
        tcp dport {{ 131, 132 }} ct state established accept
        tcp dport {{ 131, 132 }} drop
        tcp dport 142 reject with tcp reset
    }}
}}
"""
"""Ports that end in 1 have a listener. 101: stateful, connections begin with a SYN; 111: stateful
as Linux does it by itself; 121: stateless; 131: stateful, nothing new gets in; 142: resets."""
LISTENING = (101, 111, 121, 131, 151)
PORTS = (*LISTENING, 102, 112, 122, 132, 142, 152)
SCANS = (ScanType.ACK, ScanType.FIN, ScanType.SYN)


@dataclass(frozen=True)
class Findings:
    """What each scan found at the ports."""

    by_scan: Mapping[ScanType, Outcomes]

    def result(self, scan: ScanType, port: int) -> EarlierResult:
        state, reason = self.by_scan[scan]["tcp", port]
        return EarlierResult(scan, PortState.from_label(state), Reason.from_label(reason))

    def together(self, port: int, one: ScanType, other: ScanType) -> str:
        last = self.result(other, port)
        row = Row(
            key=port, host=0, address="", name="", protocol=Protocol.TCP, port=port,
            state=last.state, reason=last.reason, service="", technique=other, ttl=64, tries=1,
            rtt=None, time=0.0, stale=False, foreign=False,
        )  # fmt: skip
        return combine(row, [self.result(one, port)])


@pytest.fixture(scope="module")
def findings() -> Iterator[Findings]:
    with Lab() as lab:
        host = lab.add(HostPlan("walled", tcp_open=LISTENING))
        load_firewall(host.namespace, FIREWALL)
        yield Findings(
            {scan: pyscan_outcomes(lab, scan.option, PORTS, host.ipv4) for scan in SCANS}
        )


SYN, ACK, FIN = ScanType.SYN, ScanType.ACK, ScanType.FIN


@pytest.mark.parametrize(
    ("port", "one", "other", "said"),
    [
        (101, SYN, ACK, "a stateful filter"),
        (102, SYN, ACK, "a stateful filter lets new connections to this port in but nothing"),
        (102, SYN, FIN, "it keeps track of connections"),
        (111, SYN, ACK, "it takes the ACK for a new connection, as Linux does"),
        (112, SYN, FIN, "it keeps track of connections"),
        (121, SYN, ACK, "stateless"),
        (122, SYN, ACK, "stateless"),
        (122, SYN, FIN, "stateless"),
        (121, ACK, FIN, "the port is likely open"),
        (122, ACK, FIN, "the port is closed"),
        (131, SYN, ACK, "A stateful filter closed to new connections"),
        (132, SYN, ACK, "A stateful filter closed to new connections"),
        (132, SYN, FIN, "the filter drops both"),
        (142, SYN, ACK, "a filter refuses with resets in the host's name"),
        (151, SYN, ACK, "no filter guards this port"),
        (151, SYN, FIN, "As expected of an open port"),
        (152, SYN, ACK, "nothing listens and no filter hides it"),
        (152, SYN, FIN, "no filter drops either"),
    ],
)
def test_the_conclusion_is_true(
    findings: Findings, port: int, one: ScanType, other: ScanType, said: str
) -> None:
    assert said in findings.together(port, one, other)
    assert said in findings.together(port, other, one)


def test_only_the_filter_without_memory_is_called_stateless(findings: Findings) -> None:
    pairs = ((SYN, ACK), (SYN, FIN), (ACK, FIN))
    called = {
        port for port in PORTS for pair in pairs if "stateless" in findings.together(port, *pair)
    }
    assert called == {121, 122}

"""Over a slow, lossy link every port still gets its true state and reason."""

from __future__ import annotations

import pytest

from tests.lab.diff import difference
from tests.lab.hosts import HostPlan, protocol_of
from tests.lab.network import Lab, last_counts
from tests.lab.pyscan_run import pyscan_outcomes
from tests.lab.slow_link import LinkQuality

DISTANT = HostPlan(
    "distant",
    tcp_open=tuple(range(1000, 1600, 15)),
    udp_services=dict.fromkeys(range(1000, 1200, 10), "echo"),
)
PORTS = {"-sS": range(1000, 1600), "-sT": range(1000, 1600), "-sU": range(1000, 1200)}


@pytest.mark.root
@pytest.mark.parametrize("scan", ["-sS", "-sT", "-sU"])
def test_every_port_is_right_at_20_ms_and_5_percent_loss(scan: str) -> None:
    with Lab() as lab:
        host = lab.add(DISTANT, LinkQuality(delay=0.010, loss=0.05, seed=11))
        ours = pyscan_outcomes(lab, scan, PORTS[scan], host.ipv4)
        counts = last_counts(lab.relays[-1])
    truth = {(protocol_of(scan), port): DISTANT.truth(scan, port, 4) for port in PORTS[scan]}
    assert counts["outward"]["lost"] and counts["inward"]["lost"]
    assert ours == truth, difference("built", truth, "pyscan", ours)

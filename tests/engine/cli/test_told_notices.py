"""What a scan does otherwise than asked is logged, and kept for reports and screens."""

from __future__ import annotations

import json

import pytest

from engine.spec.ping import PingKind
from tests.engine.cli.commanded_scan import CommandedScan
from tests.engine.core.simulated_scan import MeasuredTransport

HOST = '[[host]]\naddress = "10.0.0.1"\n[host.tcp]\nopen = "22"\n'


def test_what_transport_and_discovery_do_instead_is_in_the_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MeasuredTransport, "notes", ("answers go elsewhere",))
    monkeypatch.setattr(MeasuredTransport, "pings", frozenset({PingKind.CONNECT}))
    scan = CommandedScan("-PE -sT -p 22 10.0.0.1", HOST).run()
    first, second = json.loads(scan.written("json"))["summary"]["notices"]
    assert first == "answers go elsewhere"
    assert "ICMP echo" in second
    logged = [line.text for line in scan.runner.log.lines(0, 0)]
    assert logged[:2] == [first, second] == list(scan.runner.publish().notices)

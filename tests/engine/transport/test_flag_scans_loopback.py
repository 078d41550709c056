"""Probes without SYN against this machine's own stack, through both raw channels."""

from __future__ import annotations

import socket

import pytest

from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from tests.engine.transport.both_channels import Ask, ask_by_packets, ask_by_scapy

pytestmark = pytest.mark.root
ANSWERED_WHEN_OPEN = {
    ScanType.ACK: PortState.UNFILTERED,
    ScanType.WINDOW: PortState.CLOSED,
    ScanType.MAIMON: PortState.CLOSED,
}
SILENT_WHEN_OPEN = (ScanType.NULL, ScanType.FIN, ScanType.XMAS)
CLOSED_PORTS = [1, 2, 3]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("ask", [ask_by_packets, ask_by_scapy])
def test_open_and_closed_ports_of_this_machine(ask: Ask, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        opened = listener.getsockname()[1]
        ports = [*CLOSED_PORTS, opened]
        for scan_type, state in ANSWERED_WHEN_OPEN.items():
            assert ask(address, scan_type, ports, len(ports)) == dict.fromkeys(ports, state)
        for scan_type in SILENT_WHEN_OPEN:
            found = ask(address, scan_type, ports, len(CLOSED_PORTS))
            assert found == dict.fromkeys(CLOSED_PORTS, PortState.CLOSED)

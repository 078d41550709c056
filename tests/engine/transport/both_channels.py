"""Asks ports of this machine through either raw channel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from tests.engine.transport.packet_scanner import Scanner, scanning
from tests.engine.transport.packet_scanner import cells as many_cells
from tests.engine.transport.test_scapy_channel import cells, open_channel, scan

States = dict[int, PortState]
Ask = Callable[[str, ScanType, list[int], int], States]
"""States by port, at ``address``, after so many answers."""


def ask_by_packets(address: str, scan_type: ScanType, ports: list[int], answers: int) -> States:
    states: States = {}

    def work(scanner: Scanner) -> None:
        assert not scanner.send(many_cells(ports, scan_type)).problems
        scanner.collect(answers)
        assert scanner.rejected == 0
        states.update({port: state for (_, port), state in scanner.states.items()})

    scanning(None, address, work)
    return states


def ask_by_scapy(address: str, scan_type: ScanType, ports: list[int], answers: int) -> States:
    _, channel = open_channel(address)
    with closing(channel):
        silent = ports[answers:]
        if silent:
            assert not channel.send(cells(silent, scan_type)).problems
        return scan(channel, cells(ports[:answers], scan_type))

"""IP protocol and SCTP probes against this machine's own stack, through both raw channels."""

from __future__ import annotations

import pytest

from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from tests.engine.transport.both_channels import Ask, ask_by_packets, ask_by_scapy

pytestmark = pytest.mark.root

UNKNOWN = [61, 99, 114, 145, 200]
"""Numbers Linux speaks no protocol for."""
ICMP = {"127.0.0.1": 1, "::1": 58}


@pytest.mark.parametrize("address", ICMP)
@pytest.mark.parametrize("ask", [ask_by_packets, ask_by_scapy])
def test_protocols_this_machine_speaks_are_open_and_others_closed(ask: Ask, address: str) -> None:
    spoken = [ICMP[address], 6, 17]
    found = ask(address, ScanType.PROTOCOL, [*spoken, *UNKNOWN], len(spoken) + len(UNKNOWN))
    assert found == {
        **dict.fromkeys(spoken, PortState.OPEN),
        **dict.fromkeys(UNKNOWN, PortState.CLOSED),
    }


@pytest.mark.parametrize("address", ICMP)
@pytest.mark.parametrize("ask", [ask_by_packets, ask_by_scapy])
@pytest.mark.parametrize("scan_type", [ScanType.SCTP_INIT, ScanType.SCTP_ECHO])
def test_this_machine_aborts_or_refuses_the_whole_protocol(
    ask: Ask, address: str, scan_type: ScanType
) -> None:
    found = ask(address, scan_type, [7, 9], 2)
    assert found.keys() == {7, 9}
    # With SCTP in the kernel the ports are closed; without, the protocol is unreachable.
    assert set(found.values()) in ({PortState.CLOSED}, {PortState.FILTERED})

"""A capture can be begun and ended while a scan runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from scapy.layers.inet import TCP
from scapy.utils import rdpcap

from engine.session import ScanSession
from engine.spec.error import SpecError
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from tests.engine.core.simulated_scan import ports, targets
from tests.engine.session.driven_session import finished, wait_for


def loopback(scan_type: ScanType) -> ScanSpec:
    return ScanSpec(targets("127.0.0.1"), ports("1-20", Protocol.TCP), (scan_type,))


def rescan(session: ScanSession) -> None:
    before = session.snapshot().progress.sent
    session.rescan_all()
    wait_for(lambda: session.snapshot().progress.sent >= before + 20)
    finished(session)


@pytest.mark.root
def test_only_what_happens_in_between_is_captured(tmp_path: Path) -> None:
    session = ScanSession(loopback(ScanType.SYN))
    session.start()
    try:
        finished(session)
        session.set_capture(tmp_path / "scan.pcap")
        rescan(session)
        session.set_capture(None)
        rescan(session)
    finally:
        session.close()
    packets = rdpcap(str(tmp_path / "scan.pcap"))
    probes = [p[TCP].dport for p in packets if TCP in p and p[TCP].flags == "S"]
    assert sorted(probes) == list(range(1, 21))
    assert not session.capture_failure


def test_a_capture_that_would_stay_empty_is_refused(tmp_path: Path) -> None:
    session = ScanSession(loopback(ScanType.CONNECT))
    with pytest.raises(SpecError, match="operating system"):
        session.set_capture(tmp_path / "scan.pcap")
    session.close()


@pytest.mark.root
def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    session = ScanSession(loopback(ScanType.SYN))
    with pytest.raises(OSError, match="No such file"):
        session.set_capture(tmp_path / "nowhere" / "scan.pcap")
    session.close()

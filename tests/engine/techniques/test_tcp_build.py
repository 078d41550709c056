"""The segments of the TCP techniques without SYN, read by scapy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spec.scan_type import ScanType
from engine.techniques.registry import PACKET_TYPES, technique

FLAGS = {
    ScanType.ACK: "A",
    ScanType.WINDOW: "A",
    ScanType.MAIMON: "FA",
    ScanType.NULL: "",
    ScanType.FIN: "F",
    ScanType.XMAS: "FPU",
}
PORTS = st.integers(0, 65535)
TOKENS = st.integers(0, 2**32 - 1)


@given(st.sampled_from(list(FLAGS)), st.lists(st.tuples(PORTS, PORTS, TOKENS), max_size=20))
def test_scapy_reads_what_we_wrote(scan_type: ScanType, probes: list[tuple[int, int, int]]) -> None:
    from scapy.layers.inet import TCP

    build = technique(scan_type).build
    assert build is not None
    ports, sources, tokens = np.array(probes, np.int64).reshape(-1, 3).T
    segments = build(ports.astype(np.uint16), sources.astype(np.uint16), tokens.astype(np.uint32))
    assert segments.data.shape == (len(probes), 20)
    assert segments.length.tolist() == [20] * len(probes)
    for row, (port, source, token) in zip(segments.data, probes, strict=True):
        tcp = TCP(row.tobytes())
        assert (tcp.dport, tcp.sport, tcp.seq) == (port, source, token)
        assert tcp.ack == (token if "A" in FLAGS[scan_type] else 0)
        assert (str(tcp.flags), tcp.window, tcp.dataofs) == (FLAGS[scan_type], 1024, 5)
        assert (tcp.chksum, tcp.urgptr, tcp.options) == (0, 0, [])
        assert len(tcp.payload) == 0


@pytest.mark.parametrize("scan_type", list(FLAGS))
def test_rows_can_be_written_without_touching_the_next_batch(scan_type: ScanType) -> None:
    build = technique(scan_type).build
    assert build is not None
    one = np.array([1], np.uint16)
    token = np.array([1], np.uint32)
    before = build(one, one, token).data.tobytes()
    build(one, one, token).data[:] = 0xFF
    assert build(one, one, token).data.tobytes() == before


def test_all_types_but_connect_and_idle_are_made_of_packets() -> None:
    assert set(PACKET_TYPES) == set(ScanType) - {ScanType.CONNECT, ScanType.IDLE}

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.spec.scan_type import ScanType
from engine.techniques.registry import technique
from engine.techniques.syn import build_syn

PORTS = st.integers(0, 65535)
TOKENS = st.integers(0, 2**32 - 1)


@given(st.lists(st.tuples(PORTS, PORTS, TOKENS), max_size=20))
def test_scapy_reads_what_we_wrote(probes: list[tuple[int, int, int]]) -> None:
    from scapy.layers.inet import TCP

    ports, sources, tokens = np.array(probes, np.int64).reshape(-1, 3).T
    segments = build_syn(
        ports.astype(np.uint16), sources.astype(np.uint16), tokens.astype(np.uint32)
    )
    assert segments.data.shape == (len(probes), 24)
    assert segments.data.dtype == np.uint8
    assert segments.length.tolist() == [24] * len(probes)
    for row, (port, source, token) in zip(segments.data, probes, strict=True):
        tcp = TCP(row.tobytes())
        assert (tcp.dport, tcp.sport, tcp.seq, tcp.ack) == (port, source, token, 0)
        assert (tcp.flags, tcp.window, tcp.dataofs) == ("S", 1024, 6)
        assert (tcp.chksum, tcp.urgptr, tcp.reserved) == (0, 0, 0)
        assert tcp.options == [("MSS", 1460)]
        assert len(tcp.payload) == 0


def test_rows_can_be_written_without_touching_the_next_batch() -> None:
    one = np.array([1], np.uint16)
    build_syn(one, one, np.array([1], np.uint32)).data[:] = 0xFF
    assert build_syn(one, one, np.array([1], np.uint32)).data[0, 13] == 0x02


def test_the_registry_builds_syn_and_leaves_connect_to_the_system() -> None:
    assert technique(ScanType.SYN).build is build_syn
    assert technique(ScanType.CONNECT).build is None

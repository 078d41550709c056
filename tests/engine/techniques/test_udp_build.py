from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.techniques.payloads.registry import PAYLOADS
from engine.techniques.udp import build_udp

PORTS = st.one_of(st.sampled_from(sorted(PAYLOADS)), st.integers(0, 65535))
SOURCES = st.integers(0, 65535)
TOKENS = st.integers(0, 2**32 - 1)


@given(st.lists(st.tuples(PORTS, SOURCES, TOKENS), max_size=30))
def test_each_row_is_one_datagram(probes: list[tuple[int, int, int]]) -> None:
    ports, sources, tokens = np.array(probes, np.int64).reshape(-1, 3).T
    segments = build_udp(
        ports.astype(np.uint16), sources.astype(np.uint16), tokens.astype(np.uint32)
    )
    assert segments.data.dtype == np.uint8
    assert segments.data.shape == (len(probes), max([8, *segments.length.tolist()]))
    for row, length, (port, source, token) in zip(
        segments.data, segments.length, probes, strict=True
    ):
        datagram = row.tobytes()
        assert struct.unpack("!4H", datagram[:8]) == (source, port, length, 0)
        assert not any(datagram[length:])
        body = datagram[8:length]
        payload = PAYLOADS.get(port)
        if payload is None:
            assert body == b""
            continue
        mark = payload.token
        own = token.to_bytes(4, "big")
        stamp = own.hex().encode() if len(mark) == 8 else own[4 - len(mark) :]
        assert body == (payload.data.replace(mark, stamp) if mark else payload.data)


def test_ports_without_a_request_make_the_batch_no_wider_than_a_header() -> None:
    ports = np.array([9, 51820, 65535, 0], np.uint16)
    segments = build_udp(ports, ports, np.zeros(4, np.uint32))
    assert segments.data.shape == (4, 8)

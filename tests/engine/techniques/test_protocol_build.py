"""IP protocol probes: which can be asked over which version."""

from __future__ import annotations

import numpy as np

from engine.spec.ports import parse_ports
from engine.spec.scan_type import Protocol
from engine.techniques.protocol import EXTENSION_HEADERS, PROTOCOL_PACKETS, for_version

EVERY = parse_ports("0-255", (Protocol.IP,))


def test_extension_headers_are_left_out_over_ipv6_only() -> None:
    assert for_version(EVERY, 4) == (EVERY, ())
    kept, left_out = for_version(EVERY, 6)
    assert left_out == (0, 43, 44, 50, 51, 60, 135, 139, 140, 253, 254)
    assert kept.total == 256 - len(EXTENSION_HEADERS)
    assert for_version(parse_ports("6,17", (Protocol.IP,)), 6)[1] == ()


def test_a_batch_of_empty_probes_has_no_bytes() -> None:
    build = PROTOCOL_PACKETS.over[4].build
    ports = np.array([47, 50], np.uint16)
    segments = build(ports, ports, ports.astype(np.uint32))
    assert segments.data.shape == (2, 0)
    assert segments.length.tolist() == [0, 0]


def test_rows_keep_their_places_and_lengths() -> None:
    build = PROTOCOL_PACKETS.over[4].build
    ports = np.array([47, 132, 6, 1, 17, 2, 6], np.uint16)
    segments = build(ports, ports + np.uint16(60_000), np.arange(7, dtype=np.uint32))
    assert segments.length.tolist() == [0, 32, 20, 12, 8, 8, 20]
    assert all(
        not row[length:].any() for row, length in zip(segments.data, segments.length, strict=True)
    )
    assert segments.data[2, 4:8].tolist() == [0, 0, 0, 2]
    assert segments.data[6, 4:8].tolist() == [0, 0, 0, 6]

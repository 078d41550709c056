"""IP protocol probes: segments of many protocols in one batch."""

from __future__ import annotations

import numpy as np

from engine.techniques.protocol import PROTOCOL_PACKETS


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

"""The table of requests, and how each carries its probe's token."""

from __future__ import annotations

import numpy as np
import pytest

from engine.techniques.payloads.payload import TOKEN, TOKEN_DIGITS, Payload
from engine.techniques.payloads.registry import PAYLOADS


def test_at_least_thirty_services_are_asked_in_their_own_words() -> None:
    assert len({payload.name for payload in PAYLOADS.values()}) >= 30
    assert 51820 not in PAYLOADS  # WireGuard: silent without a key


@pytest.mark.parametrize("port", sorted(PAYLOADS))
def test_a_payload_is_named_sourced_and_fits_an_unfragmented_packet(port: int) -> None:
    payload = PAYLOADS[port]
    assert 1 <= port <= 65535
    assert payload.name
    assert payload.source
    assert 0 < len(payload.data) <= 1280 - 40 - 8  # IPv6's minimum MTU
    assert len(payload.token) in (0, 2, 3, 4, 8)


@pytest.mark.parametrize("data", [b"none here", TOKEN + b"twice" + TOKEN])
def test_a_payload_with_no_or_two_places_for_its_token_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        Payload("odd", "nowhere", data, TOKEN)


def test_rows_carry_the_token_in_the_width_of_the_field() -> None:
    tokens = np.array([0x01020304, 0xFFFEFDFC], np.uint32)
    for mark, stamps in {
        TOKEN[-2:]: (b"\x03\x04", b"\xfd\xfc"),
        TOKEN[-3:]: (b"\x02\x03\x04", b"\xfe\xfd\xfc"),
        TOKEN: (b"\x01\x02\x03\x04", b"\xff\xfe\xfd\xfc"),
        TOKEN_DIGITS: (b"01020304", b"fffefdfc"),
        b"": (b"", b""),
    }.items():
        rows = Payload("any", "any", b"<" + mark + b">", mark).rows(tokens)
        assert [row.tobytes() for row in rows] == [b"<" + stamp + b">" for stamp in stamps]

"""DNS answers as bytes: scapy agrees on what we ask, and no answer breaks the reader."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.dns import DNS

from engine.names.wire import Answer, question, read_answer, reverse_name
from tests.lab.dns_server import PTR, Query, Record, Reply, message, record, wire_name

ASKED = reverse_name("192.0.2.1")
QUERY = Query(question(ASKED, 4321), "1.2.0.192.in-addr.arpa", PTR)
GOOD = message(
    QUERY,
    Reply((record("CNAME", "x.example"), record("PTR", "host.example", "x.example"))),
)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("192.0.2.1", "1.2.0.192.in-addr.arpa."),
        ("2001:db8::ff", f"f.f.{'0.' * 22}8.b.d.0.1.0.0.2.ip6.arpa."),
        ("fe80::1%eth0", f"1.{'0.' * 28}8.e.f.ip6.arpa."),
    ],
)
def test_scapy_reads_the_question(address: str, domain: str) -> None:
    packet = DNS(question(reverse_name(address), 0xBEEF))
    (asked,) = packet.qd
    assert (packet.id, packet.qr, packet.opcode, packet.rd) == (0xBEEF, 0, 0, 1)
    assert (asked.qname.decode(), asked.qtype, asked.qclass) == (domain, PTR, 1)


@pytest.mark.parametrize("text", ["", "host", "192.0.2", "1.2.3.4.5", "::g"])
def test_what_is_no_address_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        reverse_name(text)


def test_a_good_answer() -> None:
    assert read_answer(GOOD, ASKED) == Answer("host.example")


@given(st.binary(max_size=600))
def test_any_bytes_are_no_answer(data: bytes) -> None:
    assert read_answer(data, ASKED) is None


@settings(max_examples=400)
@given(st.data())
def test_a_damaged_answer_is_harmless(data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    for version in (bytes(damaged), bytes(damaged[:cut])):
        answer = read_answer(version, ASKED)
        assert answer is None or (len(answer.name) <= 253 and answer.name.isprintable())


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=3), st.integers(0, 65_535))
def test_any_name_is_shown_harmless(labels: list[bytes], kind: int) -> None:
    data = message(QUERY, Reply((Record(kind, wire_name(labels)), Record(PTR, wire_name(labels)))))
    answer = read_answer(data, ASKED)
    if answer is not None:
        assert answer.name.isascii() or answer.name.endswith("…")
        assert answer.name.isprintable()
        assert len(answer.name) <= 253


def test_pointers_in_a_circle_are_no_answer() -> None:
    data = message(QUERY, Reply((Record(PTR, b"\xc0\x00"),)))
    at = len(data) - 2
    assert read_answer(data[:at] + bytes([0xC0, at]), ASKED) is None

"""Explanations: the packets decoded, the rule that was applied, and nothing a packet can abuse."""

from __future__ import annotations

import errno

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.layers.sctp import SCTP, SCTPChunkInitAck
from scapy.packet import Raw

from engine.explain import Explanation, explain
from engine.explain.decode import decode
from engine.explain.explanation import answer_text, answered_by
from engine.explain.wording import ADVICE, MEANING, look_up
from engine.results.cell import cell_key
from engine.results.evidence import Evidence
from engine.results.row import Row
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import ACK, RST, SYN, WINDOW_OPEN, AnswerKind, answer_code
from engine.techniques.registry import TECHNIQUES

US, TARGET, ROUTER = "10.0.0.1", "10.0.0.2", "10.0.0.254"
TCP_ANSWER = answer_code(AnswerKind.TCP, SYN | ACK)


def row(state: PortState, reason: Reason, scan_type: ScanType | None, **changes: object) -> Row:
    protocol = (scan_type or ScanType.SYN).protocol
    facts: dict[str, object] = {
        "key": cell_key(0, protocol, 80), "host": 0, "address": TARGET, "name": "",
        "protocol": protocol, "port": 80, "state": state, "reason": reason, "service": "http",
        "technique": scan_type, "ttl": 64, "tries": 2, "rtt": 0.001, "time": 1.0,
        "stale": False, "foreign": False,
    }  # fmt: skip
    return Row(**{**facts, **changes})  # type: ignore[arg-type]


def texts(explanation: Explanation) -> list[str]:
    names = set(Explanation.__struct_fields__) - {"key", "row"}
    return [getattr(explanation, name) for name in names]


def harmless(text: str) -> bool:
    return all(character.isprintable() for character in text.replace("\n", ""))


def test_an_open_port() -> None:
    probe = bytes(IP(src=US, dst=TARGET) / TCP(sport=40000, dport=80, flags="S", seq=7))
    reply = bytes(
        IP(src=TARGET, dst=US, ttl=61)
        / TCP(sport=80, dport=40000, flags="SA", ack=8, window=1024, options=[("MSS", 1460)])
    )
    explained = explain(
        row(PortState.OPEN, Reason.SYN_ACK, ScanType.SYN),
        Evidence(TCP_ANSWER, 0, 1.0, reply),
        probe,
    )
    assert f"IPv4 {US} > {TARGET}" in explained.sent and "40000 > 80, SYN" in explained.sent
    assert "SYN ACK" in explained.reply and "ttl 61" in explained.reply
    assert "MSS 1460" in explained.reply
    assert explained.rule == "TCP SYN ACK in reply to a TCP SYN probe means open"
    assert "accepts TCP connections" in explained.meaning and explained.advice


def test_a_closed_port_of_a_connect_scan() -> None:
    code = answer_code(AnswerKind.ERRNO, errno.ECONNREFUSED)
    explained = explain(
        row(PortState.CLOSED, Reason.CONN_REFUSED, ScanType.CONNECT),
        Evidence(code, 0, 1.0, b""),
        b"",
    )
    assert explained.sent == f"connect() to {TARGET} port 80, by the operating system"
    assert explained.reply == "connect(): Connection refused"
    assert "-sS" in explained.advice


def test_a_silent_port() -> None:
    silent = row(PortState.FILTERED, Reason.NO_RESPONSE, ScanType.SYN, rtt=None, ttl=0)
    explained = explain(silent, None, b"")
    assert explained.reply == "nothing came back; 2 copies sent"
    assert explained.rule == "no answer to 2 copies of a TCP SYN probe means filtered"
    once = explain(row(PortState.FILTERED, Reason.NO_RESPONSE, ScanType.SYN, tries=1), None, b"")
    assert "1 copy of" in once.rule
    assert "may also be down" in explained.meaning
    assert "may also be down" not in explain(silent, None, b"", host_answers=True).meaning


@pytest.mark.parametrize(
    ("answer", "state", "rule"),
    [
        (RST | WINDOW_OPEN, PortState.OPEN, "TCP RST with a window in reply to a TCP Window probe"),
        (RST, PortState.CLOSED, "TCP RST in reply to a TCP Window probe"),
    ],
)
def test_what_tells_open_from_closed_in_a_window_scan(
    answer: int, state: PortState, rule: str
) -> None:
    evidence = Evidence(answer_code(AnswerKind.TCP, answer), 0, 1.0, b"")
    explained = explain(row(state, Reason.RESET, ScanType.WINDOW), evidence, b"")
    assert explained.rule == f"{rule} means {state.label}"
    assert ("window" in explained.meaning) == (state is PortState.OPEN)


def test_unfiltered_names_the_scan_that_tells_more() -> None:
    explained = explain(row(PortState.UNFILTERED, Reason.RESET, ScanType.ACK), None, b"")
    assert "-sS" in explained.advice
    assert "open and closed ports alike" in explained.meaning


def test_a_foreign_icmp_answer_names_its_sender() -> None:
    probe = IP(src=US, dst=TARGET) / TCP(sport=40000, dport=80, flags="S")
    packet = bytes(IP(src=ROUTER, dst=US) / ICMP(type=3, code=13) / bytes(probe)[:28])
    code = answer_code(AnswerKind.ICMP4, 0x030D, from_target=False)
    found = row(PortState.FILTERED, Reason.ADMIN_PROHIBITED, ScanType.SYN, foreign=True)
    explained = explain(found, Evidence(code, 0, 1.0, packet), b"")
    assert explained.rule.startswith(f"ICMP type 3 code 13 from {ROUTER} in reply")
    assert "type 3, code 13" in explained.reply
    assert f"about the probe IPv4 {US} > {TARGET}" in explained.reply
    assert answered_by(packet) == ROUTER


def test_an_icmpv6_answer() -> None:
    probe = IPv6(src="fd00::1", dst="fd00::2") / UDP(sport=40000, dport=80)
    packet = bytes(IPv6(src="fd00::2", dst="fd00::1") / ICMPv6DestUnreach(code=4) / probe)
    code = answer_code(AnswerKind.ICMP6, 0x0104)
    found = row(PortState.CLOSED, Reason.PORT_UNREACH, ScanType.UDP)
    explained = explain(found, Evidence(code, 0, 1.0, packet), b"")
    assert "IPv6 fd00::2 > fd00::1" in explained.reply
    assert "about the probe IPv6 fd00::1 > fd00::2" in explained.reply
    assert answered_by(packet) == "fd00::2"


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [(PortState.OPEN, Reason.SYN_ACK, "syn-ack"), (PortState.CLOSED, Reason.RESET, "reset")],
)
def test_an_answer_no_longer_kept_is_not_called_silence(
    state: PortState, reason: Reason, said: str
) -> None:
    explained = explain(row(state, reason, ScanType.SYN, rtt=None, ttl=0), None, b"")
    assert "no longer kept" in explained.reply
    assert explained.rule == f"{said} in reply to a TCP SYN probe means {state.label}"


@pytest.mark.parametrize(
    ("state", "reason"),
    [(PortState.FILTERED, Reason.NO_RESPONSE), (PortState.CLOSED, Reason.RESET)],
)
def test_evidence_of_an_earlier_result_is_left_aside(state: PortState, reason: Reason) -> None:
    explained = explain(row(state, reason, ScanType.SYN), Evidence(TCP_ANSWER, 0, 0.5, b""), b"")
    assert "SYN ACK" not in explained.rule + explained.reply


def test_a_port_not_probed_yet() -> None:
    explained = explain(row(PortState.PENDING, Reason.NONE, None, tries=0), None, b"")
    assert (explained.sent, explained.reply, explained.rule) == ("nothing yet", "", "")


def test_every_outcome_has_words() -> None:
    for one in TECHNIQUES.values():
        for outcome in (one.silence, *(rule.outcome for rule in one.rules)):
            assert look_up(MEANING, outcome.state, outcome.reason)
            assert look_up(ADVICE, outcome.state, outcome.reason)


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        (AnswerKind.SCTP, 2, "SCTP INIT ACK"),
        (AnswerKind.SCTP, 6, "SCTP ABORT"),
        (AnswerKind.SCTP, 200, "SCTP chunk of type 200"),
        (AnswerKind.IP, 47, "a packet of IP protocol 47 (gre)"),
        (AnswerKind.IP, 200, "a packet of IP protocol 200"),
        (AnswerKind.NEIGHBOUR, 4, "an ARP reply"),
        (AnswerKind.NEIGHBOUR, 6, "a neighbour advertisement"),
    ],
)
def test_answers_beside_tcp_and_udp_have_words(kind: AnswerKind, detail: int, words: str) -> None:
    assert answer_text(answer_code(kind, detail)) == words


def test_sctp_packets_are_decoded() -> None:
    packet = bytes(
        IP(src=TARGET, dst=US) / SCTP(sport=80, dport=40000, tag=7) / SCTPChunkInitAck(init_tag=9)
    )
    found = row(PortState.OPEN, Reason.INIT_ACK, ScanType.SCTP_INIT)
    explained = explain(found, Evidence(answer_code(AnswerKind.SCTP, 2), 0, 1.0, packet), b"")
    assert "SCTP 80 > 40000, verification tag 7" in explained.reply
    assert "INIT ACK, initiate tag 9" in explained.reply


def test_escape_sequences_of_a_datagram_are_made_visible() -> None:
    hostile = "\x1b]0;owned\x07\x9b31m\u202e[/x]\r\n".encode()
    packet = bytes(IP(src=TARGET, dst=US) / UDP(sport=80, dport=40000) / Raw(hostile))
    found = row(PortState.OPEN, Reason.UDP_RESPONSE, ScanType.UDP)
    explained = explain(found, Evidence(answer_code(AnswerKind.UDP, 0), 0, 1.0, packet), b"")
    assert "␛]0;owned" in explained.reply
    assert harmless(explained.reply)


PACKETS = st.one_of(
    st.binary(max_size=128),
    st.binary(max_size=108).map(lambda tail: b"\x45" + bytes(8) + b"\x06" + bytes(10) + tail),
    st.binary(max_size=108).map(lambda tail: b"\x45" + bytes(8) + b"\x11" + bytes(10) + tail),
    st.binary(max_size=108).map(lambda tail: b"\x45" + bytes(8) + b"\x01" + bytes(10) + tail),
    st.binary(max_size=120).map(lambda tail: b"\x60" + bytes(5) + tail),
)


@settings(max_examples=300, derandomize=True, deadline=None)
@example(b"\x60" + bytes(5) + b"\x3a\x40" + bytes(32) + b"\x01\x04" + bytes(60))
@given(PACKETS)
def test_no_packet_breaks_the_decoder(packet: bytes) -> None:
    text = decode(packet)
    assert bool(text) == bool(packet)
    assert harmless(text) and len(text) < 4_000


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    st.sampled_from(PortState),
    st.sampled_from(Reason),
    st.sampled_from([None, *ScanType]),
    st.none()
    | st.builds(Evidence, st.integers(0, 2**32 - 1), st.integers(0, 255), st.just(1.0), PACKETS),
    PACKETS,
)
def test_no_result_breaks_the_explanation(
    state: PortState, reason: Reason, kind: ScanType | None, evidence: Evidence | None, probe: bytes
) -> None:
    explained = explain(row(state, reason, kind), evidence, probe)
    assert all(harmless(text) for text in texts(explained))


@settings(max_examples=100, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_every_answer_code_has_words(code: int) -> None:
    assert harmless(answer_text(code)) and answer_text(code)


def test_flags_in_words() -> None:
    assert answer_text(answer_code(AnswerKind.TCP, RST | ACK)) == "TCP RST ACK"
    assert answer_text(answer_code(AnswerKind.TCP, 0)) == "TCP without flags"
    assert answer_text(answer_code(AnswerKind.UDP, 0)) == "a UDP datagram"
    assert answer_text(answer_code(AnswerKind.ERRNO, 0)) == "connect() succeeded"
    assert answer_text(0xFF << 24) == "an unknown answer"

"""Which resets answer probes without SYN: those that give the probe's token back, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import TCP
from scapy.packet import Packet

from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import AnswerKind, split_answer
from tests.engine.transport.test_packet_matching import (
    HOSTS,
    LAYER,
    NAMES,
    US,
    icmp_error,
    matched,
    probe,
)

WITH_ACK = (ScanType.ACK, ScanType.WINDOW, ScanType.MAIMON)
WITHOUT_ACK = {ScanType.NULL: 0, ScanType.FIN: 1, ScanType.XMAS: 1}
"""What the probe's flags add to the length of the segment."""
TYPES = (*WITH_ACK, *WITHOUT_ACK)
VERSIONS = pytest.mark.parametrize("version", [4, 6])
EVERY_TYPE = pytest.mark.parametrize("scan_type", TYPES)


def reset(version: int, scan_type: ScanType, **changes: object) -> Packet:
    """What a host that follows RFC 9293 section 3.10.7.1 answers, with changes."""
    sent = LAYER[version](probe(version, scan_type))[TCP]
    if scan_type in WITH_ACK:
        fields: dict[str, object] = {"flags": "R", "seq": sent.ack, "ack": 0}
    else:
        length = WITHOUT_ACK[scan_type]
        fields = {"flags": "RA", "seq": 0, "ack": sent.seq + length & 0xFFFFFFFF}
    fields |= {"sport": 80, "dport": sent.sport, "window": 0, **changes}
    return LAYER[version](src=HOSTS[version][0], dst=US[version]) / TCP(**fields)


@VERSIONS
@EVERY_TYPE
@pytest.mark.parametrize("window", [0, 4096])
def test_a_true_reset_is_matched_with_its_probe(
    version: int, scan_type: ScanType, window: int
) -> None:
    batch = matched(reset(version, scan_type, window=window))
    assert (len(batch), batch.rejected) == (1, 0)
    (record,) = batch.records
    assert NAMES[record["host"]] == HOSTS[version][0]
    assert (record["port"], record["protocol"]) == (80, Protocol.TCP)
    assert (record["technique"], record["attempt"]) == (scan_type, 2)
    kind, detail, from_target = split_answer(int(record["answer"]))
    assert (kind, bool(detail & 0x100), from_target) == (AnswerKind.TCP, window > 0, True)


@VERSIONS
@EVERY_TYPE
@pytest.mark.parametrize("flags", ["SA", "S", "A", "FA", "", "PA"])
def test_only_a_reset_answers_a_probe_without_syn(
    version: int, scan_type: ScanType, flags: str
) -> None:
    sent = LAYER[version](probe(version, scan_type))[TCP]
    for ack in (sent.seq, sent.seq + 1 & 0xFFFFFFFF, 0):
        batch = matched(reset(version, scan_type, flags=flags, seq=sent.seq, ack=ack))
        assert (len(batch), batch.rejected) == (0, 1)


@VERSIONS
@EVERY_TYPE
def test_the_token_in_the_other_field_proves_nothing(version: int, scan_type: ScanType) -> None:
    true = reset(version, scan_type)[TCP]
    batch = matched(reset(version, scan_type, seq=true.ack or 7, ack=true.seq or 7))
    assert (len(batch), batch.rejected) == (0, 1)


@VERSIONS
@EVERY_TYPE
@pytest.mark.parametrize("by", [1, -1])
def test_a_token_that_is_off_by_one_is_rejected(version: int, scan_type: ScanType, by: int) -> None:
    field = "seq" if scan_type in WITH_ACK else "ack"
    wrong = getattr(reset(version, scan_type)[TCP], field) + by & 0xFFFFFFFF
    batch = matched(reset(version, scan_type, **{field: wrong}))
    assert (len(batch), batch.rejected) == (0, 1)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TYPES), st.sampled_from([4, 6]), st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1), st.sampled_from(["R", "RA"]),
)  # fmt: skip
def test_forged_resets_change_nothing(
    scan_type: ScanType, version: int, seq: int, ack: int, flags: str
) -> None:
    true = reset(version, scan_type)[TCP]
    guessed = seq == true.seq if scan_type in WITH_ACK else ack == true.ack
    batch = matched(reset(version, scan_type, seq=seq, ack=ack, flags=flags))
    assert len(batch) == int(guessed)


@VERSIONS
@EVERY_TYPE
def test_a_reset_to_another_type_s_port_is_rejected(version: int, scan_type: ScanType) -> None:
    for other in set(TYPES) - {scan_type}:
        port = LAYER[version](probe(version, other))[TCP].sport
        assert len(matched(reset(version, scan_type, dport=port))) == 0


@VERSIONS
@EVERY_TYPE
def test_icmp_errors_are_matched_by_the_quoted_sequence_number(
    version: int, scan_type: ScanType
) -> None:
    quoted = probe(version, scan_type)
    (record,) = matched(icmp_error(version, quoted)).records
    assert (record["port"], record["technique"], record["attempt"]) == (80, scan_type, 2)
    forged = LAYER[version](quoted)
    forged[TCP].seq ^= 1
    assert len(matched(icmp_error(version, bytes(forged)))) == 0


@VERSIONS
@EVERY_TYPE
def test_our_own_probes_seen_on_loopback_never_match(version: int, scan_type: ScanType) -> None:
    batch = matched(probe(version, scan_type, host=1), probe(version, scan_type, host=0))
    assert (len(batch), batch.rejected) == (0, 0)

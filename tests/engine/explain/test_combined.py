"""Two techniques on one port: what they say together, and that every pair was thought of."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.explain import explain
from engine.explain.combined import CONCLUSIONS, FINDINGS, Finding, combine
from engine.results.cell import cell_key
from engine.results.layers import EarlierResult
from engine.results.row import Row
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.registry import TECHNIQUES

OPEN, CLOSED, FILTERED = PortState.OPEN, PortState.CLOSED, PortState.FILTERED
UNFILTERED, MAYBE = PortState.UNFILTERED, PortState.OPEN_FILTERED
SYN, ACK, FIN = ScanType.SYN, ScanType.ACK, ScanType.FIN


def result(technique: ScanType, state: PortState) -> EarlierResult:
    return EarlierResult(technique, state, Reason.NONE)


def row(technique: ScanType | None, state: PortState) -> Row:
    protocol = (technique or SYN).protocol
    return Row(
        key=cell_key(0, protocol, 80), host=0, address="10.0.0.2", name="", protocol=protocol,
        port=80, state=state, reason=Reason.NONE, service="", technique=technique, ttl=64,
        tries=1, rtt=None, time=1.0, stale=False, foreign=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ((SYN, FILTERED), (ACK, UNFILTERED), "stateless"),
        ((SYN, FILTERED), (ACK, FILTERED), "stateful filter closed to new connections"),
        ((SYN, OPEN), (ACK, FILTERED), "a stateful filter, or a SYN proxy"),
        ((SYN, OPEN), (ACK, UNFILTERED), "no filter guards this port"),
        ((SYN, CLOSED), (ACK, UNFILTERED), "nothing listens"),
        ((SYN, CLOSED), (ACK, FILTERED), "stateful filter lets new connections"),
        ((SYN, OPEN), (FIN, MAYBE), "As expected of an open port"),
        ((SYN, OPEN), (FIN, CLOSED), "Windows"),
        ((SYN, CLOSED), (FIN, MAYBE), "a filter dropped this one"),
        ((SYN, FILTERED), (FIN, CLOSED), "stateless"),
        ((SYN, FILTERED), (FIN, MAYBE), "-sA"),
        ((ACK, UNFILTERED), (FIN, MAYBE), "likely open"),
        ((ACK, UNFILTERED), (FIN, CLOSED), "closed"),
        ((ScanType.CONNECT, FILTERED), (ScanType.WINDOW, CLOSED), "stateless"),
        ((SYN, OPEN), (ScanType.MAIMON, CLOSED), "no filter guards this port"),
        ((SYN, FILTERED), (ScanType.IDLE, OPEN), "trusts the zombie's"),
        ((ScanType.SCTP_INIT, CLOSED), (ScanType.SCTP_ECHO, MAYBE), "keeps track of associations"),
    ],
)
def test_what_two_results_say(
    one: tuple[ScanType, PortState], other: tuple[ScanType, PortState], said: str
) -> None:
    for first, second in ((one, other), (other, one)):
        text = combine(row(*second), [result(*first)])
        names = f"{first[0].title} {first[1].label} and {second[0].title} {second[1].label}: "
        assert text.startswith(names) and said in text


def test_stateless_is_never_said_where_both_probes_are_stopped() -> None:
    for state in (OPEN, CLOSED, FILTERED):
        assert "stateless" not in combine(row(ACK, FILTERED), [result(SYN, state)])


def test_several_results_are_combined_pair_by_pair() -> None:
    earlier = [result(SYN, FILTERED), result(ACK, UNFILTERED)]
    lines = combine(row(FIN, MAYBE), earlier).splitlines()
    assert len(lines) == 3 and "likely open" in lines[2]


def test_nothing_to_say() -> None:
    assert combine(row(SYN, OPEN), []) == ""
    assert combine(row(SYN, OPEN), [result(ScanType.CONNECT, OPEN)]) == ""
    assert combine(row(None, PortState.PENDING), []) == ""
    assert combine(row(SYN, PortState.PENDING), [result(ACK, FILTERED)]) == ""


ADDS_NOTHING = {
    (Finding.MAIMON_SILENT, other)
    for other in (Finding.SYN_STOPPED, Finding.ACK_RESET, Finding.ACK_STOPPED, Finding.FIN_RESET,
                  Finding.FIN_SILENT, Finding.FIN_STOPPED)
} | {
    (Finding.FIN_RESET, Finding.FIN_STOPPED),
    (Finding.FIN_SILENT, Finding.FIN_STOPPED),
    (Finding.INIT_OPEN, Finding.ECHO_STOPPED),
    (Finding.INIT_CLOSED, Finding.ECHO_STOPPED),
}  # fmt: skip
"""Pairs that say no more together; the SCTP ones say all they can each alone."""


def _families() -> list[set[tuple[ScanType, Finding]]]:
    """Findings that may meet on one port: those of one protocol."""
    found: dict[int, set[tuple[ScanType, Finding]]] = {}
    for scan_type, findings in FINDINGS.items():
        found.setdefault(scan_type.protocol, set()).update(
            (scan_type, finding) for finding in findings.values()
        )
    return list(found.values())


def test_every_pair_that_can_meet_has_a_row_or_adds_nothing() -> None:
    met = set()
    for family in _families():
        for (kind, one), (other_kind, other) in combinations(sorted(family, key=str), 2):
            if one is other or {kind, other_kind} == {kind}:
                continue
            met.add(frozenset((one, other)))
    idle = {pair for pair in met if pair & {Finding.IDLE_OPEN, Finding.IDLE_SHUT}}
    idle = {pair for pair in idle if not any(one.name.startswith("SYN") for one in pair)}
    nothing = {frozenset(pair) for pair in ADDS_NOTHING}
    rows = {frozenset(pair) for pair in CONCLUSIONS}
    assert met - rows - nothing - idle == set()
    assert rows <= met and nothing <= met and not rows & nothing
    assert len(rows) == len(CONCLUSIONS)


def test_every_state_a_technique_can_give_has_a_finding() -> None:
    for scan_type, findings in FINDINGS.items():
        technique = TECHNIQUES[scan_type]
        outcomes = [rule.outcome for rule in technique.rules] + [technique.silence]
        # "Parameter problem" is about the packet, whatever the technique.
        states = {state for state, reason in outcomes if reason is not Reason.PARAM_PROBLEM}
        assert states == set(findings)
    assert set(ScanType) - set(FINDINGS) == {ScanType.UDP, ScanType.PROTOCOL}


@settings(max_examples=100, derandomize=True)
@given(
    st.sampled_from(ScanType),
    st.sampled_from(PortState),
    st.lists(
        st.builds(
            EarlierResult, st.sampled_from(ScanType), st.sampled_from(PortState),
            st.sampled_from(Reason),
        ),
        max_size=5,
    ),
)  # fmt: skip
def test_any_results_can_be_combined(
    technique: ScanType, state: PortState, earlier: list[EarlierResult]
) -> None:
    explained = explain(row(technique, state), None, b"", tuple(earlier))
    assert explained.combined == combine(row(technique, state), earlier)
    for line in explained.combined.splitlines():
        assert line.isprintable() and line.endswith(".")

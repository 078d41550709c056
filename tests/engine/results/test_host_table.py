from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.discovery.verdict import HOST_VERDICT
from engine.results.host_table import HostTable
from engine.results.host_view import HOSTS_PER_BLOCK, NO_HOSTS, KnownHost
from engine.spec.host_state import HostState
from engine.spec.ping import PingKind
from engine.spec.reason import Reason


def verdict(host: int, state: HostState, reason: Reason = Reason.NO_RESPONSE) -> np.ndarray:
    one = np.zeros(1, HOST_VERDICT)
    one["host"], one["state"], one["reason"], one["rtt"] = host, state, reason, np.nan
    return one


def test_a_verdict_is_shown_whole() -> None:
    table = HostTable(3)
    one = verdict(1, HostState.UP, Reason.SYN_ACK)
    one["kind"], one["port"], one["ttl"], one["rtt"] = PingKind.SYN, 443, 61, 0.25
    table.note(one)
    table.set_name(1, "host.test")
    table.set_hardware(1, b"\x02\0\0\0\0\1")
    view = table.snapshot()
    assert view.line(1) == KnownHost(
        HostState.UP, Reason.SYN_ACK, 61, PingKind.SYN, 443, 0.25, False, "host.test",
        b"\x02\0\0\0\0\1",
    )  # fmt: skip
    assert view.line(0) == KnownHost()
    assert (view.name(1), view.hardware(1), view.state(1)) == (
        "host.test", b"\x02\0\0\0\0\1", HostState.UP,
    )  # fmt: skip


def test_hosts_beyond_the_view_are_unknown() -> None:
    view = HostTable(2).snapshot()
    for host in (2, HOSTS_PER_BLOCK, 1 << 40):
        assert view.line(host) == NO_HOSTS.line(host) == KnownHost()
        assert view.state(host) is HostState.UNKNOWN
        assert view.name(host) == "" and view.hardware(host) == b""


def test_nothing_changed_gives_the_same_view_and_a_change_copies_little() -> None:
    table = HostTable(40_000)
    every = np.arange(0, 40_000, 2, dtype=np.uint32)
    verdicts = np.zeros(len(every), HOST_VERDICT)
    verdicts["host"], verdicts["state"] = every, HostState.UP
    table.note(verdicts)
    before = table.snapshot()
    assert table.snapshot() is before
    table.note(verdict(20_001, HostState.DOWN))
    after = table.snapshot()
    kept = [new is old for new, old in zip(after.values.chunks, before.values.chunks, strict=True)]
    assert len(kept) > 4 and kept.count(False) == 1
    assert before.down == 0 and after.down == 1
    assert after.version > before.version


def test_silent_hosts_take_no_memory_and_are_counted() -> None:
    table = HostTable(1 << 20)
    empty = table.nbytes
    for first in range(0, 1 << 20, 1 << 16):
        verdicts = np.zeros(1 << 16, HOST_VERDICT)
        verdicts["host"] = np.arange(first, first + (1 << 16))
        verdicts["state"], verdicts["reason"] = HostState.DOWN, Reason.NO_RESPONSE
        verdicts["rtt"] = np.nan
        verdicts["state"][77], verdicts["reason"][77] = HostState.UP, Reason.ECHO_REPLY
        table.note(verdicts)
    assert table.nbytes < empty + 2_000_000
    view = table.snapshot()
    assert (view.up, view.down, view.unknown) == (16, (1 << 20) - 16, 0)
    up = view.where(lambda hosts: hosts["state"] == HostState.UP)
    assert up.tolist() == list(range(77, 1 << 20, 1 << 16))
    reasons = view.reasons_of(HostState.DOWN)
    assert reasons[Reason.NO_RESPONSE] == reasons.sum() == view.down


def test_a_view_keeps_what_it_showed() -> None:
    table = HostTable(2)
    table.note(verdict(0, HostState.DOWN))
    before = table.snapshot()
    table.note(verdict(0, HostState.UP, Reason.RESET))
    table.set_name(0, "later.test")
    table.snapshot()
    assert before.line(0).state is HostState.DOWN
    assert before.name(0) == ""


def test_a_host_asked_again_is_stale_until_the_new_answer() -> None:
    table = HostTable(2)
    table.note(verdict(0, HostState.UP, Reason.RESET))
    table.reopen(np.array([0, 1], np.uint32))
    view = table.snapshot()
    assert view.line(0).stale and view.line(0).state is HostState.UP
    assert not view.line(1).stale
    table.note(verdict(0, HostState.DOWN))
    assert not table.snapshot().line(0).stale
    table.reopen(np.array([0], np.uint32))
    table.close(np.array([0], np.uint32))
    assert not table.snapshot().line(0).stale


@given(
    st.lists(
        st.tuples(st.integers(0, 9_999), st.sampled_from(HostState), st.sampled_from(Reason)),
        max_size=60,
    ),
    st.lists(st.integers(0, 10_000), max_size=4),
)
def test_views_agree_with_a_plain_dictionary(
    decisions: list[tuple[int, HostState, Reason]], sizes: list[int]
) -> None:
    table = HostTable()
    expected: dict[int, tuple[HostState, Reason]] = {}
    for size in [*sizes, 10_000]:
        table.grow(size)
        table.snapshot()
    for host, state, reason in decisions:
        table.note(verdict(host, state, reason))
        expected[host] = (state, reason)
    view = table.snapshot()
    assert view.count == len(view.records) == table.host_count == 10_000
    last, none = view.take(np.array([9_999, 10_000])).tolist()
    assert last[:6] == view.records[9_999].item()[:6] and not any(none)
    for host, known in expected.items():
        line = view.line(host)
        assert (line.state, line.reason) == known
        assert view.records[host].item()[:2] == known
    states = [state for state, _ in expected.values()]
    assert view.up == states.count(HostState.UP)
    assert view.down == states.count(HostState.DOWN)
    assert view.unknown == 10_000 - view.up - view.down

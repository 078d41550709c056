"""Queries against plain Python: which rows, in which order, and what stays hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.results import blocks
from engine.results.cell import STALE
from engine.results.filter import parse_filter
from engine.results.query import MOST_VAGUE, Query, SortColumn, run_query
from engine.results.row import Row
from engine.results.snapshot import Snapshot
from engine.spec.port_state import INTERESTING, PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from tests.engine.results.filled_store import channels, decide, full_store, locate, snapshot_of

WHERE = "10.0.0.9 10.0.0.10 9.0.0.1 fd00::1"
PORTS = [22, 25, 53, 80, 443, 8080, 50_001, 50_002]
STATE_ORDER = ["open", "unfiltered", "open|filtered", "closed|filtered", "filtered", "closed"]

LAST = (1, 0)
"""Sorts behind every known value, in both directions."""


def known(value: float | None, sign: int) -> tuple[float, ...]:
    return LAST if value is None else (0, sign * value)


def ranked(words: list[str], sign: int) -> Callable[[str], tuple[float, ...]]:
    order = {word: place for place, word in enumerate(sorted(set(words)))}
    return lambda word: (0, sign * order[word])


def sort_value(column: SortColumn, rows: list[Row], sign: int) -> Callable[[Row], tuple[Any, ...]]:
    service = ranked([row.service or "\x7f" for row in rows], sign)
    reason = ranked([row.reason.label for row in rows], sign)
    values: Mapping[SortColumn, Callable[[Row], tuple[Any, ...]]] = {
        SortColumn.PORT: lambda row: (sign * row.port,),
        SortColumn.STATE: lambda row: (sign * STATE_ORDER.index(row.state.label),),
        SortColumn.SERVICE: lambda row: service(row.service or "\x7f"),
        SortColumn.REASON: lambda row: reason(row.reason.label),
        SortColumn.RTT: lambda row: known(row.rtt, sign),
        SortColumn.TTL: lambda row: (sign * row.ttl,),
        SortColumn.TRIES: lambda row: (sign * row.tries,),
        SortColumn.SCAN: lambda row: (sign * int(row.technique or 0),),
        SortColumn.TIME: lambda row: known(None if row.stale else row.time, sign),
    }
    return values[column]


facts = st.tuples(
    st.integers(0, 3),
    st.sampled_from([Protocol.TCP, Protocol.UDP]),
    st.sampled_from(PORTS),
    st.sampled_from(list(PortState)[1:]),
    st.sampled_from([Reason.SYN_ACK, Reason.RESET, Reason.NO_RESPONSE, Reason.UDP_RESPONSE]),
    st.sampled_from(ScanType),
    st.sampled_from([0, 64, 128]),
    st.sampled_from([float("nan"), 0.0, 0.5, 2.0, 65_000.0]),
    st.sampled_from([1, 500, 70_000, 4_000_000_000]),
    st.booleans(),
)


def build(results: list[tuple[Any, ...]]) -> Snapshot:
    store = full_store(4, channels(PORTS))
    store.grow(4, channels(PORTS, Protocol.UDP))
    for host, protocol, port, state, reason, technique, ttl, rtt, clock, stale in results:
        cells = [(host, int(protocol), port)]
        decide(store, cells, state, reason, technique, ttl=ttl, rtt=rtt, clock=clock)
        if stale:
            store.reopen(locate(store, cells), 2)
    return snapshot_of(store, WHERE)


def rows_of(snapshot: Snapshot) -> list[Row]:
    keys = [h << 18 | int(c) for h in range(4) for c in snapshot.view.channels]
    found = [snapshot.row(key) for key in keys]
    return [row for row in found if row is not None and row.state]


@pytest.mark.parametrize("block", [16, 65_536])
@pytest.mark.parametrize("column", SortColumn)
@settings(max_examples=15, derandomize=True, deadline=None)
@given(
    st.lists(facts, max_size=40),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 0, 2, 3]),
)
def test_rows_and_their_order(
    block: int,
    column: SortColumn,
    results: list[tuple[Any, ...]],
    descending: bool,
    open_only: bool,
    host: int | None,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_CELLS", block)
        snapshot = build(results)
    found = run_query(
        snapshot,
        Query(open_only=open_only, sort=column, descending=descending, host=host),
    )
    matching = [row for row in rows_of(snapshot) if host in (None, row.host)]
    shown = [row for row in matching if not open_only or row.state in INTERESTING]
    rank = snapshot.names.sort_keys()
    shown.sort(key=lambda row: (rank[row.host], row.protocol, row.port))
    if column is SortColumn.HOST:
        shown = shown[::-1] if descending else shown
    else:
        shown.sort(key=sort_value(column, shown, -1 if descending else 1))
    assert found.keys.tolist() == [row.key for row in shown]
    assert len(found) == len(shown) and found.matching == len(matching)
    hidden = Counter(row.state for row in matching) - Counter(row.state for row in shown)
    assert dict(found.hidden) == dict(hidden)


def test_pending_ports_are_never_rows() -> None:
    assert len(run_query(build([]), Query(open_only=False))) == 0


def test_a_host_that_does_not_exist_has_no_rows() -> None:
    assert len(run_query(build([]), Query(host=99))) == 0


def test_a_filter_narrows_matching_and_hidden() -> None:
    closed = [
        (0, Protocol.TCP, port, PortState.CLOSED, Reason.RESET, ScanType.SYN, 64, 1.0, 1, False)
        for port in PORTS
    ]
    opened = [
        (1, Protocol.TCP, 80, PortState.OPEN, Reason.SYN_ACK, ScanType.SYN, 64, 1.0, 1, False)
    ]
    found = run_query(build(closed + opened), Query(filter=parse_filter("port:22,80")))
    assert len(found) == 1 and found.matching == 3
    assert found.hidden == {PortState.CLOSED: 2}


def test_a_scan_without_ports_has_no_rows() -> None:
    snapshot = snapshot_of(full_store(1, channels([])), "10.0.0.1")
    for text in ("", "port:80", "ssh", "service:http", "proto:tcp", "host:10", "-open"):
        assert len(run_query(snapshot, Query(filter=parse_filter(text), open_only=False))) == 0


def test_the_newest_row_is_the_one_decided_last_of_those_shown() -> None:
    store = full_store(4, channels(PORTS))
    assert run_query(snapshot_of(store, WHERE), Query()).newest is None
    for clock, port in ((300, 22), (900, 80), (500, 443)):
        decide(store, [(1, 0, port)], clock=clock)
    decide(store, [(2, 0, 53)], PortState.CLOSED, Reason.RESET, clock=2_000)
    decide(store, [(2, 0, 25)], clock=3_000, flags=STALE)
    snapshot = snapshot_of(store, WHERE)
    assert run_query(snapshot, Query()).newest == 1 << 18 | 80
    assert run_query(snapshot, Query(open_only=False)).newest == 2 << 18 | 53
    assert run_query(snapshot, Query(filter=parse_filter("port:25"))).newest is None


def test_a_thousand_silent_ports_hide_no_open_one() -> None:
    count = MOST_VAGUE + 1
    store = full_store(2, channels(range(1, 101), Protocol.UDP))
    vague = PortState.OPEN_FILTERED, Reason.NO_RESPONSE, ScanType.UDP
    decide(store, [(0, Protocol.UDP, port) for port in range(1, count + 1)], *vague)
    decide(store, [(1, Protocol.UDP, port) for port in range(1, count)], *vague)
    decide(store, [(0, Protocol.UDP, 100)], PortState.OPEN, Reason.UDP_RESPONSE, ScanType.UDP)
    snapshot = snapshot_of(store, "10.0.0.1-2")
    rows = run_query(snapshot, Query())
    assert len(rows) == count and rows.hidden == {PortState.OPEN_FILTERED: count}
    assert len(run_query(snapshot, Query(host=0))) == 1
    assert len(run_query(snapshot, Query(host=1))) == MOST_VAGUE
    assert len(run_query(snapshot, Query(open_only=False))) == 2 * count
    asked = Query(filter=parse_filter("state:open|filtered"))
    assert len(run_query(snapshot, asked)) == 2 * count - 1

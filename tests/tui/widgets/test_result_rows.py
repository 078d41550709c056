from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.results.query import Query, SortColumn
from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from tui.widgets.result_rows import ResultRows


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_cursor_stays_on_the_first_row_until_it_is_moved(make_scan) -> None:
    scan, clock = make_scan(), Clock()
    rows = ResultRows(Query(), clock)
    scan.decide(PortState.OPEN, 80)
    rows.show(scan.snapshot())
    assert rows.cursor_key == 80
    scan.decide(PortState.OPEN, 22)
    clock.now += 1
    rows.show(scan.snapshot())
    assert rows.cursor_key == 22


def test_the_cursor_sticks_to_its_port_once_moved(make_scan) -> None:
    scan, clock = make_scan(), Clock()
    rows = ResultRows(Query(), clock)
    scan.decide(PortState.OPEN, 50, 80)
    rows.show(scan.snapshot())
    rows.go(1)
    scan.decide(PortState.OPEN, 22, 25, 90)
    clock.now += 1
    rows.show(scan.snapshot())
    assert (rows.cursor, rows.cursor_key) == (3, 80)


def test_a_cursor_whose_row_has_gone_stays_in_range(usual_scan) -> None:
    rows = ResultRows(Query(open_only=False), Clock())
    rows.show(usual_scan.snapshot())
    rows.go(99)
    rows.query = Query()
    rows.ask()
    assert rows.cursor_key == 80


def test_an_early_query_is_put_off_and_then_made(make_scan) -> None:
    scan, clock = make_scan(), Clock()
    rows = ResultRows(Query(), clock)
    assert rows.show(scan.snapshot()) is None
    scan.decide(PortState.OPEN, 22)
    snapshot = scan.snapshot()
    wait = rows.show(snapshot)
    assert wait and len(rows) == 0
    clock.now += wait
    assert rows.show(snapshot) is None
    assert len(rows) == 1


def test_the_same_view_is_not_asked_twice(usual_scan) -> None:
    clock = Clock()
    rows = ResultRows(Query(), clock)
    snapshot = usual_scan.snapshot()
    rows.show(snapshot)
    before = rows.row_set
    clock.now += 10
    assert rows.show(snapshot) is None
    assert rows.row_set is before


def test_rows_are_asked_for_only_when_they_may_be_others(make_scan) -> None:
    scan, clock = make_scan(hosts=2), Clock()
    rows = ResultRows(Query(), clock)
    scan.decide(PortState.OPEN, 22)
    rows.show(scan.snapshot())
    before = rows.row_set
    clock.now += 10
    assert rows.show(scan.snapshot(phase=Phase.PAUSED)) is None
    assert rows.row_set is before
    scan.decide(PortState.OPEN, 80)
    assert rows.show(scan.snapshot()) is None
    assert len(rows) == 2
    clock.now += 10
    before = rows.row_set
    rows.show(scan.snapshot(doubts={0: "answers on every port"}))
    assert rows.row_set is not before


def test_marks_are_kept_by_port(usual_scan) -> None:
    rows = ResultRows(Query(), Clock())
    rows.show(usual_scan.snapshot())
    rows.go(1)
    rows.toggle_mark()
    rows.query = Query(open_only=False, sort=SortColumn.PORT, descending=True)
    rows.ask()
    assert rows.marks == {53}
    rows.toggle_all_marks()
    assert len(rows.marks) == 100
    rows.toggle_all_marks()
    assert rows.marks == set()


def test_no_rows_is_a_state_like_any_other(make_scan) -> None:
    rows = ResultRows(Query(), Clock())
    rows.ask()
    rows.show(make_scan().snapshot())
    rows.go(5)
    rows.toggle_mark()
    rows.toggle_all_marks()
    assert rows.cursor_key is None and rows.cursor == 0 and not rows.marks


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), max_size=25))
def test_the_cursor_never_leaves_the_rows(steps: list[tuple[int, int]]) -> None:
    from engine.results.store import Store

    store = Store(1, np.arange(1, 101, dtype=np.uint32))
    store.admit(np.zeros(1, np.uint32))
    clock = Clock()
    rows = ResultRows(Query(), clock)
    for step, number in steps:
        clock.now += 1
        if step == 0:
            at = np.array([number])
            flags = {"reason": 2, "technique": 2, "ttl": 64, "flags": 0, "rtt": 1.0, "clock": 1}
            store.decide(at, state=1 + number % 3, **flags)
        elif step == 1:
            rows.go(number)
        else:
            rows.query = Query(open_only=step == 2, descending=number % 2 == 0)
        kept = rows.cursor_key
        rows.show(_snapshot(store))
        rows.ask()
        assert 0 <= rows.cursor < max(len(rows), 1)
        if step == 0 and kept is not None and rows.find(kept) is not None and rows._moved:
            assert rows.cursor_key == kept


def _snapshot(store):
    from engine.results.snapshot import Phase, Snapshot
    from engine.spec.scan_type import ScanType
    from engine.spec.timing import TEMPLATES

    class OneHost:
        count = 1

        def text(self, host: int) -> str:
            return "127.0.0.1"

        def name(self, host: int) -> str:
            return ""

        def sort_keys(self, hosts=None):
            return np.zeros(1 if hosts is None else len(hosts), np.int64)

    return Snapshot(1, Phase.RUNNING, store.snapshot(), OneHost(), (ScanType.SYN,), TEMPLATES[3])

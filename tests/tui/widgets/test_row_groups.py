"""Rows under headings: against plain Python, and by hand in the table."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.results.filter import parse_filter
from engine.results.query import Query, SortColumn, run_query
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol
from engine.spec.services import service_name
from tui.widgets.result_rows import ResultRows
from tui.widgets.results_table import ResultsTable
from tui.widgets.row_groups import Grouping, RowGroups

HOST, SERVICE = Grouping.HOST, Grouping.SERVICE
ALL = Query(open_only=False)


def place(key: int, kind: Grouping) -> tuple[bool, int | str]:
    """What groups are sorted by: a host, or a service's name, no name last."""
    if kind is HOST:
        return False, key >> 18
    name = service_name(Protocol(key >> 16 & 3), key & 0xFFFF)
    return not name, name


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # a factory keeps nothing
)
@given(
    hosts=st.integers(1, 5),
    found=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 100), st.integers(1, 3))),
    kind=st.sampled_from([HOST, SERVICE]),
    sort=st.sampled_from([SortColumn.PORT, SortColumn.STATE, SortColumn.HOST, SortColumn.SERVICE]),
    descending=st.booleans(),
    data=st.data(),
)
def test_groups_hold_every_row_in_the_querys_order(
    make_scan, hosts, found, kind, sort, descending, data
) -> None:
    scan = make_scan(hosts=hosts)
    for host, port, state in found:
        scan.decide(PortState(state), port, host=host % hosts)
    snapshot = scan.snapshot()
    query = Query(open_only=False, sort=sort, descending=descending)
    rows = run_query(snapshot, query)
    groups = RowGroups(rows, snapshot, query, kind)
    backwards = descending and sort.value == kind.value
    ordered = sorted(rows.keys.tolist(), key=lambda key: place(key, kind), reverse=backwards)
    if backwards:  # sorted() keeps equal ones as they are, in either direction
        assert groups.keys.tolist() == ordered
    parts = [list(part) for _, part in groupby(ordered, key=lambda key: place(key, kind))]
    assert [groups.keys_of(group).tolist() for group in groups.groups.tolist()] == parts
    assert groups.counts.tolist() == [len(part) for part in parts]
    collapsed = data.draw(st.sets(st.sampled_from(groups.groups.tolist() or [0])))
    lines = [
        line
        for group, part in zip(groups.groups.tolist(), parts, strict=True)
        for line in [~group, *([] if group in collapsed else part)]
    ]
    assert groups.lines(collapsed).tolist() == lines
    for group, part in zip(groups.groups.tolist(), parts, strict=True):
        states = [snapshot.row(key).state for key in part]
        assert groups.tally(group) == {one: states.count(one) for one in set(states)}
        assert all(groups.group_of(key) == group for key in part)


@pytest.fixture
def two_hosts(make_scan):
    scan = make_scan(hosts=2, h1="router")
    scan.decide(PortState.OPEN, 22, 80, host=0)
    scan.decide(PortState.OPEN, 22, 53, host=1)
    scan.decide(PortState.CLOSED, 1, 2, 3, host=1)
    return scan


@pytest.fixture
def rows(two_hosts):
    made = ResultRows(Query(), lambda: 0.0)
    made.show(two_hosts.snapshot())
    return made


def shown(rows: ResultRows) -> list[tuple[int, int] | str]:
    """Rows as (host, port), headings as ``h`` and the group."""
    return [
        (line >> 18, line & 0xFFFF) if line >= 0 else f"h{~line}" for line in rows.lines.tolist()
    ]


def test_by_host_and_by_service(rows) -> None:
    rows.group_by(HOST)
    assert shown(rows) == ["h0", (0, 22), (0, 80), "h1", (1, 22), (1, 53)]
    rows.group_by(SERVICE)
    assert [line for line in shown(rows) if isinstance(line, tuple)] == [
        (1, 53), (0, 80), (0, 22), (1, 22)
    ]  # fmt: skip
    rows.group_by(Grouping.NONE)
    assert shown(rows) == [(0, 22), (0, 80), (1, 22), (1, 53)]


def test_a_heading_stands_for_its_rows(rows) -> None:
    rows.group_by(HOST)
    rows.go(3)
    assert rows.cursor_key is None and rows.cursor_group == 1
    assert [key & 0xFFFF for key in rows.cursor_keys] == [22, 53]
    rows.go(4)
    assert rows.cursor_keys == [rows.cursor_key]


def test_collapsing_takes_the_cursor_to_the_heading(rows) -> None:
    rows.group_by(HOST)
    rows.go(5)
    rows.collapse({1}, True)
    assert shown(rows) == ["h0", (0, 22), (0, 80), "h1"]
    assert (rows.cursor, rows.cursor_group) == (3, 1)
    rows.collapse({1}, False)
    assert rows.cursor_group == 1 and len(rows) == 6


def test_a_cursor_on_a_heading_or_row_stays_there_while_rows_come(rows, two_hosts) -> None:
    rows.group_by(HOST)
    rows.collapse({0}, True)
    for fresh, line in ((11, ~1), (12, 1 << 18 | 53)):
        rows.go(rows.find(line))
        two_hosts.decide(PortState.OPEN, fresh, host=0)
        two_hosts.decide(PortState.OPEN, fresh, host=1)
        rows.snapshot = two_hosts.snapshot()
        rows.ask()
        assert rows.cursor_line == line and rows.collapsed == {0}


def test_another_grouping_keeps_the_cursors_row(rows) -> None:
    rows.go(3)
    rows.group_by(HOST)
    assert rows.cursor_key == 1 << 18 | 53
    rows.go(3)
    rows.group_by(SERVICE)
    assert rows.cursor_key == 1 << 18 | 22  # the first of the heading it was on


def test_following_shows_the_newest_or_its_heading(rows, two_hosts) -> None:
    rows.group_by(HOST)
    rows.collapse({1}, True)
    rows.follows = True
    for clock, (host, port), line in ((20_000, (0, 99), 99), (30_000, (1, 99), ~1)):
        two_hosts.decide(PortState.OPEN, port, host=host, clock=clock)
        rows.snapshot = two_hosts.snapshot()
        rows.ask()
        assert rows.cursor_line == line and rows.follows


def test_going_to_a_port_unfolds_its_group(rows) -> None:
    rows.group_by(HOST)
    rows.collapse({0, 1}, True)
    key = rows.find_port(53)
    assert key == 1 << 18 | 53 and rows.find(key) == 1  # the heading's
    assert rows.reveal(key) == 3
    assert rows.collapsed == {0}
    rows.go(0)
    assert rows.find_port(22) == 22
    rows.go(rows.reveal(22))
    assert rows.find_port(22) == 1 << 18 | 22
    assert rows.reveal(77) is None


def test_marks_reach_into_collapsed_groups(rows) -> None:
    rows.group_by(HOST)
    rows.collapse({1}, True)
    rows.toggle_all_marks()
    assert [key & 0xFFFF for key in rows.marked_keys()] == [22, 80, 22, 53]


def test_another_scan_begins_unfolded_and_stays_grouped(rows) -> None:
    rows.group_by(HOST)
    rows.collapse({0, 1}, True)
    rows.clear()
    assert not rows.collapsed and rows.grouping is HOST and not len(rows)


async def test_what_grouped_rows_look_like(show, two_hosts) -> None:
    table = ResultsTable(ALL)
    app = show(table)
    async with app.run_test(size=(70, 16)) as pilot:
        table.focus()
        table.show(two_hosts.snapshot())
        assert "HOST" in app.lines()[0] or await pilot.pause() is None
        table.group_by(HOST)
        await pilot.pause()
        assert "HOST" not in app.lines()[0]
        assert app.lines()[1] == "▸- 10.0.0.0 · 2 open"
        assert app.lines()[4] == " - router (10.0.0.1) · 3 closed, 2 open"
        assert app.lines()[-1].startswith("2 hosts · 7 shown of 7")
        await pilot.press("minus")
        await pilot.pause()
        assert app.lines()[1:3] == [
            "▸+ 10.0.0.0 · 2 open",
            " + router (10.0.0.1) · 3 closed, 2 open",
        ]
        assert app.lines()[3] == ""
        table.group_by(SERVICE)
        await pilot.pause()
        headings = [line[2:] for line in app.lines() if line[1:2] == "-"]
        assert headings[-1] == " ssh · 2 open" or headings[-1].startswith(" no known service")
        assert " domain · 1 open" in headings
        table.set_query(Query(filter=parse_filter("port:22"), sort=SortColumn.HOST))
        await pilot.pause()
        assert app.lines()[1].strip("▸") == "- ssh · 2 open"
        assert app.lines()[-1].startswith("1 service · 2 shown of 7")


async def test_keys_and_clicks_on_headings(show, two_hosts) -> None:
    table = ResultsTable()
    app = show(table)
    async with app.run_test(size=(70, 16)) as pilot:
        table.focus()
        table.show(two_hosts.snapshot())
        table.group_by(HOST)
        await pilot.press("enter")
        assert table.row_count() == 4
        await pilot.press("enter")
        assert table.row_count() == 6 and not table.selected
        await pilot.press("left")
        assert table.row_count() == 4
        await pilot.press("right")
        assert table.row_count() == 6 and table.cursor_key is None
        await pilot.press("right", "down")
        assert table.cursor_key == 80
        await pilot.press("left")
        assert table.cursor_key is None and table.cursor_host == 0 and table.row_count() == 6
        await pilot.click(ResultsTable, offset=(1, 4))
        assert table.row_count() == 4 and table.cursor_host == 1
        await pilot.click(ResultsTable, offset=(9, 4), times=2)
        assert table.row_count() == 6
        await pilot.press("minus", "minus")
        assert table.row_count() == 6
        await pilot.press("left", "right", "down", "space")
        assert table.chosen_keys == [1 << 18 | 22]


async def test_space_on_a_heading_marks_its_rows(show, two_hosts) -> None:
    table = ResultsTable()
    app = show(table)
    async with app.run_test(size=(70, 16)) as pilot:
        table.focus()
        table.show(two_hosts.snapshot())
        table.group_by(HOST)
        await pilot.press("minus", "home", "space")
        await pilot.pause()
        assert table.chosen_keys == [22, 80]
        assert app.lines()[1] == " + 10.0.0.0 · 2 open · 2 marked"
        await pilot.press("minus", "home", "down", "space")
        assert table.chosen_keys == [80]
        await pilot.press("home", "space")
        assert table.chosen_keys == [22, 80]
        await pilot.press("home", "space")
        assert not table.selected


async def test_many_rows_are_grouped_by_arrays(show, make_scan) -> None:
    scan = make_scan(hosts=8, ports=range(1, 65_536))
    for host in range(8):
        scan.decide(PortState.CLOSED, *range(1, 65_536), host=host)
    table = ResultsTable(ALL)
    app = show(table)
    async with app.run_test(size=(70, 16)) as pilot:
        table.focus()
        table.show(scan.snapshot())
        table.group_by(HOST)
        assert table.row_count() == 8 + 8 * 65_535
        await pilot.press("minus", "end", "enter", "end")
        assert table.cursor_key == 7 << 18 | 65_535
        assert len(table.row_set) == 8 * 65_535
        assert np.count_nonzero(table._rows.lines < 0) == 8

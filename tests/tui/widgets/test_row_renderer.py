from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from engine.results.query import SortColumn
from engine.spec.port_state import PortState
from tui.widgets.row_renderer import RowStyles, column_at, header_strip, lay_out, row_strip

PLAIN = RowStyles(
    base=Style(),
    header=Style(),
    cursor=Style(reverse=True),
    cursor_covers=True,
    heading=Style(bold=True),
    marked=Style(underline=True),
    quiet=Style(),
    states={state: Style(color=f"color({state + 1})") for state in PortState},
)


def titles(width: int, host_width: int) -> list[str]:
    return [place.column.title for place in lay_out(width, host_width)]


@pytest.mark.parametrize(
    ("width", "host_width", "shown"),
    [
        (53, 0, "PORT STATE SERVICE REASON"),
        (53, 15, "HOST PORT STATE SERVICE"),
        (78, 0, "PORT STATE SERVICE REASON RTT TTL TRIES SCAN"),
        (120, 15, "HOST PORT STATE SERVICE REASON RTT TTL TRIES SCAN TIME"),
        (33, 12, "HOST PORT STATE"),
        (30, 12, "PORT STATE"),
        (21, 12, "PORT"),
        (5, 0, "PORT"),
    ],
)
def test_columns_leave_in_a_fixed_order(width: int, host_width: int, shown: str) -> None:
    assert titles(width, host_width) == shown.split()


@given(st.integers(11, 250), st.integers(0, 60))
def test_columns_fit_and_never_overlap(width: int, host_width: int) -> None:
    places = lay_out(width, host_width)
    for before, after in pairwise(places):
        assert before.start + before.width + 1 == after.start
    assert places[-1].start + places[-1].width <= width


def test_a_click_finds_its_column() -> None:
    places = lay_out(60, 15)
    for place in places:
        assert column_at(places, place.start) is place.column.sort
        assert column_at(places, place.start + place.width - 1) is place.column.sort
        assert column_at(places, place.start + place.width) is None
    assert column_at(places, 0) is None


def test_the_header_shows_column_and_direction_of_the_order() -> None:
    places = lay_out(80, 0)
    up = header_strip(places, PLAIN, SortColumn.RTT, descending=False).text
    down = header_strip(places, PLAIN, SortColumn.RTT, descending=True).text
    assert "RTT ▲" in up and "RTT ▼" in down
    assert up.count("▲") == down.count("▼") == 1


def test_an_order_by_host_is_one_by_port_when_there_is_one_host() -> None:
    assert "PORT ▲" in header_strip(lay_out(80, 0), PLAIN, SortColumn.HOST, descending=False).text
    assert "HOST ▲" in header_strip(lay_out(80, 9), PLAIN, SortColumn.HOST, descending=False).text


def test_every_title_keeps_its_arrow(make_scan) -> None:
    places = lay_out(120, 15)
    for place in places:
        text = header_strip(places, PLAIN, place.column.sort, descending=True).text
        assert f"{place.column.title} ▼" in text


def test_a_row_says_state_in_glyph_and_word(make_scan) -> None:
    scan = make_scan()
    scan.decide(PortState.OPEN, 22)
    strip = row_strip(
        scan.snapshot().row(22), lay_out(60, 0), 60, PLAIN, cursor=False, marked=False
    )
    assert strip.cell_length == 60
    assert "22/tcp ● open" in strip.text
    styles = {segment.text.strip(): segment.style for segment in strip}
    assert styles["● open"].color == PLAIN.states[PortState.OPEN].color


def test_cursor_mark_and_staleness_have_a_glyph_each(make_scan) -> None:
    scan = make_scan()
    scan.decide(PortState.FILTERED, 22, flags=1)
    row = scan.snapshot().row(22)
    strip = row_strip(row, lay_out(60, 0), 60, PLAIN, cursor=True, marked=True)
    assert strip.text.startswith("▸✓")
    assert "▒~filtered" in strip.text
    assert all(segment.style.reverse and segment.style.dim for segment in strip)


def test_a_long_name_loses_its_end(make_scan) -> None:
    scan = make_scan(hosts=2, h1="a-very-long-name-of-a-host.example.org")
    scan.decide(PortState.OPEN, 22, host=1)
    row = scan.snapshot().row(1 << 18 | 22)
    places = lay_out(36, 38)
    strip = row_strip(row, places, 36, PLAIN, cursor=False, marked=False)
    assert "  a-very-long-…  " in strip.text


def test_a_state_that_has_changed_is_marked(make_scan) -> None:
    scan = make_scan()
    scan.decide(PortState.OPEN, 22)
    scan.decide(PortState.FILTERED, 22)
    places = lay_out(60, 0)
    strip = row_strip(scan.snapshot().row(22), places, 60, PLAIN, cursor=False, marked=False)
    assert "▒*filtered" in strip.text


def test_others_shrink_before_the_service_leaves() -> None:
    titles = [place.column.title for place in lay_out(46, 30)]
    assert titles == ["HOST", "PORT", "STATE", "SERVICE"]
    host, port, state, service = (place.width for place in lay_out(46, 30))
    assert (port, state, service) == (9, 10, 8) and host >= 8
    assert [place.column.title for place in lay_out(36, 30)] == ["HOST", "PORT", "STATE"]

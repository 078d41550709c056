from __future__ import annotations

from math import nan

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.gauges import LEVELS, bar, chart, level, peak, sparkline


@given(st.floats(-1, 2), st.integers(0, 50))
def test_bar_has_its_width_and_is_full_only_when_all_is_done(share: float, width: int) -> None:
    drawn = bar(share, width)
    assert len(drawn) == width
    if share < 0.999 and width:
        assert "░" in drawn


def test_level_is_full_only_when_all_is_done() -> None:
    assert [level(x) for x in (-1, 0, 0.5, 0.999, 1, 7)] == ["▁", "▁", "▄", "▇", "█", "█"]


def test_sparkline_shows_the_newest_values_from_zero_to_the_top() -> None:
    assert sparkline([5, 0, 1, 2, 4], 4) == "▁▂▄█"
    assert sparkline([3, 3], 4) == "  ██"
    assert sparkline([0, 0], 2) == "▁▁"
    assert sparkline([], 3) == "   "
    assert sparkline([1, 2], 0) == ""


@given(st.lists(st.floats(-10, 1e9), max_size=40), st.integers(0, 30))
def test_sparkline_is_as_wide_as_asked(values: list[float], width: int) -> None:
    drawn = sparkline(values, width)
    assert len(drawn) == width
    assert set(drawn) <= set(LEVELS + " ")


def test_what_is_not_known_is_blank_and_a_top_keeps_small_values_small() -> None:
    assert sparkline([nan, 1, nan, 2], 5) == "  ▄ █"
    assert sparkline([0.01, 0.1], 2, top=0.2) == "▁▄"
    assert peak([nan, 3, nan]) == 3 and peak([nan]) == peak([-1]) == 0


def test_a_chart_has_eight_levels_to_a_line() -> None:
    assert chart([0, 1, 8, 12, 16, nan], 7, 2) == ["    ▄█ ", " ▁▁███ "]
    assert chart([1], 1, 1, top=8) == ["▁"] and chart([5], 0, 2) == ["", ""]


@given(
    st.lists(st.floats(-10, 1e9) | st.just(nan), max_size=40), st.integers(0, 30), st.integers(1, 9)
)
def test_a_chart_has_no_holes(values: list[float], width: int, height: int) -> None:
    lines = chart(values, width, height)
    assert [len(line) for line in lines] == [width] * height
    for column in zip(*lines, strict=True):
        text = "".join(column).lstrip()
        assert len(text) < 2 or set(text[1:]) == {"█"}

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import format as fmt


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (-3, "0:00"), (7.9, "0:07"), (760, "12:40"), (10_921, "3:02:01"),
     (357_120, "4d 03:12")],
)  # fmt: skip
def test_clock(seconds: float | None, text: str) -> None:
    assert fmt.clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.000043, "43 µs"), (0.00043, "0.43 ms"), (0.0099499, "9.95 ms"),
     (0.012, "12 ms"), (0.9994, "999 ms"), (0.9996, "1.00 s"), (1.25, "1.25 s")],
)  # fmt: skip
def test_latency(seconds: float | None, text: str) -> None:
    assert fmt.latency(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.999999, "99 %"), (1, "100 %"), (1.5, "100 %"), (-1, "0 %"), (0.29, "29 %")],
)
def test_percent_is_never_rounded_up(share: float, text: str) -> None:
    assert fmt.percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0001, "<0.1 %"), (0.004, "0.4 %"), (0.0995, "10 %"), (0.12, "12 %")],
)
def test_loss(share: float, text: str) -> None:
    assert fmt.loss(share) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (9_999, "9.9k"), (65_535, "65k"),
     (999_999, "999k"), (1_234_567, "1.2M"), (10**13, "999G")],
)  # fmt: skip
def test_short_count_has_at_most_four_characters(number: int, text: str) -> None:
    assert fmt.short_count(number) == text
    assert len(text) <= 4


@pytest.mark.parametrize(("rate", "text"), [(0, "0/s"), (0.4, "0.4/s"), (4980.4, "4,980/s")])
def test_rate(rate: float, text: str) -> None:
    assert fmt.rate(rate) == text


def test_plural() -> None:
    assert [fmt.plural(n, "port") for n in (0, 1, 1000)] == ["0 ports", "1 port", "1,000 ports"]


def test_cut_marks_what_is_missing() -> None:
    assert fmt.cut("administratively", 8) == "adminis…"
    assert fmt.cut("2001:db8::1:2", 7, host=True) == "…8::1:2"
    assert fmt.cut("192.0.2.123", 6, host=True) == "…2.123"
    assert fmt.cut("fe80::1%eth0", 7, host=True) == "…1%eth0"
    assert fmt.cut("www.example", 6, host=True) == "www.e…"
    assert fmt.cut("10.example", 6, host=True) == "10.ex…"
    assert fmt.cut("short", 5) == "short"
    assert fmt.cut("any", 1) == "…"
    assert fmt.cut("any", 0) == ""


@given(st.text(max_size=30), st.integers(0, 20), st.booleans(), st.booleans())
def test_fit_is_exactly_as_wide_as_asked(text: str, width: int, right: bool, end: bool) -> None:
    printable = "".join(c for c in text if c.isprintable())
    shown = fmt.fit(printable, width, right=right, host=end)
    assert cell_len(shown) == width


def test_flow_breaks_between_pieces_only() -> None:
    assert fmt.flow(["aaa", "bb", "cccc"], " · ", 8) == ["aaa · bb", "cccc"]
    assert fmt.flow([], " · ", 8) == []
    assert fmt.flow(["longer than the line"], " · ", 8) == ["longer than the line"]


def test_wrap() -> None:
    assert fmt.wrap("one two three", 7) == ["one two", "three"]
    assert fmt.wrap("", 7) == [""]

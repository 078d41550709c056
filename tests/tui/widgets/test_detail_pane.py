from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from textual.widgets import Static

from engine.results.layers import EarlierResult
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from tui.widgets.detail_pane import NOTHING, DetailPane
from tui.widgets.detail_text import STATE_WORDS, detail_text
from tui.widgets.reason_words import REASON_WORDS


@dataclass(frozen=True)
class Explanation:
    meaning: str = "A service accepts connections here."
    sent: str = "TCP SYN to port 22"
    reply: str = "220 [/x] [bold] $error"
    rule: str = "SYN/ACK means open (RFC 9293, 3.5)"
    advice: str = ""
    combined: str = "-sS and -sA: a stateful filter"


def text_of(app) -> str:
    return str(app.query_one(Static).visual)


async def test_nothing_under_the_cursor(show, usual_scan) -> None:
    app = show(DetailPane())
    async with app.run_test():
        app.pane.show_row(usual_scan.snapshot(), None)
        assert text_of(app) == NOTHING


async def test_a_row_in_plain_words(show, usual_scan) -> None:
    app = show(DetailPane())
    async with app.run_test():
        app.pane.show_row(usual_scan.snapshot(), 22)
        text = text_of(app)
    assert text.startswith("22/tcp  ssh\n10.0.0.0\n● open: something answers here; the host acc")
    for fact in ("reason  syn-ack", "scan    TCP SYN (-sS)", "RTT     0.43 ms", "TTL     64",
                 "tries   1", "time    1.200 s after the start"):  # fmt: skip
        assert fact in text


async def test_the_explanation_is_shown_as_it_is(show, usual_scan) -> None:
    app = show(DetailPane())
    async with app.run_test():
        app.pane.show_row(usual_scan.snapshot(), 22, Explanation())
        text = text_of(app)
    assert "What it means\nA service accepts connections here." in text
    assert "Came back\n220 [/x] [bold] $error" in text
    assert "What to try next" not in text


async def test_an_explanation_that_comes_later_is_added(show, usual_scan) -> None:
    app, snapshot = show(DetailPane()), usual_scan.snapshot()
    async with app.run_test():
        app.pane.show_row(snapshot, 22)
        assert "What it means" not in text_of(app)
        app.pane.show_row(snapshot, 22, Explanation())
        assert "What it means" in text_of(app)
        app.pane.show_row(snapshot, 80)
        assert "What it means" not in text_of(app)


async def test_stale_foreign_and_silent_ports(show, make_scan) -> None:
    scan = make_scan()
    scan.decide(PortState.FILTERED, 1, flags=3, rtt=float("nan"), ttl=0)
    app = show(DetailPane())
    async with app.run_test():
        app.pane.show_row(scan.snapshot(), 1)
        text = text_of(app)
        assert "being probed again" in text and "from    another address" in text
        assert "RTT     -" in text and "TTL     -" in text
        app.pane.show_row(scan.snapshot(), 2)
        assert "· pending: nothing is known yet" in text_of(app)
        assert "RTT" not in text_of(app)


async def test_a_long_text_scrolls_and_another_port_starts_at_the_top(show, usual_scan) -> None:
    app, snapshot = show(DetailPane()), usual_scan.snapshot()
    async with app.run_test(size=(30, 8)) as pilot:
        app.pane.focus()
        app.pane.show_row(snapshot, 22, Explanation())
        await pilot.pause()
        await pilot.press("j", "j")
        await pilot.pause()
        assert app.pane.scroll_target_y == 2
        app.pane.show_row(snapshot, 80, None)
        await pilot.pause()
        assert app.pane.scroll_offset.y == 0


async def test_clear(show, usual_scan) -> None:
    app = show(DetailPane())
    async with app.run_test():
        app.pane.show_row(usual_scan.snapshot(), 22)
        app.pane.clear()
        assert text_of(app) == NOTHING


def test_every_state_and_reason_has_words() -> None:
    assert set(STATE_WORDS) == set(PortState)
    assert set(REASON_WORDS) == set(Reason) - {Reason.NONE}


async def test_several_techniques_and_doubts_are_told(show, usual_scan) -> None:
    app = show(DetailPane())
    async with app.run_test(size=(60, 40)) as pilot:
        usual_scan.store.doubt(0)
        snapshot = usual_scan.snapshot(doubts={0: "This host is a tarpit."})
        app.pane.show_row(snapshot, 22, Explanation())
        await pilot.pause()
        text = text_of(app)
    assert "Together\n-sS and -sA: a stateful filter" in text
    assert "! doubted: This host is a tarpit." in text


def test_earlier_results_of_other_techniques(make_scan) -> None:
    scan = make_scan()
    scan.decide(PortState.FILTERED, 22)
    row = scan.snapshot().row(22)
    earlier = (EarlierResult(ScanType.ACK, PortState.UNFILTERED, Reason.RESET),)
    text = detail_text(row, None, Style.null(), earlier=earlier).plain
    assert "Earlier\n-sA TCP ACK: unfiltered, reset" in text


def test_a_state_that_has_changed_is_told(make_scan) -> None:
    scan = make_scan()
    scan.decide(PortState.OPEN, 22)
    scan.decide(PortState.FILTERED, 22)
    text = detail_text(scan.snapshot().row(22), None, Style.null()).plain
    assert "* was open before it was probed again" in text.splitlines()

from __future__ import annotations

from msgspec.structs import replace

from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from tests.tui.widgets.conftest import PaneApp
from tui.widgets.progress_pane import ProgressPane


class Listening(PaneApp):
    """Writes down which hosts were asked for."""

    def __init__(self, pane: ProgressPane) -> None:
        super().__init__(pane)
        self.chosen: list[int] = []

    def on_progress_pane_host_chosen(self, event: ProgressPane.HostChosen) -> None:
        self.chosen.append(event.host)


def figures(snapshot, **changes):
    usual = {
        "send_rate": 4980.0, "answer_rate": 4100.0, "in_flight": 120, "loss": 0.004,
        "rtt_median": 0.0012, "rtt_p95": 0.004, "resent": 12, "pace": 5000.0,
        "limit": "the timing template",
    }  # fmt: skip
    return replace(snapshot, progress=replace(snapshot.progress, **{**usual, **changes}))


async def test_figures(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(70, 12)) as pilot:
        app.pane.show(figures(usual_scan.snapshot(), decided=63))
        await pilot.pause()
        lines = app.lines()
    assert lines[0].startswith("█") and "░ 63 %  63 of 100 ports  0:12 elapsed  0:07" in lines[0]
    assert lines[1].startswith("sent        4,980/s") and lines[1].endswith("█")
    assert lines[2].startswith("answers     4,100/s")
    assert lines[3].startswith("RTT         1.20 ms") and lines[3].endswith("█")
    assert lines[4].startswith("loss          0.4 %") and lines[4].endswith(" ▁")
    assert lines[5] == "in flight 120 · re-sent 12 · RTT p95 4.00 ms"
    assert lines[6] == "Pace 5,000/s: the timing template"


async def test_without_a_limit_it_says_so(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(70, 12)) as pilot:
        app.pane.show(figures(usual_scan.snapshot(), limit="", rejected=3, rtt_p95=None))
        await pilot.pause()
        assert app.lines()[5:] == [
            "in flight 120 · re-sent 12 · strangers 3", "Pace 5,000/s: no limit met yet", "",
        ]  # fmt: skip


async def test_the_time_left_is_the_last_to_give_way(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(60, 12)) as pilot:
        seen = []
        for width in (58, 54, 40, 30, 20):
            await pilot.resize_terminal(width, 12)
            app.pane.show(figures(usual_scan.snapshot(), decided=63))
            await pilot.pause()
            seen.append(app.lines()[0].lstrip("█░"))
    assert seen == [
        " 63 %  63 of 100 ports  0:12 elapsed  0:07 left",
        " 63 %  63 of 100  0:12 elapsed  0:07 left",
        " 63 %  63 of 100  0:07 left",
        " 63 %  0:07 left",
        " 63 %  0:07 left",
    ]


async def test_the_rates_of_the_scans_own_time_are_drawn(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(60, 12)) as pilot:
        for half in range(8):
            for _ in range(3):
                made = figures(usual_scan.snapshot(), elapsed=half / 2, send_rate=half * 100.0)
                app.pane.show(made)
        await pilot.pause()
        assert app.lines()[1].endswith(" ▁▂▃▄▅▆▇█")
        app.pane.show(figures(usual_scan.snapshot(), elapsed=0.1, send_rate=5.0))
        await pilot.pause()
        assert app.lines()[1].endswith("  █")


async def test_the_compact_form_has_two_lines(show, usual_scan) -> None:
    app = show(ProgressPane(classes="compact"))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(figures(usual_scan.snapshot()))
        await pilot.pause()
        lines = app.lines()
    assert len(lines) == 2
    assert lines[1].startswith("sent 4,980/s ") and "answers 4,100/s " in lines[1]
    assert lines[1].endswith("/s · the timing template · in flight 120")


async def test_the_compact_form_says_more_on_more_lines(show, usual_scan) -> None:
    app = show(ProgressPane(classes="compact"))
    app.CSS = "ProgressPane.compact { height: 4; }"
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(figures(usual_scan.snapshot()))
        await pilot.pause()
        lines = app.lines()
    assert "/s        █ · in flight 120 · loss 0.4 %" in lines[1]
    assert lines[2] == "Pace 5,000/s: the timing template" and not lines[3]


async def test_hosts_with_most_left_come_first(show, make_scan) -> None:
    scan = make_scan(hosts=30)
    for host in range(30):
        scan.decide(PortState.CLOSED, *range(1, 100 - host), host=host)
    scan.decide(PortState.OPEN, 1, host=29)
    app = show(ProgressPane())
    app.CSS = "ProgressPane { height: 9; }"
    async with app.run_test(size=(70, 20)) as pilot:
        app.pane.show(figures(scan.snapshot(skipped=frozenset({28})), limit=""))
        await pilot.pause()
        lines = app.lines()
    assert lines[1].startswith("sent    4,980/s ") and "  answers 4,100/s " in lines[1]
    assert lines[2].startswith("RTT     1.20 ms ") and "  loss      0.4 % " in lines[2]
    assert lines[5].startswith("10.0.0.29 ") and lines[5].endswith(" 70 %    30 left    1 open")
    assert lines[6].startswith("10.0.0.27 ") and lines[7].startswith("10.0.0.26 ")
    assert lines[8] == "and 26 more hosts, 351 ports left"


async def test_a_click_on_a_bar_asks_for_its_host(show, make_scan) -> None:
    scan = make_scan(hosts=6)
    for host in range(6):
        scan.decide(PortState.CLOSED, *range(1, 90 - host), host=host)
    app = Listening(ProgressPane())
    app.CSS = "ProgressPane { height: 9; }"
    async with app.run_test(size=(100, 20)) as pilot:
        app.pane.show(figures(scan.snapshot()))
        await pilot.pause()
        lines = app.lines()
        assert lines[5].startswith("10.0.0.5 ") and lines[5].find("10.0.0.4 ") > 50
        for x, y in ((3, 5), (60, 5), (60, 7), (49, 6), (3, 1), (3, 8)):
            await pilot.click(ProgressPane, offset=(x, y))
    assert app.chosen == [5, 4, 0, 3]


async def test_charts_where_there_is_room(show, make_scan) -> None:
    scan = make_scan(hosts=5)
    scan.decide(PortState.CLOSED, *range(1, 50), host=4)
    app = show(ProgressPane())
    app.CSS = "ProgressPane { height: 1fr; }"
    async with app.run_test(size=(80, 21)) as pilot:
        for half in range(20):
            app.pane.show(figures(scan.snapshot(), elapsed=half / 2, send_rate=half * 100.0))
        await pilot.pause()
        lines = app.lines()
        assert lines[1].startswith("sent 1,900/s ") and " of 1,900/s  answers 4,100/s" in lines[1]
        assert [line[:39].strip() for line in lines[2:7]] == [
            "▂▄▆█", "▁▃▅█████", "▁▃▅▇████████", "▃▅▇████████████", "▁▂▄▆████████████████",
        ]  # fmt: skip
        assert lines[7].startswith("RTT 1.20 ms ") and lines[7].endswith(" of 10 %")
        assert [line[79:] for line in lines[8:13]] == ["", "", "", "", "▂"]
        assert lines[13] == "the last 0:10, now at the right"
        assert lines[20].startswith("10.0.0.4 ") and lines[20].endswith(" 51 left    0 open")
        await pilot.resize_terminal(200, 60)
        app.pane.show(figures(scan.snapshot(), elapsed=10.0))
        await pilot.pause()
        lines = app.lines()
        assert lines[27] == "the last 0:10, now at the right"
        assert all(f"10.0.0.{host} " in lines[30] for host in range(4))


async def test_what_holds_it_back_is_said_in_full(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(40, 12)) as pilot:
        why = "the host rations its answers (about 1,000 a second)"
        app.pane.show(figures(usual_scan.snapshot(), limit=why))
        await pilot.pause()
        assert f"Pace 5,000/s: {why}" in " ".join(app.lines())
        app.pane.show(figures(usual_scan.snapshot(phase=Phase.PAUSED)))
        await pilot.pause()
        assert "Paused: no probe leaves" in " ".join(app.lines())


async def test_a_scan_that_is_over_has_no_limit_and_no_rest(show, make_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(70, 12)) as pilot:
        app.pane.show(figures(make_scan(hosts=3).snapshot(phase=Phase.FINISHED)))
        await pilot.pause()
        text = "\n".join(app.lines())
    assert "Pace" not in text and "left" not in text and "10.0.0.1" not in text


async def test_without_a_scan_it_says_so(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(60, 12)) as pilot:
        assert app.lines()[0].startswith("No scan yet.")
        app.pane.show(figures(usual_scan.snapshot()))
        app.pane.clear()
        await pilot.pause()
        assert app.lines()[0].startswith("No scan yet.")


async def test_any_width_is_survived(show, make_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(80, 12)) as pilot:
        for width in (1, 5, 20, 33, 200):
            await pilot.resize_terminal(width, 12)
            app.pane.show(figures(make_scan(hosts=4).snapshot()))
            await pilot.pause()
            assert all(len(line) <= width for line in app.lines())

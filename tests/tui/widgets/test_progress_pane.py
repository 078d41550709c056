from __future__ import annotations

from dataclasses import replace

from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from tui.widgets.progress_pane import ProgressPane


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
    assert lines[1].startswith("sent       4,980/s") and lines[1].endswith("█")
    assert lines[2].startswith("answers    4,100/s")
    assert lines[3] == "in flight 120 · loss 0.4 % · RTT 1.20 ms, p95 4.00 ms · re-sent 12"
    assert lines[4] == "Pace 5,000/s, limited by: the timing template"


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
    assert "in flight 120 · loss 0.4 %" in lines[1] and lines[1].endswith("…")


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
    assert lines[4].startswith("10.0.0.29 ") and lines[4].endswith("70 %  1 open")
    assert lines[5].startswith("10.0.0.27 ")
    assert lines[8] == "and 25 more unfinished hosts"


async def test_what_holds_it_back_is_said_in_full(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(40, 12)) as pilot:
        why = "the host rations its answers (about 1,000 a second)"
        app.pane.show(figures(usual_scan.snapshot(), limit=why))
        await pilot.pause()
        assert f"limited by: {why}" in " ".join(app.lines())
        app.pane.show(figures(usual_scan.snapshot(phase=Phase.PAUSED)))
        await pilot.pause()
        assert "Paused: no probe leaves" in " ".join(app.lines())


async def test_a_scan_that_is_over_has_no_limit_and_no_rest(show, make_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(70, 12)) as pilot:
        app.pane.show(figures(make_scan(hosts=3).snapshot(phase=Phase.FINISHED)))
        await pilot.pause()
        text = "\n".join(app.lines())
    assert "limited" not in text and "left" not in text and "10.0.0.1" not in text


async def test_without_a_scan_it_says_so(show, usual_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(60, 12)) as pilot:
        assert app.lines()[0] == "No scan yet."
        app.pane.show(figures(usual_scan.snapshot()))
        app.pane.clear()
        await pilot.pause()
        assert app.lines()[0] == "No scan yet."


async def test_any_width_is_survived(show, make_scan) -> None:
    app = show(ProgressPane())
    async with app.run_test(size=(80, 12)) as pilot:
        for width in (1, 5, 20, 33, 200):
            await pilot.resize_terminal(width, 12)
            app.pane.show(figures(make_scan(hosts=4).snapshot()))
            await pilot.pause()
            assert all(len(line) <= width for line in app.lines())

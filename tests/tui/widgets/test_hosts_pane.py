from __future__ import annotations

import pytest

from engine.spec.port_state import PortState
from tui.widgets.hosts_pane import NO_HOSTS, HostsPane


@pytest.fixture
def scan(make_scan):
    scan = make_scan(hosts=12, h2="web.example")
    scan.decide(PortState.OPEN, 22, 80, host=1)
    scan.decide(PortState.CLOSED, *range(1, 51), host=2)
    scan.decide(PortState.FILTERED, *range(1, 101), host=3)
    return scan


async def test_each_host_has_a_line(show, scan) -> None:
    app = show(HostsPane())
    async with app.run_test(size=(26, 20)) as pilot:
        app.pane.show(scan.snapshot(problems={5: "no route to host"}, skipped=frozenset({6})))
        await pilot.pause()
        lines = app.lines()
    assert lines[0].startswith("▸»all hosts") and "●2" in lines[0]
    assert "10.0.0.1" in lines[2] and "●2" in lines[2]
    assert "web.example" in lines[3] and lines[3].endswith("▄")
    assert lines[4].endswith("█")
    assert lines[6].endswith("!") and lines[7].endswith("-")


async def test_a_wide_pane_counts_more_and_has_longer_bars(show, scan) -> None:
    app = show(HostsPane())
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.show(scan.snapshot())
        await pilot.pause()
        assert "○50" in app.lines()[3] and "█████░░░░░" in app.lines()[3]
        assert "▒100" in app.lines()[4]


@pytest.mark.parametrize("width", [67, 80, 113, 120, 200])
async def test_columns_have_titles_that_stay(show, scan, width: int) -> None:
    app = show(HostsPane())
    async with app.run_test(size=(width, 8)) as pilot:
        app.pane.focus()
        app.pane.show(scan.snapshot())
        await pilot.pause()
        titles, _, first, second, third = app.lines()[:5]
        assert titles.index("HOST") == first.index("10.0.0.0")
        assert "NAME" in titles and titles.index("NAME") == third.rstrip().find("web.example")
        assert titles.index("OPEN") + 4 == second.index("●2") + 2
        if width >= 113:
            assert titles.index("CLSD") + 4 == third.index("○50") + 3
            assert titles.index("DONE") == third.index("█")
        await pilot.press("end")
        await pilot.pause()
        assert app.lines()[0] == titles and app.lines()[4].startswith("▸ 10.0.0.11")
        await pilot.click(HostsPane, offset=(5, 3))
        assert app.pane.chosen == 10


async def test_a_list_without_columns_or_ports_has_no_titles_for_them(show, make_scan) -> None:
    app = show(HostsPane())
    async with app.run_test(size=(66, 12)) as pilot:
        assert "HOST" not in app.lines()[0]
        app.pane.show(make_scan(hosts=2).snapshot())
        await pilot.pause()
        assert app.lines()[0].startswith("▸»all hosts")
    app = show(HostsPane())
    async with app.run_test(size=(120, 12)) as pilot:
        app.pane.show(make_scan(hosts=2, ports=()).snapshot())
        await pilot.pause()
        assert "NAME" in app.lines()[0] and "OPEN" not in app.lines()[0]


async def test_the_foot_tells_about_the_host_under_the_cursor(show, scan) -> None:
    app = show(HostsPane())
    async with app.run_test(size=(30, 12)) as pilot:
        app.pane.focus()
        app.pane.show(scan.snapshot(problems={0: "no route to host"}))
        await pilot.pause()
        assert app.lines()[-2].startswith("12 hosts: 2 open, 1,048")
        await pilot.press("down")
        await pilot.pause()
        assert app.lines()[-2:] == ["10.0.0.0: no route to host", ""]


async def test_choosing_a_host_is_told_and_marked(show, scan) -> None:
    heard: list[int | None] = []

    class Listening(type(show(HostsPane()))):
        def on_hosts_pane_host_chosen(self, event: HostsPane.HostChosen) -> None:
            heard.append(event.host)

    app = Listening(HostsPane())
    async with app.run_test(size=(26, 20)) as pilot:
        app.pane.focus()
        app.pane.show(scan.snapshot())
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert app.lines()[2].startswith("▸»10.0.0.1")
        await pilot.click(HostsPane, offset=(5, 3))
        await pilot.click(HostsPane, offset=(5, 0))
        await pilot.click(HostsPane, offset=(5, 17))
        assert heard == [1, 2, None]
        assert app.pane.chosen is None and app.pane.cursor_host is None


async def test_many_hosts_scroll_and_cost_nothing(show, make_scan) -> None:
    scan = make_scan(hosts=65_536, ports=range(1, 3))
    app = show(HostsPane())
    async with app.run_test(size=(26, 20)) as pilot:
        app.pane.focus()
        app.pane.show(scan.snapshot())
        await pilot.press("end", "up")
        await pilot.pause()
        assert app.pane.cursor_host == 65_534
        assert "10.0.255.254" in app.lines()[15]
        assert "10.0.255.255" in app.lines()[16]


async def test_hosts_that_join_leave_the_cursor_where_it_is(show, make_scan) -> None:
    app = show(HostsPane())
    async with app.run_test(size=(26, 20)) as pilot:
        app.pane.focus()
        app.pane.show(make_scan(hosts=3).snapshot())
        await pilot.press("end")
        app.pane.show(make_scan(hosts=5).snapshot())
        await pilot.pause()
        assert app.pane.cursor_host == 2
        assert "10.0.0.4" in app.lines()[5]
        app.pane.clear()
        await pilot.pause()
        assert app.pane.cursor_host is None
        assert " ".join(app.lines()).split() == NO_HOSTS.split()

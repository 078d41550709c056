"""Commands about whole hosts, and the list of hosts they work on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from engine.discovery.verdict import HOST_VERDICT
from engine.results.host_table import HostTable
from engine.results.host_view import HostView
from engine.spec.host_state import HostState
from engine.spec.reason import Reason
from tui.plan import Finding
from tui.widgets.choice_line import ChoiceLine
from tui.widgets.host_filter_bar import HostFilterBar
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.status_line import StatusLine

TARGETS = ("10.0.0.1-60", "-p", "1-100")


def hosts_view(count: int, up: tuple[int, ...] = (0, 1), names: Any = ()) -> HostView:
    """All hosts down but those of ``up``."""
    table = HostTable(count)
    verdicts = np.zeros(count, HOST_VERDICT)
    verdicts["host"] = np.arange(count)
    verdicts["state"], verdicts["reason"] = HostState.DOWN, Reason.NO_RESPONSE
    verdicts["rtt"] = np.nan
    verdicts["state"][list(up)] = HostState.UP
    verdicts["reason"][list(up)] = Reason.ECHO_REPLY
    verdicts["rtt"][list(up)] = 0.0042
    table.note(verdicts)
    for host, name in dict(names).items():
        table.set_name(host, name)
    table.set_hardware(0, bytes.fromhex("b827eb010203"))
    return table.snapshot()


@pytest.fixture
def found(running: Any, door: Any, until: Any) -> Any:
    """``async with found() as (pilot, app, session, pane)``: 60 hosts of which 2 are up."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def run(*words: str, size: tuple[int, int] = (120, 40)) -> Any:
        async with running(*(words or TARGETS), size=size) as (pilot, app, session):
            session.change(hosts=hosts_view(session.book.count, names={1: "web.example"}))
            pane = app.main.query_one(HostsPane)
            await until(pilot, lambda: app.main.snapshot.hosts.up == 2)
            yield pilot, app, session, pane

    return run


def told(app: Any, words: str) -> bool:
    return any(words in str(one.message) for one in app._notifications)


async def test_hosts_that_are_down_can_be_listed(found: Any, until: Any) -> None:
    async with found() as (pilot, app, session, pane):
        session.store = type(session.store)(60, session.channels)
        session.store.admit(np.arange(2, dtype=np.uint32))
        session.change()
        await until(pilot, lambda: list(pane.listed) == [0, 1])
        await pilot.press("D")
        assert len(pane.listed) == 60 and told(app, "Hosts that are down are listed")
        await pilot.press("D")
        assert list(pane.listed) == [0, 1]
        await pilot.press("f", *"down")
        await until(pilot, lambda: len(pane.listed) == 58)
        await pilot.press("escape")
        await until(pilot, lambda: list(pane.listed) == [0, 1])


async def test_hosts_are_found_by_text(found: Any, until: Any) -> None:
    async with found(size=(80, 24)) as (pilot, app, _, pane):
        assert not pane.display
        await pilot.press("f", *"web")
        await until(pilot, lambda: list(pane.listed) == [1])
        assert pane.display
        await pilot.press("enter")
        assert pane.has_focus and list(pane.listed) == [1]
        await pilot.press("escape")
        await until(pilot, lambda: len(pane.listed) == 60)
        assert app.main.query_one(HostFilterBar).text == ""


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("up", [0, 1]),
        ("echo -web", [0]),
        ("10.0.0.60", [59]),
        ("down 10.0.0.1", list(range(9, 19))),
        ("unknown", []),
        ("-down", [0, 1]),
        ("skipped", [5]),
        ("problem", [7]),
        ("-", list(range(60))),
    ],
)
async def test_what_the_filter_lets_through(
    found: Any, until: Any, text: str, hosts: list[int]
) -> None:
    async with found() as (pilot, app, session, pane):
        session.change(skipped=frozenset({5}), problems={7: "no route"})
        await until(pilot, lambda: app.main.snapshot.problems)
        pane.set_filter(text)
        assert list(pane.listed) == hosts


async def test_ask_again(found: Any) -> None:
    async with found() as (pilot, _, session, pane):
        await pilot.press("a")
        assert session.calls[-1] == ("ping_again", [0])
        pane.focus()
        await pilot.press("down", "down", "a")
        assert session.calls[-1] == ("ping_again", [1])
        await pilot.press("home", "a")
        assert session.calls[-1] == ("ping_again", list(range(60)))


async def test_scan_anyway(found: Any, until: Any) -> None:
    async with found() as (pilot, app, session, pane):
        await pilot.press("u")
        assert told(app, "are scanned already")
        session.store = type(session.store)(60, session.channels)
        session.store.admit(np.arange(2, dtype=np.uint32))
        session.change()
        await until(pilot, lambda: len(app.main.snapshot.view.hosts) == 2)
        pane.focus()
        await pilot.press("D", "end", "u")
        assert session.calls[-1] == ("assume_up", 59)


async def test_without_ports_or_pings_it_says_why_not(running: Any, until: Any) -> None:
    async with running() as (pilot, app, session):
        for field, key, words in (
            ("discovery", "a", "asks no host"),
            ("scan_ports", "u", "asks no ports"),
        ):
            session.spec = replace(session.spec, **{field: None})
            await pilot.press(key)
            assert told(app, words)
        assert session.calls == [("start",)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_list_across_the_screen(found: Any, until: Any, size: Any) -> None:
    async with found(size=size) as (pilot, app, _, pane):
        await pilot.press("w")
        await pilot.pause()
        assert pane.has_focus and pane.size.width > size[0] - 6
        await pilot.press("down")
        text = "\n".join(pane.render_line(y).text for y in range(pane.size.height))
        assert "↑ up" in text and "echo-reply" in text and "web.example" in text
        assert "b8:27:eb:01:02:03" in text
        await pilot.press("enter")
        await pilot.pause()
        assert not app.main.hosts_wide and pane.chosen == 0
        await pilot.press("w", "w")
        assert app.main.table.has_focus


@pytest.fixture
def sweep(make_app: Any, door: Any) -> Any:
    """An app that finds 2 of 60 hosts, and asks no ports."""

    def dress(session: Any) -> None:
        session.store = type(session.store)(60, session.channels)
        session.change(hosts=hosts_view(60))

    door.dress = dress
    return make_app("10.0.0.1-60", "-sn")


async def test_the_hosts_that_are_listed_can_be_exported_by_themselves(
    sweep: Any, until: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = sweep
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await pilot.press("e")
        assert not app.screen.query(ChoiceLine)
        await pilot.press("escape", "f", *"10.0.0.2 down", "enter", "e")
        line = app.screen.query_one(ChoiceLine)
        assert str(line.render()).split("  ") == [" Hosts", "● all 2 up", "○ 10 listed"]
        await pilot.press("right", "enter")
        await until(pilot, lambda: app.screen is app.main)
    (path,) = tmp_path.glob("pyscan-*-part.json")
    document = json.loads(path.read_text())
    assert [one["address"] for one in document["hosts"]] == [f"10.0.0.{n}" for n in range(20, 30)]
    assert {one["status"] for one in document["hosts"]} == {"down"}
    chosen = "the hosts listed, filter 10.0.0.2 down"
    assert document["part"] == {"ports": 0, "hosts": 10, "chosen": chosen}


async def test_a_scan_without_ports_shows_its_hosts(sweep: Any, door: Any, until: Any) -> None:
    app = sweep
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await pilot.pause()
        pane = app.main.query_one(HostsPane)
        assert app.main.hosts_wide and list(pane.listed) == [0, 1]
        titles, _, first = (pane.render_line(y).text for y in range(3))
        assert titles.split() == ["HOST", "STATE", "REASON", "RTT", "NAME"]
        assert first.split() == ["10.0.0.1", "↑", "up", "echo-reply", "4.20", "ms"]
        await pilot.press("p")
        await pilot.press("s", "U", "enter")
        assert told(app, "asks no ports") and door.session.calls == [("start",)]
        assert "no ports" in app.main.query_one(StatusLine).render().plain
        assert app.plan.finding is Finding.PING

"""The map of ports: what it counts, how it is moved and zoomed, and where it leads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import MouseEvent, MouseScrollDown, MouseScrollUp

from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol
from tui.screens.heat_map import HeatMapScreen
from tui.widgets.filter_bar import FilterBar
from tui.widgets.heat_map import HeatMap
from tui.widgets.key_hints import KeyHints
from tui.widgets.port_space import (
    COLUMNS,
    NOT_SCANNED,
    PORTS,
    Scope,
    Tally,
    Window,
    leading_states,
)


def make_store(hosts: int, channels: list[int]) -> Store:
    store = Store(hosts, np.array(channels, np.uint32))
    store.admit(np.arange(hosts, dtype=np.uint32))
    return store


def decide(store: Store, at: list[int], state: PortState) -> None:
    store.decide(
        np.array(at, np.int64), state=int(state), reason=int(Reason.SYN_ACK), technique=2, ttl=64,
        flags=0, rtt=1.0, clock=1,
    )  # fmt: skip


# Windows


@given(
    st.sampled_from([1, 2, 8, 16, 32]),
    st.integers(0, PORTS - 1),
    st.lists(st.booleans(), max_size=8),
)
def test_a_window_always_holds_its_port_and_whole_cells(
    rows: int, port: int, zooms: list[bool]
) -> None:
    window = Window.whole(rows)
    assert window.count == PORTS
    for closer in zooms:
        window = window.zoomed(port, closer)
        low, high = window.ports(window.cell(port))
        assert low <= port <= high and high - low + 1 == window.each >= 1
        assert window.first % window.count == 0 and window.first + window.count <= PORTS
        assert window.around(port) == window


# Counting


def test_ports_are_counted_by_cell_host_and_protocol() -> None:
    udp = Protocol.UDP << 16
    store = make_store(2, [1, 63, 64, 80, udp | 80])
    decide(store, [0, 1], PortState.CLOSED)
    decide(store, [3, 5 + 4], PortState.OPEN)
    view, window, tally = store.snapshot(), Window.whole(16), Tally()

    everything = tally.count(view, Scope(window))
    assert everything.shape == (COLUMNS * 16, len(PortState)) and everything.sum() == 10
    assert everything[0].tolist() == [2, 0, 2, 0, 0, 0, 0]
    assert everything[1].tolist() == [4, 2, 0, 0, 0, 0, 0]
    second = tally.count(view, Scope(window, host=1))
    assert second[1].tolist() == [2, 1, 0, 0, 0, 0, 0]
    datagrams = tally.count(view, Scope(window, protocol=Protocol.UDP))
    assert datagrams.sum() == 2 and datagrams[1, PortState.OPEN] == 1
    close = tally.count(view, Scope(Window(0, 16, 1)))
    assert close[80, PortState.OPEN] == 2 and close[1, PortState.CLOSED] == 1


def test_what_has_changed_is_counted_again() -> None:
    store, tally, scope = make_store(1, [22, 80]), Tally(), Scope(Window.whole(16))
    assert tally.count(store.snapshot(), scope)[0, PortState.PENDING] == 1
    decide(store, [0], PortState.OPEN)
    assert tally.count(store.snapshot(), scope)[0, PortState.OPEN] == 1


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ([0, 0, 0, 0, 0, 0, 0], NOT_SCANNED),
        ([5, 0, 0, 0, 0, 0, 0], PortState.PENDING),
        ([5, 1, 9, 9, 9, 9, 9], PortState.OPEN),
        ([0, 0, 9, 0, 1, 1, 0], PortState.OPEN_FILTERED),
        ([0, 0, 9, 0, 1, 0, 0], PortState.UNFILTERED),
        ([90, 0, 2, 1, 0, 0, 0], PortState.CLOSED),
        ([0, 0, 2, 3, 0, 0, 1], PortState.FILTERED),
        ([0, 0, 0, 0, 0, 0, 1], PortState.CLOSED_FILTERED),
    ],
)
def test_the_state_that_stands_for_a_cell(counts: list[int], state: int) -> None:
    assert leading_states(np.array([counts], np.int64)).tolist() == [state]


# The screen


def text_of(app: Any, selector: str) -> str:
    return str(app.screen.query_one(selector).render())


async def turn_wheel(pilot: Any, kind: type[MouseEvent], at: tuple[int, int]) -> None:
    await pilot._post_mouse_events([kind], HeatMap, offset=at)
    await pilot.pause()


async def open_map(pilot: Any, app: Any, until: Any) -> HeatMap:
    await pilot.press("H")
    await until(pilot, lambda: isinstance(app.screen, HeatMapScreen))
    await until(pilot, lambda: "pending" in text_of(app, "#cell"))
    heat: HeatMap = app.screen.query_one(HeatMap)
    return heat


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40), (200, 60)])
async def test_it_fills_while_the_scan_runs(
    running: Any, until: Any, size: tuple[int, int]
) -> None:
    async with running(size=size) as (pilot, app, session):
        heat = await open_map(pilot, app, until)
        assert app.screen.region.contains_region(heat.region)
        assert heat.size.height >= heat.window.rows >= 16
        wide = 2 if size == (200, 60) else 1
        lines = heat.render().plain.split("\n")
        assert {len(line) for line in lines} == {6 + 64 * wide} and heat.size.width >= len(lines[0])
        cell = 900 // heat.window.each
        assert lines[0][6 + cell * wide] == PortState.PENDING.glyph
        session.decide(PortState.OPEN, 900)
        await until(pilot, lambda: heat.render().plain[6 + cell * wide] == PortState.OPEN.glyph)
        assert "pending" in text_of(app, "#legend") and "open" in text_of(app, "#legend")


async def test_zoom_and_enter_lead_to_the_ports(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        heat = await open_map(pilot, app, until)
        await pilot.press("right", "plus", "right", "+", "right", "minus")
        assert heat.window == Window(0, 16, 16) and heat.ports == (80, 95)
        await until(pilot, lambda: "ports 80-95: 31 pending, 1 open, 1" not in text_of(app, "#cell")
                    and "1 open" in text_of(app, "#cell"))  # fmt: skip
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: len(app.main.table.row_set) == 1)
        assert app.main.query_one(FilterBar).text == "port:80-95"
        assert app.main.table.has_focus
        await pilot.press("escape")
        assert app.main.query_one(FilterBar).text == ""


async def test_a_click_moves_and_a_second_lists_even_closed_ports(running: Any, until: Any) -> None:
    async with running("10.0.0.1-2", "-sSU", "-p", "T:1-1000,U:53", size=(80, 24)) as (
        pilot, app, session,
    ):  # fmt: skip
        session.decide(PortState.CLOSED, 700, 701, host=1, reason=Reason.RESET)
        heat = await open_map(pilot, app, until)
        await pilot.press("n", "n", "p")
        title = app.screen.query_one(".dialog").border_title
        assert title == "Ports of 10.0.0.2, tcp, 64 ports to a cell"
        await pilot.click(HeatMap, offset=(6 + 10, 0))
        assert heat.ports == (640, 703)
        await until(pilot, lambda: "62 pending, 2 closed" in text_of(app, "#cell"))
        await pilot.click(HeatMap, offset=(6 + 10, 0))
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: len(app.main.table.row_set) == 2)
        assert app.main.query_one(FilterBar).text == "port:640-703 proto:tcp"
        query = app.main.table.current_query
        assert query.host == 1 and not query.open_only


async def test_edges_and_every_zoom(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        heat = await open_map(pilot, app, until)
        await pilot.press("left", "up", "minus")
        assert heat.ports == (0, 63)
        await pilot.press(*["plus"] * 5)
        assert heat.window.each == 1 and heat.ports == (0, 0)
        await pilot.press(*["down"] * 17)
        assert heat.window.first == 1024 and heat.ports == (1088, 1088)
        await pilot.press("N", "p")
        assert "10.0.0.2, 1 port to" in app.screen.query_one(".dialog").border_title
        await pilot.press("escape")
        assert app.screen is app.main


async def test_without_room_it_says_so_and_closes(running: Any, until: Any) -> None:
    async with running(size=(70, 24)) as (pilot, app, _):
        await pilot.press("H")
        assert app.screen is app.main
        assert any("The map needs 76 columns" in str(one.message) for one in app._notifications)
        await pilot.resize_terminal(80, 24)
        await open_map(pilot, app, until)
        app.clear_notifications()
        await pilot.resize_terminal(70, 24)
        await until(pilot, lambda: app.screen is app.main)
        assert any("The map needs 76 columns" in str(one.message) for one in app._notifications)


async def test_the_wheel_zooms_at_the_pointer(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        heat = await open_map(pilot, app, until)
        await turn_wheel(pilot, MouseScrollUp, (6 + 10, 1))
        assert heat.window == Window(0, 16, 16) and heat.ports == (4736, 4751)
        await turn_wheel(pilot, MouseScrollUp, (2, 0))
        assert heat.window == Window(4096, 16, 4) and heat.ports == (4736, 4739)
        for _ in range(3):
            await turn_wheel(pilot, MouseScrollDown, (6 + 63, 15))
        assert heat.window == Window.whole(16)


async def test_the_mouse_finds_the_way_out(running: Any, until: Any) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        heat = await open_map(pilot, app, until)
        hints = app.screen.query_one(KeyHints)
        shown = str(hints.render())
        await pilot.click(KeyHints, offset=(shown.index("+"), 0))
        assert heat.window.each == 16
        await pilot.click(KeyHints, offset=(shown.index("Esc"), 0))
        await until(pilot, lambda: app.screen is app.main)

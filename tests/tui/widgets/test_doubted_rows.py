"""Hosts that call every port open have one row, until the user wants all of them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.spec.port_state import PortState
from tui.widgets.result_rows import doubted_keys
from tui.widgets.results_table import ResultsTable

DOUBT = "This host is behind a SYN proxy."


@pytest.fixture
def liar(make_scan: Any) -> Any:
    """Host 0 has 2 open ports; host 1 calls all 100 open."""
    scan = make_scan(hosts=2)
    scan.decide(PortState.OPEN, 22, 80, host=0)
    scan.decide(PortState.OPEN, *range(1, 101), host=1)
    scan.store.doubt(1)
    return scan


def test_flagged_cells_are_found(liar: Any) -> None:
    keys = doubted_keys(liar.snapshot().view)
    assert len(keys) == 100 and set((keys >> 18).tolist()) == {1}


async def test_one_row_stands_for_all(show: Any, liar: Any) -> None:
    app = show(ResultsTable())
    async with app.run_test(size=(80, 12)) as pilot:
        app.pane.show(liar.snapshot(doubts={1: DOUBT}))
        await pilot.pause()
        lines = app.lines()
        assert len(app.pane.row_set) == 3
        assert lines[3].startswith(f"  10.0.0.1: {DOUBT} (z lists its ports)")
        assert "99 doubted, z lists them · 3 shown of 102" in lines[-1]

        await pilot.press("end")
        assert app.pane.cursor_key == 1 << 18 | 1
        app.pane.list_doubted(True)
        await pilot.pause()
        assert len(app.pane.row_set) == 102 and app.pane.cursor_key == 1 << 18 | 1
        assert "doubted" not in app.lines()[-1]
        app.pane.list_doubted(False)
        assert len(app.pane.row_set) == 3


async def test_a_host_nobody_doubts_keeps_its_rows(show: Any, make_scan: Any) -> None:
    scan = make_scan()
    scan.decide(PortState.OPEN, *range(1, 101))
    app = show(ResultsTable())
    async with app.run_test(size=(80, 12)):
        app.pane.show(scan.snapshot())
        assert len(app.pane.row_set) == 100

"""What the bar of tabs and the list of scans look like, at both sizes."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from engine.results.snapshot import Phase


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("keys", [(), ("Q",)], ids=["bar", "list"])
def test_several_scans(
    make_app: Any,
    door: Any,
    until: Any,
    snap_compare: Any,
    size: tuple[int, int],
    keys: tuple[str, ...],
) -> None:
    app = make_app("10.0.0.1-2", "-p", "1-1000")

    async def settle(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.snapshot is not None)
        app.tabs.show(app.tabs.new())
        app.tabs.start(app.tabs.shown, app.plan.with_targets("192.0.2.0/28").build())
        app.tabs.queue(app.tabs.new(), app.plan.with_targets("198.51.100.7").build())
        await until(pilot, lambda: app.main.snapshot is not None)
        await until(pilot, lambda: len(app.main.table.row_set))
        door.session.change(phase=Phase.FINISHED)
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        await pilot.press(*keys)
        await pilot.pause()
        app.tabs.renew()
        app.clear_notifications()
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=size, run_before=settle)

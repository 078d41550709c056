"""What the map of ports and the progress pane look like when they have the screen."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from tests.tui.conftest import FakeSession
from tui.widgets.progress_pane import ProgressPane

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
LOOKS = pytest.mark.parametrize("look", ["pyscan-dark", "pyscan-light", "NO_COLOR"])
SCAN = ("10.0.0.1-9", "-p-", "-T4")


@pytest.fixture
def theme(look: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The theme of a look."""
    if look != "NO_COLOR":
        return look
    monkeypatch.setenv("NO_COLOR", "1")
    return "pyscan-dark"


def half_way(session: FakeSession) -> None:
    """Nine hosts, one less far than the other, with ports of each kind."""
    for host in range(9):
        closed = range(1, 40_000 - 3_000 * host)
        session.decide(PortState.CLOSED, *closed, host=host, reason=Reason.RESET)
        session.decide(PortState.FILTERED, *range(20_000, 23_000), reason=Reason.NO_RESPONSE)
        session.decide(PortState.OPEN, 22, 8_000 + 500 * host, host=host)
    session.decide(PortState.UNFILTERED, *range(50_000, 50_200), reason=Reason.RESET)
    session.progress = {
        "elapsed": 30.0,
        "remaining": 25.0,
        "sent": 300_000,
        "answered": 290_000,
        "resent": 8_120,
        "in_flight": 410,
        "send_rate": 9_800.0,
        "answer_rate": 9_100.0,
        "pace": 10_000.0,
        "loss": 0.021,
        "rtt_median": 0.012,
        "rtt_p95": 0.031,
        "limit": "faster than this, answers go missing",
    }


@SIZES
@LOOKS
def test_the_map(
    door: Any, make_app: Any, until: Any, snap_compare: Any, theme: str, size: tuple[int, int]
) -> None:
    door.dress = half_way

    async def settle(pilot: Any) -> None:
        main = pilot.app.main
        await until(pilot, lambda: main.snapshot is not None and len(main.table.row_set))
        await pilot.press("H")
        await until(pilot, lambda: pilot.app.screen.query("#cell"))
        await pilot.press("down", "right", "right")
        words = pilot.app.screen.query_one("#cell")
        await until(pilot, lambda: "closed" in str(words.render()))

    assert snap_compare(make_app(*SCAN, theme=theme), terminal_size=size, run_before=settle)


@SIZES
@LOOKS
def test_the_progress_pane_alone(
    door: Any, make_app: Any, until: Any, snap_compare: Any, theme: str, size: tuple[int, int]
) -> None:
    door.dress = half_way

    async def settle(pilot: Any) -> None:
        main = pilot.app.main
        await until(pilot, lambda: main.snapshot is not None and len(main.table.row_set))
        main.focus_pane("progress")
        main.panes.maximise("progress")
        main.place_panes()
        pane = main.query_one(ProgressPane)
        pane.clear()
        for half in range(61):
            figures = replace(
                main.snapshot.progress,
                elapsed=half / 2,
                send_rate=min(400.0 * half, 9_800.0),
                answer_rate=min(400.0 * half, 9_100.0) * (1 - half % 7 / 20),
                rtt_median=0.010 + half % 5 / 1000 if half else None,
                loss=0.021 if half > 20 else 0.0,
            )
            pane.show(replace(main.snapshot, progress=figures))
        await pilot.pause()

    assert snap_compare(make_app(*SCAN, theme=theme), terminal_size=size, run_before=settle)

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from engine.results.snapshot import Phase
from engine.spec.scan_type import ScanType
from tests.tui.widgets.conftest import PaneApp
from tui.widgets.status_line import PHASES, StatusLine


async def line(show, width: int, snapshot, targets: str = "") -> str:
    app = show(StatusLine())
    async with app.run_test(size=(width, 3)) as pilot:
        app.pane.describe(targets)
        app.pane.show(snapshot)
        await pilot.pause()
        return app.lines()[0]


async def test_all_of_it_at_120_columns(show, usual_scan) -> None:
    assert await line(show, 120, usual_scan.snapshot(), "10.0.0.0/24") == (
        "PyScan  10.0.0.0/24  ports 1-100  -sS TCP SYN  T4 aggressive  ● running 100 %"
        "  0:12 elapsed  0:07 left"
    )


async def test_less_of_it_at_80_columns(show, usual_scan) -> None:
    assert await line(show, 80, usual_scan.snapshot(), "10.0.0.0/24") == (
        "10.0.0.0/24  ports 1-100  -sS TCP SYN  T4 aggressive  ● running 100 %  0:07 left"
    )


async def test_the_time_taken_stays_where_none_is_left(show, usual_scan) -> None:
    snapshot = usual_scan.snapshot(phase=Phase.FINISHED)
    assert (await line(show, 76, snapshot, "10.0.0.0/24")).endswith("✓ finished 100 %  0:12")


@pytest.mark.parametrize("width", [20, 40, 60, 79])
async def test_nothing_is_cut_without_a_mark(show, make_scan, width: int) -> None:
    scan = make_scan(hosts=3)
    scan.store.grow(3, np.arange(1, 60_000, 7, dtype=np.uint32))
    snapshot = scan.snapshot(scan_types=(ScanType.SYN, ScanType.UDP))
    text = await line(show, width, snapshot, "long.name.of.a.target.example.org and others")
    assert cell_len(text) <= width
    assert "● running" in text or text.endswith("…")


async def test_ports_of_several_protocols_are_counted_where_there_is_no_room(
    show, make_scan
) -> None:
    scan = make_scan(ports=range(1, 101))
    scan.store.grow(1, np.array([1 << 16 | port for port in (53, 123, 161)], np.uint32))
    snapshot = scan.snapshot(scan_types=(ScanType.SYN, ScanType.UDP))
    assert "ports T:1-100 U:53,123,161  " in await line(show, 120, snapshot)
    assert "  103 ports  " in await line(show, 70, snapshot)
    assert "U:53" not in await line(show, 70, snapshot)


async def test_without_a_description_the_first_address_is_named(show, make_scan) -> None:
    assert "10.0.0.0 and 2 more" in await line(show, 120, make_scan(hosts=3).snapshot())
    assert "  10.0.0.0  " in await line(show, 120, make_scan().snapshot())


@pytest.mark.parametrize("phase", list(Phase))
async def test_every_phase_has_a_word_and_a_glyph(show, usual_scan, phase: Phase) -> None:
    text = await line(show, 120, usual_scan.snapshot(phase=phase))
    assert f"{PHASES[phase].glyph} {phase.value}" in text
    assert ("left" in text) is not phase.over
    assert len({look.glyph for look in PHASES.values()}) == len(Phase)


async def test_an_end_that_is_not_known_is_left_out(show, usual_scan) -> None:
    snapshot = usual_scan.snapshot()
    unknown = replace(snapshot, progress=replace(snapshot.progress, remaining=None))
    text = await line(show, 120, unknown)
    assert "left" not in text and "None" not in text


class Listening(PaneApp):
    """Writes down which actions were asked for."""

    def __init__(self, pane: StatusLine) -> None:
        super().__init__(pane)
        self.chosen: list[str] = []

    def on_status_line_chosen(self, event: StatusLine.Chosen) -> None:
        self.chosen.append(event.name)


async def test_a_click_on_what_can_be_changed_asks_for_its_action(show, usual_scan) -> None:
    app = Listening(StatusLine(badge="DEMO"))
    async with app.run_test(size=(120, 3)) as pilot:
        app.pane.describe("10.0.0.0/24")
        app.pane.show(usual_scan.snapshot())
        app.pane.show_recording(True)
        await pilot.pause()
        shown = app.lines()[0]
        for words in ("DEMO", "REC", "10.0.0.0/24", "ports 1", "TCP SYN", "T4", "running", "left"):
            await pilot.click(StatusLine, offset=(shown.index(words), 0))
        await pilot.click(StatusLine, offset=(shown.index("  T4"), 0))
    assert app.chosen == ["capture", "targets", "ports", "scan_type", "timing", "pause"]

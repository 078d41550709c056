"""Every screen and dialog at every size: all of it on the screen, nothing over anything else, and
the focus in sight."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region, Size
from textual.widget import Widget

from tests.tui.scenes import SCENES, enter, scene_app, settle
from tui.app import PyScanApp
from tui.screens.too_small import TooSmall, is_too_small

SIZES = ((200, 60), (40, 10), (80, 24), (120, 40), (60, 18), (100, 30))


def _on_screen(app: PyScanApp) -> dict[Widget, Region]:
    """Where each widget of the screen is that takes part in its layout."""
    placed = app.screen._compositor.full_map
    return {
        widget: geometry.region
        for widget, geometry in placed.items()
        if widget is not app.screen
        and widget.layer == "default"
        and widget.visible
        and not any(one.styles.overlay == "screen" for one in widget.ancestors_with_self)
    }


def _scrolled(widget: Widget) -> bool:
    """Whether a widget is in one that scrolls, and may be out of sight therefore."""
    return any(one.allow_vertical_scroll for one in widget.ancestors if isinstance(one, Widget))


def _misplaced(app: PyScanApp) -> list[str]:
    """One line for each widget that is cut off, or lies over a sibling."""
    places = _on_screen(app)
    clips = app.screen._compositor.full_map
    found = []
    for widget, region in places.items():
        if not _scrolled(widget) and not clips[widget].clip.contains_region(region):
            found.append(f"{widget} at {region} is cut by {clips[widget].clip}")
    for one, other in combinations(places, 2):
        both = places[one].intersection(places[other])
        if one.parent is other.parent and both.area:
            found.append(f"{one} and {other} share {both}")
    return found


def _focus_in_sight(app: PyScanApp) -> bool:
    focused = app.screen.focused
    return focused is not None and bool(app.screen.find_widget(focused).visible_region.area)


@pytest.mark.parametrize("name", SCENES)
async def test_all_of_it_fits_at_every_size(
    make_app: Any, door: Any, until: Any, tmp_path: Path, name: str
) -> None:
    scene = SCENES[name]
    door.dress = scene.dress or door.dress
    app = scene_app(scene, make_app, tmp_path)
    async with app.run_test(size=SIZES[0]) as pilot:
        await enter(scene, app, pilot, until)
        await settle(app, pilot)
        screen, focused = app.screen, app.screen.focused
        assert focused is not None
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settle(app, pilot)
            if is_too_small(Size(*size)):
                await until(pilot, lambda: isinstance(app.screen, TooSmall))
                continue
            await until(pilot, lambda: app.screen is screen)
            await settle(app, pilot)
            assert not _misplaced(app), size
            assert _focus_in_sight(app), (size, app.screen.focused)
            assert app.screen.focused is focused, size
            if size >= (80, 24):
                assert not any(one.show_vertical_scrollbar for one in app.screen.query(".parts"))

"""What every screen and dialog looks like: at both sizes, dark, light and without colours.

The map of ports and the progress pane have pictures of their own (test_map_pictures).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension

from tests.tui.scenes import SCENES, enter, scene_app, settle

LOOKS = ("pyscan-dark", "pyscan-light", "NO_COLOR")
SIZES = ((80, 24), (120, 40))


@pytest.fixture
def theme(look: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The theme of a look, in a place and a time zone that are the same everywhere."""
    monkeypatch.chdir("/")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    if look != "NO_COLOR":
        return look
    monkeypatch.setenv("NO_COLOR", "1")
    return "pyscan-dark"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", SCENES)
async def test_looks_as_approved(
    make_app: Any, door: Any, until: Any, tmp_path: Path, snapshot: Any, name: str, theme: str
) -> None:
    scene = SCENES[name]
    door.dress = scene.dress or door.dress
    app = scene_app(scene, make_app, tmp_path, theme=theme)
    async with app.run_test(size=SIZES[0]) as pilot:
        await enter(scene, app, pilot, until)
        differ = []
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await settle(app, pilot)
            size = f"{width}x{height}"
            if app.export_screenshot() != snapshot(extension_class=SVGImageExtension, name=size):
                differ.append(size)
        assert not differ, f"{name} looks different at {' and '.join(differ)}"

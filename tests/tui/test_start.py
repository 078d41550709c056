"""What the program does about its own speed before the first picture."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import engine
from tui.app import PyScanApp
from tui.demo import DemoDoor, DemoTargets

PROJECT = Path(__file__).parents[2]


def printed_by(program: str, **environment: str) -> list[str]:
    """What a process of its own prints, in words."""
    kept = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
    done = subprocess.run(
        (sys.executable, "-c", program),
        cwd=PROJECT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize(("wanted", "frames"), [({}, "200"), ({"TEXTUAL_FPS": "30"}, "30")])
def test_frames_a_second_are_ours_unless_the_user_says(wanted: dict[str, str], frames: str) -> None:
    program = "import tui.app; from textual import constants; print(constants.MAX_FPS)"
    assert printed_by(program, **wanted) == [frames]


def test_what_is_loaded_is_never_looked_through_for_garbage() -> None:
    program = (
        "import gc; gc.disable(); import tui.__main__ as m; before = gc.get_freeze_count();"
        " m.settle(); print(before, gc.get_freeze_count() > 1000, gc.isenabled())"
    )
    assert printed_by(program) == ["0", "True", "True"]


async def test_it_is_told_once_when_all_is_loaded(until: Any) -> None:
    calls: list[int] = []
    app = PyScanApp(door=DemoDoor(), recent=DemoTargets())
    app.when_loaded = lambda: calls.append(1)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: calls)
        await pilot.pause(0.1)
    assert calls == [1]


def test_there_is_one_version() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == engine.__version__

"""Filters with a name: kept beside the configuration, chosen, replaced and removed."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tui.app import PyScanApp
from tui.config import MAX_FILTERS, MAX_NAME, Config
from tui.saved_filters import FILE_NAME, SavedFilterError, SavedFilters
from tui.screens.dialog import Verdict
from tui.screens.saved_filters import FilterName, FilterPicker
from tui.user_folder import UserFolder
from tui.widgets.filter_bar import FilterBar

CONFIGURED = {"web": "port:80"}


@pytest.fixture
def folder(tmp_path: Path) -> UserFolder:
    owner = os.geteuid() if hasattr(os, "geteuid") else None
    return UserFolder(tmp_path / "home" / ".config" / "pyscan", tmp_path / "home", owner)


@pytest.fixture
def app(make_app: Callable[..., PyScanApp], folder: UserFolder) -> PyScanApp:
    config = Config(filters=CONFIGURED)
    return make_app("10.0.0.1-2", "-p", "1-1000", folder=folder, config=config)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def notices(app: PyScanApp) -> list[str]:
    return [str(one.message) for one in app._notifications]


def verdict(app: PyScanApp) -> str:
    return str(app.screen.query_one(Verdict).visual)


def written(folder: UserFolder) -> dict[str, Any]:
    return tomllib.loads((folder.path / FILE_NAME).read_text())


async def test_the_filter_in_use_is_saved_chosen_and_removed(
    app: PyScanApp, folder: UserFolder, until: Any
) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "/", *"port:22", "enter", "W")
        assert isinstance(app.screen, FilterName) and verdict(app) == "Type a name."
        await press(pilot, "enter", *"web")
        assert "web is in the configuration file; choose another name." in verdict(app)
        await press(pilot, "enter", "backspace", "enter")
        assert notices(app)[-1] == "Saved as we: F chooses it."
        assert written(folder) == {"we": "port:22"}
        await press(pilot, "W", *"we")
        assert "In place of: port:22" in verdict(app)
        await press(pilot, "escape", "escape", "F")
        assert isinstance(app.screen, FilterPicker)
        await press(pilot, "enter")
        assert app.main.query_one(FilterBar).text == "port:22"
        await press(pilot, "F", "down", "delete")
        assert "web is in the configuration file" in str(
            app.screen.query_one("#about", Static).visual
        )
        await press(pilot, "up", "delete")
        assert written(folder) == {}
        await press(pilot, "enter")
        assert app.main.query_one(FilterBar).text == "port:80"


async def test_nothing_and_mistakes_are_not_saved(app: PyScanApp, until: Any) -> None:
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "W")
        assert notices(app)[-1] == "There is no filter to save: type one with /."
        await press(pilot, "/", *"port:x", "tab", "W")
        assert "is not a port or range" in notices(app)[-1]


async def test_a_file_that_cannot_be_used_is_told_and_kept(
    app: PyScanApp, folder: UserFolder, until: Any
) -> None:
    folder.path.mkdir(parents=True)
    (folder.path / FILE_NAME).write_text("not [ toml")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "/", *"port:22", "enter", "W", *"mine", "enter")
        assert "filters.toml is not valid TOML" in notices(app)[-1]
        assert "nothing is saved over it" in notices(app)[-1]
    assert (folder.path / FILE_NAME).read_text() == "not [ toml"


def test_names_and_filters_come_back_as_they_were(folder: UserFolder) -> None:
    filters = {'q"uote\\': r"/\d+ x/", "ünï": "-state:closed", "a.b": "ssh"}
    for name, text in filters.items():
        SavedFilters(folder, {}).save(name, text)
    saved = SavedFilters(folder, CONFIGURED)
    assert saved.own == filters and saved.all == {**filters, **CONFIGURED}
    saved.remove("a.b")
    assert list(SavedFilters(folder, {}).own) == ['q"uote\\', "ünï"]
    assert (folder.path / FILE_NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["", " x", "x" * (MAX_NAME + 1), "a\nb", "\x1b[2J", "web"])
def test_names_that_cannot_be_used(folder: UserFolder, name: str) -> None:
    with pytest.raises(SavedFilterError):
        SavedFilters(folder, CONFIGURED).save(name, "ssh")
    assert not (folder.path / FILE_NAME).exists()


def test_there_are_not_endlessly_many(folder: UserFolder) -> None:
    folder.path.mkdir(parents=True)
    lines = "".join(f'f{n} = "{n}"\n' for n in range(MAX_FILTERS + 5))
    (folder.path / FILE_NAME).write_text(lines)
    saved = SavedFilters(folder, {})
    assert len(saved.own) == MAX_FILTERS
    with pytest.raises(SavedFilterError, match="remove one first"):
        saved.save("another", "ssh")
    saved.save("f0", "ssh")


@pytest.mark.parametrize(
    ("line", "said"),
    [('x = "port:y"', "not a port"), ("x = 5", "not a name"), ('"\\u001b" = "ssh"', "not a name")],
)
def test_lines_that_make_no_sense_are_told(folder: UserFolder, line: str, said: str) -> None:
    folder.path.mkdir(parents=True)
    (folder.path / FILE_NAME).write_text(f'{line}\ngood = "ssh"\n')
    saved = SavedFilters(folder, {})
    assert saved.own == {"good": "ssh"}
    assert said in saved.problem and "\x1b" not in saved.problem


def test_a_folder_that_cannot_be_written(folder: UserFolder) -> None:
    folder.path.parent.mkdir(parents=True)
    folder.path.write_text("in the way")
    with pytest.raises(SavedFilterError, match=r"filters\.toml"):
        SavedFilters(folder, {}).save("x", "ssh")

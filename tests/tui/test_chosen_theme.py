"""A theme chosen in the program is there again at the next start, unless the configuration says."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from tests.tui.test_commands import notices
from tui.__main__ import _app, parser
from tui.chosen_theme import MAX_NAME, ChosenTheme
from tui.config import read_config
from tui.keymap import read_keymap
from tui.screens.theme_picker import ThemePicker


async def test_it_is_remembered(make_app: Any, tmp_path: Path) -> None:
    chosen = ChosenTheme(tmp_path / "state" / "theme.txt")
    app = make_app("10.0.0.1", chosen_theme=chosen)
    async with app.run_test() as pilot:
        await pilot.press("m")
        assert isinstance(app.screen, ThemePicker)
        await pilot.press("down", "escape")
        assert chosen.read() == ""
        await pilot.press("m", "down", "enter")
        assert app.theme == chosen.read() == app.our_themes[1]
    assert chosen.path.stat().st_mode & 0o077 == 0


async def test_a_theme_in_the_configuration_stands_above_it(make_app: Any, tmp_path: Path) -> None:
    config = read_config({"theme": "pyscan-dark"})
    app = make_app("10.0.0.1", config=config, chosen_theme=ChosenTheme(tmp_path / "theme.txt"))
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("m", "down", "enter")
        await pilot.pause()
        assert any("theme = 'pyscan-dark'" in line for line in notices(app))


def test_the_order_is_command_line_configuration_choice() -> None:
    ChosenTheme().write("pyscan-light")
    assert _app([]).theme == "pyscan-light"
    assert _app(["--theme", "terminal"]).theme == "terminal"
    config = Path.home() / ".config/pyscan/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('theme = "pyscan-dark"\n')
    assert _app([]).theme == "pyscan-dark"
    config.write_text("")
    ChosenTheme().write("gone since")
    assert _app([]).theme == "pyscan-dark"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a\x1b[2Jb", b"x" * (MAX_NAME + 1)])
def test_a_file_it_did_not_write_is_ignored(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "theme.txt").write_bytes(content)
    assert ChosenTheme(tmp_path / "theme.txt").read() == ""
    assert ChosenTheme(tmp_path).read() == ""
    ChosenTheme(tmp_path / "theme.txt" / "in it").write("pyscan-dark")


async def test_texts_name_the_users_keys(make_app: Any, door: Any) -> None:
    door.raw = False
    config = read_config({"keys": {"rights": "f5", "scan_type": "s"}})
    app = make_app("10.0.0.1", config=config)
    assert not read_keymap({"rights": "f5"}).problems
    async with app.run_test() as pilot:
        await pilot.pause(0.2)
        await pilot.press("s", "S")
        assert "f5 on the main screen" in str(app.screen.query_one("#about").visual)


def test_the_help_names_no_key_that_may_be_another(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "the program's command 'theme' shows them all" in text
    assert isinstance(parser().parse_args(["--theme", "x"]), argparse.Namespace)

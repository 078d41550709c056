"""What the user has set up, on the screen: configuration, keys, themes, profiles."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select, Static

from engine.spec.scan_type import ScanType
from tui import __main__ as program
from tui.app import PyScanApp
from tui.config import Config, read_config
from tui.key_bar import fitting
from tui.plan import Finding
from tui.profile_plan import command_plan, meaning
from tui.profiles import OURS, Profile
from tui.screens.dialog import Verdict
from tui.screens.help import HelpScreen, sections
from tui.screens.profile_editor import ProfileEditor
from tui.screens.profiles import ProfilePicker
from tui.screens.target_picker import TargetPicker
from tui.screens.theme_picker import ThemePicker
from tui.theme_watch import ThemeWatch
from tui.user_folder import UserFolder
from tui.widgets.filter_bar import FilterBar

Make = Callable[..., PyScanApp]
Until = Callable[..., Any]
SCAN = ("10.0.0.1-2", "-p", "1-1000")


@pytest.fixture
def folder(tmp_path: Path) -> UserFolder:
    made = UserFolder(tmp_path / "pyscan", tmp_path, os.geteuid(), os.getegid())
    made.themes.mkdir(parents=True)
    return made


@pytest.fixture
def start(make_app: Make, folder: UserFolder) -> Make:
    """An app over a user's folder: ``start(*words, table=...)`` with a configuration's table."""

    def make(*words: str, table: dict[str, Any] | None = None, **options: Any) -> PyScanApp:
        config = read_config(table) if table else Config()
        themes = ThemeWatch(folder)
        return make_app(*words, config=config, folder=folder, themes=themes, **options)

    return make


async def press(pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def notices(app: PyScanApp) -> str:
    return "\n".join(str(one.message) for one in app._notifications)


def text_of(app: PyScanApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


# Configuration


async def test_settings_take_effect(start: Make, until: Until) -> None:
    table = {
        "theme": "sand",
        "animations": False,
        "verbosity": 3,
        "layout": {"hosts": "hidden", "log": "hidden", "detail": "auto"},
    }
    app = start(*SCAN, table=table)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        assert (app.theme, app.animation_level, app.main.verbosity) == ("sand", "none", 3)
        shown = {pane: app.main.panes.shows(pane) for pane in ("hosts", "log", "detail")}
        assert shown == {"hosts": False, "log": False, "detail": True}
        assert not app.main.query_one("#hosts").display
        await press(pilot, "/")
        assert not app.main.query_one(FilterBar).query_one(Input).cursor_blink
        await press(pilot, "escape", "h")
        assert app.main.query_one("#hosts").display


async def test_the_command_line_goes_before_the_configuration(start: Make) -> None:
    app = start(*SCAN, table={"theme": "sand", "verbosity": 1}, theme="dusk", verbosity=2)
    async with app.run_test():
        assert (app.theme, app.main.verbosity) == ("dusk", 2)


async def test_the_users_keys_work_and_are_told_everywhere(start: Make, until: Until) -> None:
    keys = {"targets": ["f5", "t"], "pause": "f6", "help": "f7", "rescan_all": "f8"}
    app = start(*SCAN, table={"keys": keys})
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        session = app.tabs.shown.session
        assert session is not None
        await press(pilot, "P")
        assert ("pause",) not in session.calls
        await press(pilot, "f6")
        assert ("pause",) in session.calls
        await press(pilot, "f7")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "escape")
        bar = fitting(None, 200, app.keymap.actions)
        assert {one.name: one.keys[0] for one in bar}["targets"] == "f5"
        listed = [keys for _, lines in sections(None, app.keymap.actions) for keys, _ in lines]
        assert "f5 t" in listed and "P" not in listed
        complaint = app.keymap.by_name["pause"].needs.complaint(None, app.keymap.keys)
        assert "press f5" in complaint


async def test_a_key_that_may_be_swallowed_is_told(start: Make) -> None:
    app = start(*SCAN, table={"keys": {"pause": "ctrl+b"}})
    async with app.run_test(notifications=True) as pilot:
        await pilot.pause()
        assert "may never reach PyScan" in notices(app)


async def test_a_saved_filter_is_chosen(start: Make, until: Until) -> None:
    app = start(*SCAN, table={"filters": {"names": "port:53", "web": "port:80"}})
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "F", "down", "enter")
        assert app.main.query_one(FilterBar).text == "port:80"
        await until(pilot, lambda: len(app.main.table.row_set) == 1)


async def test_without_saved_filters_it_says_how_to_save_them(start: Make, until: Until) -> None:
    app = start(*SCAN)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "F")
        lines = "\n".join(str(one.render()) for one in app.screen.query(Static))
        assert "[filters]" in lines and "config.toml" in lines


CONFIG = '[scan]\ntiming = 4\nports = "22,80"\ndiscovery = "every"\nnames = false\n'


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("10.0.0.1", "pyscan -T4 -Pn -n -p 22,80 10.0.0.1"),
        ("-T3 -F 10.0.0.1", "pyscan -T3 -F -Pn -n 10.0.0.1"),
        ("-sn -R 10.0.0.1", "pyscan -T4 -sn -R 10.0.0.1"),
        ("-PE -sO 10.0.0.1", "pyscan -sO -T4 -PE -n 10.0.0.1"),
        ("-sL 10.0.0.1", "pyscan -T4 -sL 10.0.0.1"),
        ("--dns-servers 10.0.0.9", "pyscan -T4 -Pn -p 22,80 --dns-servers 10.0.0.9"),
    ],
)
def test_what_the_command_line_leaves_open(words: str, command: str) -> None:
    path = Path.home() / ".config" / "pyscan" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(CONFIG)
    assert program._app(words.split()).plan.command == command


def test_only_finding_hosts_gives_way_to_ports_asked_for() -> None:
    path = Path.home() / ".config" / "pyscan" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[scan]\ndiscovery = "only"\nports = "1-9"\n')
    assert program._app(["-sU", "10.0.0.1"]).plan.command == "pyscan -sU -T3 -p 1-9 10.0.0.1"
    assert program._app(["10.0.0.1"]).plan.finding is Finding.ONLY


def test_a_bad_file_is_told_line_by_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "_check_terminal", lambda args: None)
    path = Path.home() / ".config" / "pyscan" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("thme = 'x'\nverbosity = 9\n")
    assert program.main(["10.0.0.1"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "pyscan-tui: config.toml: thme is not known; did you mean theme?"
    assert lines[1].startswith("pyscan-tui: config.toml: verbosity = 9: ") and len(lines) == 2
    path.write_text("theme = 'snad'\n")
    assert program.main(["10.0.0.1"]) == 2
    said = capsys.readouterr().err
    assert said == "pyscan-tui: config.toml: theme 'snad' is not a theme; did you mean sand?\n"


def test_config_commands_need_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--config", "path"]) == 0
    assert capsys.readouterr().out.endswith("/pyscan/config.toml\n")
    assert program.main(["--config", "shwo"]) == 2
    assert "invalid choice: 'shwo'" in capsys.readouterr().err


# Themes


MINE = 'name = "mine"\nabout = "For me."\n[ui]\nprimary = "#336699"\n[ports]\nopen = "%s"\n'


def save(folder: UserFolder, colour: str) -> None:
    path = folder.themes / "mine.toml"
    path.write_text(MINE % colour)
    stamp = time.time_ns() + len(list(folder.themes.iterdir())) + hash(colour) % 1000
    os.utime(path, ns=(stamp, stamp))


def ink(app: PyScanApp) -> Color:
    return Color.parse(app.theme_variables["port-open"])


async def test_a_theme_is_shown_again_when_its_file_is_saved(
    start: Make, folder: UserFolder, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.themed_app.THEME_LOOKS", 0.02)
    save(folder, "#00ff00")
    app = start(*SCAN, theme="mine")
    async with app.run_test(notifications=True) as pilot:
        assert ink(app) == Color.parse("#00ff00")
        save(folder, "#0000ff")
        await until(pilot, lambda: ink(app) == Color.parse("#0000ff"))
        (folder.themes / "mine.toml").write_text("broken")
        await until(pilot, lambda: "is not valid TOML" in notices(app))
        assert app.theme == "mine" and ink(app) == Color.parse("#0000ff")


async def test_files_are_looked_at_only_while_there_is_reason_to(
    start: Make, folder: UserFolder, until: Until
) -> None:
    save(folder, "#00ff00")
    app = start(*SCAN)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        timer = app._theme_timer
        assert timer is not None and not timer._active.is_set()
        await press(pilot, "m")
        assert isinstance(app.screen, ThemePicker) and timer._active.is_set()
        await press(pilot, "escape")
        assert not timer._active.is_set()
        app.theme = "mine"
        await pilot.pause()
        assert timer._active.is_set()


async def test_the_picker_shows_states_and_takes_up_new_files(
    start: Make, folder: UserFolder, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.themed_app.THEME_LOOKS", 0.02)
    app = start(*SCAN)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "m", "down")
        chosen = app.theme
        assert "open|filtered" in text_of(app, "#sample") and text_of(app, "#about")
        save(folder, "#00ff00")
        count = len(app.our_themes)
        await until(pilot, lambda: len(app.our_themes) == count + 1)
        await pilot.pause()
        assert app.screen.query_one("#choices", OptionList).option_count == count + 1
        assert app.theme == chosen
        await press(pilot, "end")
        assert app.theme == "mine" and text_of(app, "#about") == "For me."
        (folder.themes / "mine.toml").unlink()
        await until(pilot, lambda: len(app.our_themes) == count)
        await until(pilot, lambda: app.theme == app.our_themes[0])
        await press(pilot, "escape")
        assert app.theme == "pyscan-dark"


# Profiles


async def test_a_profile_is_used_for_the_next_scan(start: Make, until: Until) -> None:
    app = start()
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        await press(pilot, "escape", "S")
        assert isinstance(app.screen, ProfilePicker)
        await press(pilot, "down")
        assert "pyscan -T4 -F" in text_of(app, "#about")
        await press(pilot, "enter")
        assert app.plan.command == "pyscan -T4 -F"
        assert isinstance(app.screen, TargetPicker)
        assert "100 most common TCP ports" in text_of(app, "#remark")


async def test_while_a_scan_runs_it_waits_and_keeps_what_was_excluded(
    start: Make, until: Until
) -> None:
    app = start("10.0.0.1-2", "--exclude", "10.0.0.2")
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "S", "j", "enter")
        assert app.plan.command == "pyscan -T4 -F --exclude 10.0.0.2 10.0.0.1-2"
        assert "The next scan is by quick: t starts it." in notices(app)


@pytest.mark.parametrize("profile", OURS, ids=lambda one: one.name)
async def test_what_a_profile_means_breaks_between_facts_only(
    start: Make, until: Until, profile: Profile
) -> None:
    app = start()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        await app.push_screen(ProfileEditor(profile, "Change a profile"))
        verdict = app.screen.query_one(Verdict)
        await until(pilot, lambda: verdict.size.width)
        lines = ["".join(one.text for one in verdict.render_line(y)).strip() for y in range(3)]
        facts = meaning(command_plan(profile.command))
        shown = [fact for line in lines for fact in line.removeprefix("✓ ").split(" · ") if fact]
        assert shown == list(facts)
        assert sum(map(bool, lines)) == (1 if len(" · ".join(facts)) <= 72 else 2)


async def test_form_and_command_line_stay_in_step_as_one_types(
    start: Make, until: Until, folder: UserFolder
) -> None:
    app = start()
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        await press(pilot, "escape", "S", "n")
        editor = app.screen
        assert isinstance(editor, ProfileEditor)
        command, ports = editor.query_one("#command", Input), editor.query_one("#ports", Input)
        verdict = editor.query_one(Verdict)
        assert verdict.has_class("-bad") and editor.focused is editor.query_one("#name")
        await press(pilot, *"mine")
        assert verdict.has_class("-good")

        ports.focus()
        await press(pilot, *"22,80")
        assert command.value == "pyscan -T3 -p 22,80"
        assert "-sS, or -sT without rights" in str(verdict.render())
        editor.query_one("#timing", Select).value = 5
        editor.query_one("#types", Select).value = (ScanType.SYN, ScanType.UDP)
        await pilot.pause()
        assert command.value == "pyscan -sS -sU -T5 -p 22,80"
        assert "-sS TCP SYN + -sU UDP" in str(verdict.render())
        editor.query_one("#max_rate", Input).value = "x"
        await pilot.pause()
        assert verdict.has_class("-bad")
        assert command.value == "pyscan -sS -sU -T5 -p 22,80"
        await press(pilot, "enter")
        assert app.screen is editor

        command.value = "pyscan -sSUY -T1 --max-rate 7 -n -Pn --ttl 9"
        await pilot.pause()
        assert verdict.has_class("-good")
        values = {one.id: one.value for one in editor.query(Select)}
        both = (ScanType.SYN, ScanType.UDP, ScanType.SCTP_INIT)
        assert values == {"types": both, "timing": 1, "finding": Finding.EVERY, "names": False}
        assert (ports.value, editor.query_one("#max_rate", Input).value) == ("", "7")
        editor.query_one("#finding", Select).value = Finding.ONLY
        await pilot.pause()
        assert command.value == "pyscan -T1 -sn -n --ttl 9 --max-rate 7"
        command.value = "pyscan -Z"
        await pilot.pause()
        assert verdict.has_class("-bad") and values["timing"] == 1

        command.value = "pyscan -F --ttl 9"
        command.focus()
        await press(pilot, "enter")
        assert isinstance(app.screen, ProfilePicker)
        assert app.profile_shelf().profiles[-1].command == "pyscan -T3 -F --ttl 9"
        assert (folder.profiles / "mine.toml").is_file()
        await press(pilot, "e")
        assert app.screen.query_one("#name", Input).value == "mine"


async def test_a_renamed_profile_leaves_nothing_behind_and_may_be_removed(
    start: Make, until: Until, folder: UserFolder
) -> None:
    app = start()
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        await press(pilot, "escape", "S", "n", *"one", "enter", "e")
        app.screen.query_one("#name", Input).value = "two"
        await press(pilot, "enter")
        assert [one.name for one in folder.profiles.iterdir()] == ["two.toml"]
        await press(pilot, "x", "n")
        assert app.profile_shelf().profiles[-1].name == "two"
        await press(pilot, "x", "y")
        assert not list(folder.profiles.iterdir())
        await press(pilot, "x")
        assert "came with PyScan and stays" in str(app.screen.query_one(Verdict).render())


async def test_a_bad_profile_is_told_and_hostile_text_harms_nobody(
    start: Make, until: Until, folder: UserFolder
) -> None:
    folder.profiles.mkdir()
    (folder.profiles / "bad.toml").write_text("x = 1")
    (folder.profiles / "odd.toml").write_text(
        'name = "[/x] [bold]"\nabout = "[@click=app.quit]"\ncommand = "pyscan -F"\n'
    )
    app = start()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        await press(pilot, "escape", "S", "end")
        assert "profile bad.toml: x is not known" in notices(app)
        await press(pilot, "e")
        assert app.screen.query_one("#name", Input).value == "[/x] [bold]"

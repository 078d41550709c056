from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color
from textual.design import ColorSystem
from textual.theme import Theme

from themes.loader import (
    DEFAULT_THEME,
    PORT_FALLBACKS,
    UI_COLOURS,
    ThemeError,
    load_themes,
    read_theme,
)
from themes.toml_file import MAX_BYTES, read_toml

GOOD = """
name = "mine"
[ui]
primary = "#336699"
success = "green"
[ports]
open = "#00ff00"
"""


def write(folder: Path, text: str | bytes, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_our_own_themes_are_sound() -> None:
    loaded = load_themes()
    assert loaded.problems == ()
    assert loaded.themes[0].name == DEFAULT_THEME
    assert {one.dark for one in loaded.themes} == {True, False}
    for theme in loaded.themes:
        for state in PORT_FALLBACKS:
            Color.parse(theme.variables[f"port-{state}"])


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "theme", [one for one in load_themes().themes if not one.ansi], ids=lambda one: one.name
)
def test_port_colours_can_be_read_on_the_background(theme: Theme) -> None:
    """Contrast of at least 4.5:1 (WCAG 2, success criterion 1.4.3)."""
    background = _luminance(Color.parse(theme.background or ""))
    for state in PORT_FALLBACKS:
        ink = _luminance(Color.parse(theme.variables[f"port-{state}"]))
        light, dark = max(ink, background), min(ink, background)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, state


def test_there_is_a_theme_for_every_eye() -> None:
    loaded = load_themes()
    assert len(loaded.themes) >= 8 and not loaded.users
    assert all(loaded.about[one.name] for one in loaded.themes)
    assert [one.name for one in loaded.themes if one.ansi] == ["terminal"]
    for theme in loaded.themes:
        ColorSystem(**colours_of(theme)).generate()


def colours_of(theme: Theme) -> dict[str, Any]:
    names = ("primary", "secondary", "accent", "warning", "error", "success")
    names += ("foreground", "background", "surface", "panel", "dark", "ansi")
    return {name: getattr(theme, name) for name in names}


def test_what_is_left_out_falls_back(tmp_path: Path) -> None:
    problems: list[str] = []
    theme = read_theme(write(tmp_path, GOOD), problems)
    assert problems == []
    assert theme.variables["port-open"] == "#00ff00"
    assert theme.variables["port-closed"] == "#336699"
    assert theme.dark


def test_a_users_theme_comes_after_ours_and_may_replace_one(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("mine", DEFAULT_THEME), "other.toml")
    loaded = load_themes(tmp_path)
    assert loaded.themes[-1].name == "mine"
    assert loaded.users == {"mine", DEFAULT_THEME}
    assert loaded.nearest("mien") == "did you mean mine?"
    assert loaded.nearest("%%%").startswith("there are pyscan-dark, ")
    (ours,) = (one for one in loaded.themes if one.name == DEFAULT_THEME)
    assert ours.primary == "#336699"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + 'opne = "red"', "[ports] opne is not known; did you mean open?"),
        (GOOD + 'closed = "reddish"', "[ports] closed = reddish is not a colour"),
        pytest.param(
            GOOD + "closed = 0x" + "f" * 9000, "closed = a long number is not a colour", id="long"
        ),
        (GOOD + 'closed = "gren"', "is not a colour; did you mean green?"),
        (GOOD + "closed = 7", "[ports] closed = 7 is not a colour"),
        (
            'drak = true\nname = "mine"\n[ui]\nprimary = "red"',
            "drak is not known; did you mean dark?",
        ),
        ('dark = "yes"\n[ui]\nprimary = "red"', "dark must be true or false"),
        ('ports = 3\n[ui]\nprimary = "red"', "ports must be a table"),
    ],
)
def test_lesser_faults_are_named_and_the_theme_still_works(
    tmp_path: Path, text: str, said: str
) -> None:
    write(tmp_path, text)
    loaded = load_themes(tmp_path)
    assert "mine" in {one.name for one in loaded.themes}
    (problem,) = loaded.problems
    assert problem.startswith("theme mine.toml: ") and said in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is not valid TOML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        ('name = "Bad Name!"\n[ui]\nprimary = "red"', "small letters"),
        ("[ui]\nsecondary = 'red'", "[ui] primary is missing"),
        pytest.param("n = " + "9" * 5000, "a number is too long", id="long"),
        pytest.param("n = " + "[" * 5000, "is nested too deeply", id="deep"),
        pytest.param("#" * (MAX_BYTES + 1), "is larger than", id="huge"),
    ],
)
def test_unusable_files_are_left_out_with_one_line(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    write(tmp_path, text)
    loaded = load_themes(tmp_path)
    assert "mine" not in {one.name for one in loaded.themes}
    (problem,) = loaded.problems
    assert said in problem and "\n" not in problem


def test_a_folder_called_like_a_theme_and_no_folder_at_all(tmp_path: Path) -> None:
    (tmp_path / "dir.toml").mkdir()
    assert "not a regular file" in load_themes(tmp_path).problems[0]
    assert load_themes(tmp_path / "missing").problems == ()


def test_escape_sequences_of_a_file_reach_nobody(tmp_path: Path) -> None:
    write(tmp_path, '[ui]\nprimary = "red"\n"\\u001b[31m" = 1\nsecondary = "\\u001b]0;x\\u0007"')
    loaded = load_themes(tmp_path)
    assert len(loaded.problems) == 2
    assert not any("\x1b" in line or "\x07" in line for line in loaded.problems)


@given(st.binary(max_size=300))
def test_no_file_stops_the_program(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), data)
        try:
            read_theme(path, [])
        except ThemeError as error:
            assert str(error).isprintable()


def test_the_pages_example_sets_everything_and_its_table_names_every_theme(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "themes.md").read_text("utf-8")
    example = page.split("```toml")[1].split("```")[0]
    problems: list[str] = []
    path = write(tmp_path, example)
    assert read_theme(path, problems).name == "mine" and not problems
    table = read_toml(path)
    assert set(table["ui"]) == set(UI_COLOURS) and set(table["ports"]) == set(PORT_FALLBACKS)
    assert all(f"`{one.name}`" in page for one in load_themes().themes)

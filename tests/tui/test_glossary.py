"""Every sign and abbreviation on the screen is explained in the help, and can be reached there."""

from __future__ import annotations

from typing import Any

from engine.spec.port_state import PortState
from tui.glossary import SECTIONS, SIGNS, STATES, WORDS
from tui.screens.help import HelpScreen
from tui.widgets.gauges import LEVELS
from tui.widgets.host_cells import LOOKS, PROBLEM, SKIPPED
from tui.widgets.progress_graphs import GAUGES
from tui.widgets.row_renderer import COLUMNS

PLAIN = {"host", "port", "state", "service", "sent", "answers"}
"""Titles that are plain English."""


def test_every_sign_is_explained() -> None:
    signs = " ".join(sign for sign, _ in (*STATES, *SIGNS))
    for state in PortState:
        assert f"{state.glyph} {state.label}" in signs
    for look in (*LOOKS.values(), PROBLEM, SKIPPED):
        assert look.glyph in signs.split()
    assert LEVELS in signs


def test_every_title_is_plain_or_explained() -> None:
    explained = {word.lower() for word, _ in WORDS}
    titles = {one.title.lower() for one in (*COLUMNS, *GAUGES)}
    assert titles - PLAIN <= explained
    assert not PLAIN & explained


def test_nothing_is_explained_twice() -> None:
    words = [word for _, entries in SECTIONS for word, _ in entries]
    assert len(words) == len(set(words))


async def test_a_key_of_the_help_leads_to_it(running: Any) -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        await pilot.press("?")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        heading = app.screen.query(".glossary").first()
        assert not app.screen.find_widget(heading).visible_region.area
        await pilot.press("w")
        await pilot.pause()
        lines = app.screen.query_one(".lines")
        assert heading.region.y in (lines.region.y, lines.region.y + 1)
        await pilot.press("w", "escape")
        assert app.screen is app.main

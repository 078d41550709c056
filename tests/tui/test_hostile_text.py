"""Text from the network and from files changes nothing outside its own place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.explain import Explanation
from engine.results.cell import cell_key
from engine.sanitize import clean
from tui.app import PyScanApp
from tui.screens.target_picker import TargetPicker
from tui.widgets.detail_pane import DetailPane

NASTY = (
    "220 [/x] [bold red]hi[/] [@click=app.bell]x[/]",
    "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "\u202eabc\u2066def",
    "line\r\nfeed\x00nul\x7f",
    "A" * 1_000_000,
)


def painted(app: PyScanApp) -> list[str]:
    """Every line of the screen as it goes to the terminal."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    assert len(strips) == height
    assert all(strip.cell_length == width for strip in strips)
    return [strip.text for strip in strips]


def harmless(app: PyScanApp) -> None:
    for line in painted(app):
        assert line.isprintable(), ascii(line)
        assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("text", NASTY, ids=["markup", "escape", "bidi", "lines", "megabyte"])
async def test_nothing_gets_out_of_its_place(
    make_app: Callable[..., PyScanApp], door: Any, until: Any, text: str
) -> None:
    dress = door.dress

    def hostile(session: Any) -> None:
        dress(session)
        session.book.names = {0: clean(text)}
        key = cell_key(0, 0, 22)
        row = session.snapshot().row(key)
        lines = clean(text, 2000)
        session.explanation = Explanation(key, row, lines, lines, lines, lines, lines)
        session.log.add(1.0, 0, text)
        session.change(notices=(clean(text),))

    door.dress = hostile
    app = make_app("10.0.0.1-2", "-p", "1-1000")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
        await until(pilot, lambda: app.main.query_one(DetailPane)._shown[1] is not None)
        await pilot.pause()
        harmless(app)
        app.tell(text, "error")
        await pilot.press("?")
        await pilot.pause(0.1)
        harmless(app)
        await pilot.press("escape", "+")
        await pilot.pause(0.1)
        harmless(app)
        assert app.is_running


@pytest.mark.parametrize("text", NASTY, ids=["markup", "escape", "bidi", "lines", "megabyte"])
async def test_pasted_text_and_files(
    make_app: Callable[..., PyScanApp], until: Any, tmp_path: Path, text: str
) -> None:
    from textual.events import Paste
    from textual.widgets import Input

    path = tmp_path / "hosts"
    path.write_text(text, errors="replace")
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetPicker))
        app.screen.query_one(Input).post_message(Paste(text))
        await pilot.pause()
        harmless(app)
        app.screen.query_one(Input).value = f"@{path}"
        await pilot.pause(0.4)
        harmless(app)
        assert app.is_running

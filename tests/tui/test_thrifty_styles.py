"""Styles are parsed once for each set of colours, and always those in force."""

from __future__ import annotations

from typing import Any

import pytest
from textual.color import Color
from textual.css import stylesheet

from tui.thrifty_styles import ThriftyStyles

CSS = "Label { color: $shade; }"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The sources that were parsed, each with all that its rules depend on but the colours."""
    seen: list[object] = []
    parse = stylesheet.parse

    def noting(scope: str, css: str, read_from: object, *, tie_breaker: int, **named: Any) -> Any:
        seen.append((scope, css, read_from, tie_breaker))
        return parse(scope, css, read_from, tie_breaker=tie_breaker, **named)

    monkeypatch.setattr(stylesheet, "parse", noting)
    return seen


def colour(styles: ThriftyStyles) -> Color:
    (rule,) = styles.rules_map["Label"]
    return rule.styles.color


def test_other_colours_are_parsed_and_the_same_ones_are_not(parsed: list[object]) -> None:
    styles = ThriftyStyles(variables={"shade": "red"})
    styles.add_source(CSS, read_from=("one", ""))
    assert colour(styles) == Color.parse("red")
    for shade, times in (("red", 1), ("blue", 2), ("blue", 2), ("red", 3)):
        styles.set_variables({"shade": shade})
        styles.reparse()
        assert colour(styles) == Color.parse(shade)
        assert len(parsed) == times


def test_what_is_added_later_is_parsed_by_itself(parsed: list[object]) -> None:
    styles = ThriftyStyles(variables={"shade": "red"})
    styles.add_source(CSS, read_from=("one", ""))
    assert len(styles.rules) == 1
    styles.add_source("Button { color: $shade; }", read_from=("two", ""))
    styles.reparse()
    assert len(styles.rules) == 2 and len(parsed) == 2


async def test_a_theme_changes_the_colours(make_app: Any) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        before = app.screen.styles.background
        app.theme = "pyscan-light"
        await pilot.pause()
        assert app.screen.styles.background != before
        app.theme = "pyscan-dark"
        await pilot.pause()
        assert app.screen.styles.background == before


async def test_no_source_is_parsed_twice_until_the_first_picture(
    make_app: Any, parsed: list[object]
) -> None:
    app = make_app("10.0.0.1")
    async with app.run_test():
        assert isinstance(app.stylesheet, ThriftyStyles)
        assert parsed and len(parsed) == len(set(parsed))

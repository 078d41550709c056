"""Colours of port states from the theme: ``port-open`` and its sisters, with fallbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.style import Style
from textual.app import App
from textual.color import Color, ColorParseError

from engine.spec.port_state import PortState

TOKENS: Mapping[PortState, tuple[str, ...]] = {
    PortState.PENDING: ("port-pending", "foreground"),
    PortState.OPEN: ("port-open", "text-success", "success"),
    PortState.CLOSED: ("port-closed", "text-error", "error"),
    PortState.FILTERED: ("port-filtered", "text-warning", "warning"),
    PortState.UNFILTERED: ("port-unfiltered", "text-secondary", "secondary"),
    PortState.OPEN_FILTERED: ("port-mixed", "text-accent", "accent"),
    PortState.CLOSED_FILTERED: ("port-mixed", "text-accent", "accent"),
}
"""Theme variables to try for each state, best first."""

_BOLD = frozenset({PortState.OPEN})


def state_styles(app: App[Any]) -> dict[PortState, Style]:
    """The foreground style of each state in the app's theme.

    A variable that is missing or is no colour is passed over; without any the text keeps its own
    colour. The glyph and the word tell the states apart in every case.
    """
    return {
        state: Style(bold=state in _BOLD) + colour(app, *tokens) for state, tokens in TOKENS.items()
    }


def colour(app: App[Any], *tokens: str) -> Style:
    """The foreground of the first theme variable in ``tokens`` that is a colour, or no style."""
    for token in tokens:
        try:
            return Style(color=Color.parse(app.theme_variables.get(token, "")).rich_color)
        except ColorParseError:
            continue
    return Style.null()

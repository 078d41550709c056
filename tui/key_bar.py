"""KeyBar: one line of keys, the most important first, as many as fit."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from engine.results.snapshot import Phase
from tui.actions import ACTIONS, Action, key_text

_GAP = "  "


class KeyBar(Widget):
    """Keys that do something now. A click on one does what the key does."""

    COMPONENT_CLASSES = {"key-bar--key", "key-bar--title"}
    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $panel; padding: 0 1; }
    KeyBar > .key-bar--key { color: $accent; text-style: bold; }
    KeyBar > .key-bar--title { color: $foreground; }
    """

    class Chosen(Message):
        """The user clicked on the action called ``name``."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def __init__(self, actions: Iterable[Action] = ACTIONS) -> None:
        super().__init__()
        self._actions = tuple(actions)
        self._phase: Phase | None = None
        self._places: list[tuple[int, int, str]] = []

    def show_phase(self, phase: Phase | None) -> None:
        """Offer what makes sense in ``phase``; None means there is no scan."""
        if phase is not self._phase:
            self._phase = phase
            self.refresh()

    def render(self) -> Text:
        """The line: help and quit always, then by importance."""
        key_style = self.get_component_rich_style("key-bar--key", partial=True)
        title_style = self.get_component_rich_style("key-bar--title", partial=True)
        line = Text(no_wrap=True, overflow="crop")
        self._places = []
        for action in fitting(self._phase, self.content_size.width, self._actions):
            if self._places:
                line.append(_GAP)
            start = line.cell_len
            line.append(key_text(action.keys[0]), key_style)
            line.append(" " + title(action, self._phase), title_style)
            self._places.append((start, line.cell_len, action.name))
        return line

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked key does."""
        x = event.x - self.styles.padding.left
        for start, end, name in self._places:
            if start <= x < end:
                self.post_message(self.Chosen(name))


def title(action: Action, phase: Phase | None) -> str:
    """The action's title in this phase."""
    return "resume" if action.name == "pause" and phase is Phase.PAUSED else action.title


def fitting(phase: Phase | None, width: int, actions: Iterable[Action] = ACTIONS) -> list[Action]:
    """The actions of most importance whose keys fit in ``width`` cells."""
    ranked = sorted(
        (action for action in actions if action.importance and action.needs.met(phase)),
        key=lambda action: action.importance,
    )
    chosen: list[Action] = []
    used = -len(_GAP)
    for action in ranked:
        needed = len(_GAP) + len(key_text(action.keys[0])) + 1 + len(title(action, phase))
        if used + needed <= width:
            used += needed
            chosen.append(action)
    return chosen

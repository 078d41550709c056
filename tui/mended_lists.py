"""Faults of Textual's lists (8.2), mended for all of them: ours, those of Select, the palette's.

PgUp and PgDn look up the line of the highlight, which a list has only once it was laid out with at
least one cell of room; before that they raise KeyError and end the program. A click names the line
that was painted under the pointer; when the list has become shorter meanwhile, as the palette's
does while its search goes on, IndexError ends the program.
"""

from __future__ import annotations

from typing import Literal

from textual import events
from textual.widgets import OptionList

_move_page = OptionList._move_page
_on_click = OptionList._on_click


def _move_page_when_laid_out(self: OptionList, direction: Literal[-1, 1]) -> None:
    if (self.highlighted or 0) in self._index_to_line:
        _move_page(self, direction)


async def _on_click_of_a_line(self: OptionList, event: events.Click) -> None:
    if event.style.meta.get("option", 0) < self.option_count:
        await _on_click(self, event)


def mend_lists() -> None:
    """Let PgUp and PgDn do nothing in a list that has no lines to go by, and clicks on lines that
    are gone."""
    setattr(OptionList, _move_page.__name__, _move_page_when_laid_out)
    setattr(OptionList, _on_click.__name__, _on_click_of_a_line)

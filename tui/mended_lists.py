"""A fault of Textual's lists (8.2), mended for all of them: ours, those of Select, the palette's.

PgUp and PgDn look up the line of the highlight, which a list has only once it was laid out with at
least one cell of room; before that they raise KeyError and end the program.
"""

from __future__ import annotations

from typing import Literal

from textual.widgets import OptionList

_move_page = OptionList._move_page


def _move_page_when_laid_out(self: OptionList, direction: Literal[-1, 1]) -> None:
    if (self.highlighted or 0) in self._index_to_line:
        _move_page(self, direction)


def mend_lists() -> None:
    """Let PgUp and PgDn do nothing in a list that has no lines to go by."""
    setattr(OptionList, _move_page.__name__, _move_page_when_laid_out)

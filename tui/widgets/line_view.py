"""LineView: a scrolled widget drawn line by line; only lines that look different are drawn."""

from __future__ import annotations

import math

from textual.cache import LRUCache
from textual.events import Resize
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

Line = tuple[object, ...]
"""Everything a line's looks depend on, apart from width and styles: equal lines look the same."""

BLANK: Line = ("blank",)


def thumb(lines: int, page: int, position: float) -> tuple[int, int]:
    """Where a scrollbar's thumb begins and how long it is, in eighths of a cell, when ``page`` of
    so many lines can be seen, ``position`` of them above; as Textual draws it."""
    length = max(1.0, page * page / lines)
    start = (page - length) * position / (lines - page) if lines > page else 0.0
    return int(start * 8), math.ceil(length * 8)


class LineView(ScrollView):
    """A virtual list: subclasses say what line y shows and how it is drawn.

    ``repaint`` compares what is on the screen with what should be there, and refreshes the lines
    that differ; drawn strips are kept for as long as width and styles stay the same.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LineView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: LRUCache[Line, Strip] = LRUCache(1024)
        self._painted: dict[int, Line] = {}

    def line_at(self, y: int) -> Line:
        """What line ``y`` of the widget (0 at its top, scrolled or not) shows."""
        raise NotImplementedError

    def draw(self, line: Line) -> Strip:
        """The strip of a line that ``line_at`` gave; it is cut and padded to the width."""
        raise NotImplementedError

    def line_count(self) -> int:
        """How many lines there are to scroll over."""
        raise NotImplementedError

    @property
    def line_width(self) -> int:
        """Cells in a line, beside the scrollbar."""
        return self.scrollable_content_region.width

    def repaint(self) -> None:
        """Refresh the visible lines that would look different now."""
        if not self.is_attached:
            return
        self._mind_length()
        for y in range(self.size.height):
            if self.line_at(y) != self._painted.get(y):
                self.refresh(Region(0, y, self.line_width, 1))

    def _mind_length(self) -> None:
        """Let the scrollbar know how many lines there are.

        A scrollbar that stays as it is costs nothing: the reactive attributes would have Textual
        lay out the whole screen anew and draw all of it.
        """
        before, size = self.virtual_size, Size(self.line_width, self.line_count())
        page = self.scrollable_content_region.height
        if size == before:
            return
        if not self.show_vertical_scrollbar or min(size.height, before.height) <= page:
            self.virtual_size = size
            return
        self.set_reactive(LineView.virtual_size, size)
        bar = self.vertical_scrollbar
        if thumb(size.height, page, bar.position) == thumb(before.height, page, bar.position):
            bar.set_reactive(ScrollBar.window_virtual_size, size.height)
        else:
            bar.window_virtual_size = size.height

    def redraw(self) -> None:
        """Forget every drawn strip and draw the whole widget anew."""
        self.forget_strips()
        self.refresh()

    def forget_strips(self) -> None:
        """Drawn strips are out of date: width, styles, or what they stand for changed."""
        self._strips.clear()

    def scroll_to_line(self, y: int) -> None:
        """Bring line ``y`` to the top, as far as there are lines below, at once."""
        self._mind_length()
        self.scroll_to(y=y, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line of the widget, as Textual asks for it."""
        line = self._painted[y] = self.line_at(y)
        strip = self._strips.get(line)
        if strip is None:
            width = self.line_width
            strip = self._strips[line] = self.draw(line).crop_extend(0, width, self.rich_style)
        return strip

    def notify_style_update(self) -> None:
        """Forget what was drawn in the old colours."""
        super().notify_style_update()
        self.forget_strips()

    def on_resize(self, event: Resize) -> None:
        """Draw everything in the new width."""
        self.virtual_size = Size(self.line_width, self.line_count())
        self.redraw()

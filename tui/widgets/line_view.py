"""LineView: a scrolled widget drawn line by line; only lines that look different are drawn."""

from __future__ import annotations

from textual.cache import LRUCache
from textual.events import Resize
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

Line = tuple[object, ...]
"""Everything a line's looks depend on, apart from width and styles: equal lines look the same."""

BLANK: Line = ("blank",)


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
        if self.virtual_size.height != self.line_count():
            self.virtual_size = Size(self.line_width, self.line_count())
        for y in range(self.size.height):
            if self.line_at(y) != self._painted.get(y):
                self.refresh(Region(0, y, self.line_width, 1))

    def redraw(self) -> None:
        """Forget every drawn strip and draw the whole widget anew."""
        self.forget_strips()
        self.refresh()

    def forget_strips(self) -> None:
        """Drawn strips are out of date: width, styles, or what they stand for changed."""
        self._strips.clear()

    def scroll_to_line(self, y: int) -> None:
        """Bring line ``y`` to the top, as far as there are lines below, at once."""
        self.virtual_size = Size(self.line_width, self.line_count())
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

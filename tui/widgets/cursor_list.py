"""CursorList: a LineView of rows with a cursor, between fixed lines at its top and bottom."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Resize

from tui.widgets.line_view import LineView


class CursorList(LineView, can_focus=True):
    """Arrow keys, paging and vi's j and k move the cursor; it never leaves the screen by them.

    Subclasses set HEAD (or ``head``, where it changes) and FOOT, the numbers of lines that do not
    scroll, and own the cursor.
    """

    HEAD: ClassVar[int] = 0
    FOOT: ClassVar[int] = 0
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "cursor-list--cursor",
        "cursor-list--cursor-blurred",
        "cursor-list--quiet",
    }
    DEFAULT_CSS = """
    CursorList {
        & > .cursor-list--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        & > .cursor-list--cursor-blurred { background: $block-cursor-blurred-background; }
        & > .cursor-list--quiet { color: $foreground 70%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "go(0)", "First", show=False),
        Binding("end", "go(-1)", "Last", show=False),
    ]

    def row_count(self) -> int:
        """How many rows the cursor can be on."""
        raise NotImplementedError

    def cursor_row(self) -> int:
        """The cursor's row."""
        raise NotImplementedError

    def place_cursor(self, at: int) -> None:
        """Put the cursor on row ``at``, or on the nearest there is."""
        raise NotImplementedError

    def go(self, at: int) -> None:
        """Move the cursor to row ``at``, or to the nearest there is, and bring it in sight."""
        self.place_cursor(at)
        self.show_cursor()
        self.repaint()

    def show_cursor(self) -> None:
        """Scroll no more than it takes to have the cursor in sight."""
        top, cursor = self.scroll_offset.y, self.cursor_row()
        wanted = min(max(top, cursor - self.page + 1), cursor)
        if wanted != top:
            self.scroll_to_line(wanted)

    @property
    def head(self) -> int:
        """Lines at the top that do not scroll."""
        return self.HEAD

    def line_count(self) -> int:
        """The rows and the fixed lines."""
        return self.head + self.row_count() + self.FOOT

    @property
    def page(self) -> int:
        """Rows that can be seen at once."""
        return max(1, self.size.height - self.head - self.FOOT)

    def row_at(self, y: int) -> int | None:
        """The row on line ``y`` of the widget, or None where there is none."""
        at = self.scroll_offset.y + y - self.head
        seen = self.head <= y < self.head + self.page
        return at if seen and at < self.row_count() else None

    @property
    def cursor_style(self) -> Style:
        """How the cursor's row looks; it stands out more in a list that has the focus."""
        name = "cursor-list--cursor" if self.has_focus else "cursor-list--cursor-blurred"
        return self.get_component_rich_style(name)

    @property
    def quiet_style(self) -> Style:
        """For what is less important than the rows."""
        return self.get_component_rich_style("cursor-list--quiet")

    def watch_has_focus(self, has_focus: bool) -> None:
        """Draw the cursor anew."""
        super().watch_has_focus(has_focus)
        self.redraw()

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight."""
        self.show_cursor()

    def action_move(self, rows: int) -> None:
        """Move the cursor by ``rows``."""
        self.go(self.cursor_row() + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by ``pages`` screens."""
        self.go(self.cursor_row() + pages * self.page)

    def action_go(self, at: int) -> None:
        """Move the cursor to row ``at``; -1 is the last."""
        self.go(at if at >= 0 else self.row_count() + at)

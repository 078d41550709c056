"""Places: where the panes of the main screen stand, which has the focus, and what is remembered."""

from __future__ import annotations

from textual import events
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from tui.layout_file import LayoutFile, SavedLayout
from tui.screens.panes import PANES, PanePlan
from tui.screens.too_small import TooSmall, is_too_small
from tui.widgets.row_groups import Grouping

PANE_WIDGETS = {
    "results": "centre",
    "hosts": "hosts",
    "detail": "detail",
    "progress": "progress",
    "log": "log",
}
"""The widget of each pane, by id."""
COMPACT_BELOW = 5
"""Lines below which the progress pane says everything in two."""
REMEMBER_AFTER = 1.0
"""Seconds without another change before the layout is written."""


class Places(Screen[None]):
    """A screen with the panes ``PANE_WIDGETS`` in ``#upper`` (hosts, ``#work``) and ``#lower``.

    Attributes:
        panes: the plan of the panes.
        layout_file: where layouts are kept; None: nowhere.
        hosts_wide: the list of hosts has the whole width beside progress and log.
        grouping: what the results are grouped by, as remembered.
    """

    DEFAULT_CLASSES = "-wide -tall"  # as most terminals are: no other styles to look for

    def __init__(self) -> None:
        super().__init__()
        self.panes = PanePlan()
        self.layout_file: LayoutFile | None = None
        self.hosts_wide = False
        self.grouping = Grouping.NONE
        self._remember_timer: Timer | None = None

    def recall_layout(self, panes: PanePlan, file: LayoutFile | None) -> None:
        """Use this plan, with the layouts of ``file``, which takes those to come."""
        self.panes, self.layout_file = panes, file
        if file is not None:
            saved = file.read()
            panes.recall(saved)
            self.grouping = saved.get("results", SavedLayout()).group

    def keep_grouping(self, grouping: Grouping) -> None:
        """Remember what the results are grouped by."""
        self.grouping = grouping
        self.remember_layout()

    def show_snapshot(self) -> None:
        """Bring visible panes up to date."""
        raise NotImplementedError

    def on_resize(self, event: events.Resize) -> None:
        """Fold and unfold panes for the new size; they are gone when the program just ends."""
        if self.children:
            self.fit(event.size.width, event.size.height)

    def fit(self, width: int, height: int) -> None:
        """Place the panes for a size of the screen in cells."""
        self.panes.resize(width, height)
        self.place_panes()

    def mind_size(self) -> None:
        """Cover the screen, and whatever is open on it, while the terminal is too small."""
        cover, small = self.app.screen, is_too_small(self.app.size)
        if not isinstance(cover, TooSmall):
            if small:
                self.app.push_screen(TooSmall())
        elif small:
            cover.say()
        else:
            self.app.pop_screen()

    # Places

    def place_panes(self) -> None:
        """Show the panes the plan wants, in their sizes, and bring them up to date."""
        plan = self.panes
        self.set_class(plan.narrow, "narrow")
        self.set_class(not plan.narrow, "-wide")
        self.set_class(plan.short, "short")
        self.set_class(self.hosts_wide, "hosts-wide")
        for pane, name in PANE_WIDGETS.items():
            self.query_one(f"#{name}").display = self.shows(pane)
        upper = self.shows("hosts") or self.shows("results") or self.shows("detail")
        self.query_one("#upper").display = upper
        self.query_one("#work").display = self.shows("results") or self.shows("detail")
        self.query_one("#lower").display = self.shows("progress") or self.shows("log")
        self._size_panes(upper)
        if self.focused is not None and not _in_sight(self.focused):
            self.focus_pane("hosts" if self.hosts_wide else "results")
        self.show_snapshot()

    def shows(self, pane: str) -> bool:
        """True when a pane can be seen."""
        if self.hosts_wide and not self.panes.maximised and pane in ("hosts", "results", "detail"):
            return pane == "hosts"
        return self.panes.shows(pane)

    def _size_panes(self, upper: bool) -> None:
        """Sizes in cells, except for what takes the rest."""
        plan, shows = self.panes, self.shows
        work = shows("results") or shows("detail")
        self._give("hosts", "width", plan.size("hosts width") if work else None)
        beside = shows("results") and not plan.narrow
        self._give("detail", "width", plan.size("detail width") if beside else None)
        above = shows("results") and plan.narrow
        self._give("detail", "height", plan.size("detail height") if above else None)
        self._give("lower", "height", plan.lower_height if upper else None)
        both = shows("progress") and shows("log")
        moved = both and not plan.short
        self._give("progress", "width", plan.size("progress width") if moved else None)
        stacked = plan.short and (upper or both)
        lines = plan.size("progress height") if stacked else None
        self._give("progress", "height", lines)
        self._give("log", "height", plan.size("log height") if plan.short and upper else None)
        tight = plan.short and lines is not None and lines < COMPACT_BELOW
        self.query_one("#progress").set_class(tight, "compact")

    def _give(self, name: str, axis: str, cells: int | None) -> None:
        setattr(self.query_one(f"#{name}").styles, axis, "1fr" if cells is None else cells)

    def set_hosts_wide(self, wide: bool) -> None:
        """Give the list of hosts the whole width, or its place beside the results."""
        self.hosts_wide = wide
        self.place_panes()
        self.focus_pane("hosts" if wide else "results")

    # The focus

    def pane_of(self, widget: Widget | None) -> str:
        """The visible pane a widget is in; empty when it is in none."""
        names = {name: pane for pane, name in PANE_WIDGETS.items()}
        above = [] if widget is None else widget.ancestors_with_self
        found = (names[one.id] for one in above if one.id in names)
        pane = next(found, "")
        return pane if pane and self.shows(pane) else ""

    def focused_pane_name(self) -> str:
        """The pane with the focus; empty when none has it."""
        return self.pane_of(self.focused)

    def focus_pane(self, wanted: str) -> None:
        """Give a pane the focus, or the first that can be seen in its stead."""
        order = [wanted, *PANES]
        pane = next((one for one in order if self.shows(one)), None)
        if pane is not None:
            self.query_one("#results" if pane == "results" else f"#{PANE_WIDGETS[pane]}").focus()

    # Memory

    def remember_layout(self) -> None:
        """Write the layout down, once the user has left it alone for a moment."""
        if self._remember_timer is not None:
            self._remember_timer.stop()
        self._remember_timer = self.set_timer(REMEMBER_AFTER, self._write_layout)

    def _write_layout(self) -> None:
        self._remember_timer = None
        if self.layout_file is not None:
            layouts = self.panes.layouts()
            if self.grouping is not Grouping.NONE:
                layouts["results"] = SavedLayout(group=self.grouping)
            self.layout_file.write(layouts)

    def on_unmount(self) -> None:
        """Write what has not been written yet."""
        if self._remember_timer is not None:
            self._remember_timer.stop()
            self._write_layout()


def _in_sight(widget: Widget) -> bool:
    """Whether neither the widget nor anything around it is hidden: a line to type in belongs to no
    pane and keeps the focus when panes move."""
    return all(one.display for one in widget.ancestors_with_self if isinstance(one, Widget))

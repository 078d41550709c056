"""PanePlan: which panes fit, which the user wants, and how large they are."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from tui.layout_file import SavedLayout

WIDE, ROOMY = 100, 120
"""Columns from which hosts and detail stand beside the results, and from which they are roomy."""
TALL = 30
"""Lines from which progress and log stand side by side, with frames."""
LEAST_WIDTH, LEAST_HEIGHT = 60, 18
"""Cells from which every pane can be shown beside the others; below, nothing is."""
PANES = ("results", "hosts", "detail", "log", "progress")

_RESULTS_WIDTH, _RESULTS_HEIGHT = 30, 5
"""The least the results are left with, in cells."""


class _Measure(Struct, frozen=True):
    """A size that can be changed: ``usual`` and ``least`` cells; ``usual`` 0 is half the width."""

    usual: int
    least: int


_MEASURES: Mapping[str, _Measure] = {
    "hosts width": _Measure(28, 16),
    "detail width": _Measure(36, 20),
    "detail height": _Measure(9, 4),
    "lower height": _Measure(11, 4),
    "progress width": _Measure(0, 20),
    "progress height": _Measure(2, 2),
    "log height": _Measure(7, 3),
}
_TIGHT = {"hosts width": 24, "detail width": 28}
"""What is usual below ROOMY columns: the results need theirs for every column that matters."""


class _Wishes(Struct):
    """What the user made of one size class: panes shown or not, and measures in cells."""

    shown: dict[str, bool] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


class PanePlan:
    """Panes and their sizes for a screen.

    Hosts and detail fold first, below WIDE columns, then the log, below TALL lines; what the user
    unfolds all the same takes room from the results. Each of the four size classes (narrow or wide,
    short or tall) has a layout of its own, which comes back with the size.

    Args:
        standing: panes to show or hide when the program starts; the others are shown where they
            were shown before, or where there is room.

    Attributes:
        narrow: there is no room beside the results.
        short: there is no room for frames; progress and log stand one above the other.
        maximised: the one pane that has the whole screen; empty when all have their places.
    """

    def __init__(self, standing: Mapping[str, bool | None] | None = None) -> None:
        self._standing = {name: wish for name, wish in (standing or {}).items() if wish is not None}
        self.narrow = False
        self.short = False
        self.maximised = ""
        self._width, self._height = WIDE, TALL
        self._bars = 2
        self._layouts: dict[str, _Wishes] = {}

    # What is remembered

    def recall(self, saved: Mapping[str, SavedLayout]) -> None:
        """Take over layouts of an earlier session; the configuration's word stands above them."""
        for name in _CLASSES:
            if (layout := saved.get(name)) is not None:
                shown = {
                    pane: wish
                    for pane, wish in layout.shown.items()
                    if pane in PANES and pane not in self._standing
                }
                sizes = {name: size for name, size in layout.sizes.items() if name in _MEASURES}
                self._layouts[name] = _Wishes(shown, sizes)

    def layouts(self) -> dict[str, SavedLayout]:
        """Every size class in which the user changed something."""
        return {
            name: SavedLayout(shown=dict(one.shown), sizes=dict(one.sizes))
            for name, one in self._layouts.items()
            if one.shown or one.sizes
        }

    # The size of the screen

    def resize(self, width: int, height: int) -> None:
        """Note the screen's size, in cells."""
        self._width, self._height = width, height
        self.narrow, self.short = width < WIDE, height < TALL

    def note_bars(self, lines: int) -> bool:
        """Note how many lines the status line, the tabs and the key bar take together; True when
        these are more or fewer than before."""
        before, self._bars = self._bars, lines
        return lines != before

    @property
    def _here(self) -> _Wishes:
        name = f"{'narrow' if self.narrow else 'wide'} {'short' if self.short else 'tall'}"
        return self._layouts.setdefault(name, _Wishes())

    # Which panes are shown

    def shows(self, pane: str) -> bool:
        """True when a pane can be seen."""
        return pane == self.maximised if self.maximised else pane in self._unfolded()

    def toggle(self, pane: str) -> bool:
        """Fold or unfold; True when that was possible. The last pane stays.

        On a short and narrow screen the detail and the log take each other's place.
        """
        shown = not self.shows(pane)
        self.maximised = ""
        before, wishes = dict(self._here.shown), self._here.shown
        wishes[pane] = shown
        other = {"detail": "log", "log": "detail"}.get(pane)
        if shown and other and self.short and self.narrow:
            wishes[other] = False
        if any(map(self._wanted, PANES)):
            return True
        self._here.shown = before
        return False

    def maximise(self, pane: str) -> bool:
        """Give a pane the whole screen, or all panes their places again; True for the former."""
        self.maximised = "" if self.maximised else pane
        return bool(self.maximised)

    def reset(self) -> None:
        """The layout PyScan comes with, at this size of the screen."""
        self.maximised = ""
        self._here.shown.clear()
        self._here.sizes.clear()

    def _wanted(self, pane: str) -> bool:
        roomy = {"hosts": not self.narrow, "detail": not self.narrow, "log": not self.short}
        usual = self._standing.get(pane, roomy.get(pane, True))
        return self._here.shown.get(pane, usual)

    def _unfolded(self) -> set[str]:
        """The panes that have a place while none is maximised."""
        return {pane for pane in PANES if self._wanted(pane)} or {"results"}

    def _least_upper(self, shown: set[str]) -> int:
        """Lines that hosts, results and detail need."""
        stacked = "detail" in shown and self.narrow
        return _RESULTS_HEIGHT + (self._least("detail height") if stacked else 0)

    # Sizes

    @staticmethod
    def _least(measure: str) -> int:
        return _MEASURES[measure].least

    def size(self, measure: str) -> int:
        """A measure in cells, no more than leaves room for the panes beside it."""
        usual = _MEASURES[measure].usual
        if self._width < ROOMY:
            usual = _TIGHT.get(measure, usual)
        wanted = self._here.sizes.get(measure, usual or self._width // 2)
        return max(self._least(measure), min(wanted, self._most(measure)))

    def _most(self, measure: str) -> int:
        shown, least = self._unfolded(), self._least
        beside = self._width - _RESULTS_WIDTH
        rows = self._height - self._bars - self._least_upper(shown)
        match measure:
            case "hosts width":
                side = "detail" in shown and not self.narrow
                return beside - (least("detail width") if side else 0)
            case "detail width":
                return beside - (self.size("hosts width") if "hosts" in shown else 0)
            case "detail height":
                return rows + least(measure) - self.lower_height
            case "progress height":
                return rows - (least("log height") if "log" in shown else 0)
            case "log height":
                return rows - (self.size("progress height") if "progress" in shown else 0)
            case "lower height":
                return rows
        return self._width - least("progress width")

    @property
    def lower_height(self) -> int:
        """Lines of progress and log together; 0 when neither is shown."""
        shown = [pane for pane in ("progress", "log") if pane in self._unfolded()]
        if not self.short:
            return self.size("lower height") if shown else 0
        return sum(self.size(f"{pane} height") for pane in shown)

    def grow(self, pane: str, axis: str, step: int) -> bool:
        """Make a pane wider or narrower (axis ``width``), taller or lower (``height``) by ``step``
        cells. False when nothing gave way."""
        lever = None if self.maximised else self._lever(pane, axis)
        if lever is None:
            return False
        measure, sign = lever
        before = self.size(measure)
        self._here.sizes[measure] = before + sign * step
        now = self._here.sizes[measure] = self.size(measure)
        return now != before

    def _lever(self, pane: str, axis: str) -> tuple[str, int] | None:
        """The measure that moves a pane's edge, and which way."""
        shown = self._unfolded()
        if pane in ("progress", "log"):
            return self._lower_lever(pane, axis, shown)
        between = {"results", "detail"} <= shown
        if axis == "width":
            if pane == "hosts":
                return ("hosts width", 1) if shown & {"results", "detail"} else None
            if between and not self.narrow:
                return ("detail width", 1 if pane == "detail" else -1)
            return ("hosts width", -1) if "hosts" in shown else None
        if between and self.narrow and pane != "hosts":
            return ("detail height", 1 if pane == "detail" else -1)
        if not self.short:
            return ("lower height", -1) if shown & {"progress", "log"} else None
        below = next((one for one in ("log", "progress") if one in shown), None)
        return (f"{below} height", -1) if below else None

    def _lower_lever(self, pane: str, axis: str, shown: set[str]) -> tuple[str, int] | None:
        if axis == "width":
            beside = not self.short and {"progress", "log"} <= shown
            return ("progress width", 1 if pane == "progress" else -1) if beside else None
        if not shown & {"hosts", "results", "detail"}:
            return None
        return (f"{pane} height" if self.short else "lower height", 1)


_CLASSES = tuple(f"{wide} {tall}" for wide in ("wide", "narrow") for tall in ("tall", "short"))
"""What a size class is called in the file of layouts."""

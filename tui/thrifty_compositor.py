"""ThriftyCompositor: a picture's changes are drawn by the widgets that can be seen where they are.

Textual (8.2) asks every widget between the first change and the last for all its lines, and the
containers behind them, too; with the cursor in one pane and a clock in the header that is the whole
screen, ten times the work of what has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

Span = tuple[int, int, int]
"""A line of the screen, the first cell of it that changed, and the one behind the last."""


class ThriftyCompositor(Compositor):
    """Draws the changed parts of lines, from the front to the back until each is covered."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """What to write to the terminal for the changes since the last time, if there are any."""
        screen = self.size.region
        changed = [region.intersection(screen) for region in self._dirty_regions]
        self._dirty_regions.clear()
        spans = list(self._regions_to_spans(filter(None, changed)))
        if not spans:
            return None
        return ChopsUpdate(self._draw(spans), spans, [line[1:] for line in self.cuts])

    def _draw(self, spans: Sequence[Span]) -> list[dict[int, Strip | None]]:
        """The pieces of every line by their first cells; None for those outside of all spans."""
        missing = self._pieces(spans)
        drawn = [dict[int, Strip | None].fromkeys(line[:-1]) for line in self.cuts]
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            inside = set(range(*seen.column_span))
            lines = [y for y in seen.line_range if not inside.isdisjoint(missing.get(y, ()))]
            if not lines:
                continue
            drawn_lines = Region(seen.x, lines[0], seen.width, lines[-1] + 1 - lines[0])
            strips = widget.render_lines(drawn_lines.translate(-region.offset))
            for y in lines:
                cuts = [x - seen.x for x in self.cuts[y] if seen.x < x <= seen.right]
                for x, piece in zip((0, *cuts), strips[y - lines[0]].divide(cuts), strict=False):
                    if x + seen.x in missing[y]:
                        drawn[y][x + seen.x] = piece
                        missing[y].remove(x + seen.x)
        return drawn

    def _pieces(self, spans: Sequence[Span]) -> dict[int, set[int]]:
        """The first cells of what lies in spans of each line, from one border to the next."""
        pieces: dict[int, set[int]] = {}
        for y, first, end in spans:
            borders = pairwise(self.cuts[y])
            found = (x for x, next_x in borders if x < end and next_x > first)
            pieces.setdefault(y, set()).update(found)
        return pieces

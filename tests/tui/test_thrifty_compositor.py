"""What ThriftyCompositor draws of a picture is what Textual's compositor draws of it."""

from __future__ import annotations

import random
from typing import Any

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region

from tui.thrifty_compositor import ThriftyCompositor

Cells = dict[tuple[int, int], tuple[str, object]]


def cells_in_spans(update: ChopsUpdate | None) -> Cells:
    """Character and style of every cell that an update is about."""
    assert update is not None
    seen: Cells = {}
    for y, first, end in update.spans:
        for x, strip in update.chops[y].items():
            cells = strip or ()
            for text, style, _ in cells:
                for character in text:
                    if first <= x < end:
                        seen[x, y] = (character, style)
                    x += 1
    return seen


def random_regions(rng: random.Random, size: tuple[int, int]) -> set[Region]:
    width, height = size
    return {
        Region(rng.randrange(width), rng.randrange(height), rng.randint(1, 50), rng.randint(1, 8))
        for _ in range(rng.randint(1, 5))
    }


async def test_it_draws_what_textual_draws(running: Any, until: Any) -> None:
    rng = random.Random(4)
    async with running() as (pilot, app, _):
        app.tell("something lies over the panes")
        await until(pilot, lambda: app.main.query("Toast"))
        await pilot.pause()
        compositor = app.main._compositor
        assert isinstance(compositor, ThriftyCompositor)
        assert any(widget in compositor.visible_widgets for widget in app.main.query("Toast"))
        for _ in range(60):
            regions = random_regions(rng, app.size)
            inside = {region.intersection(app.size.region) for region in regions}
            compositor._dirty_regions = set(inside)
            theirs = Compositor.render_partial_update(compositor)
            compositor._dirty_regions = regions
            ours = compositor.render_partial_update()
            assert cells_in_spans(ours) == cells_in_spans(theirs)
            assert len(cells_in_spans(ours)) == sum(x2 - x1 for _, x1, x2 in ours.spans)


async def test_only_widgets_that_can_be_seen_in_a_change_are_asked(
    running: Any, monkeypatch: Any
) -> None:
    async with running() as (_, app, _):
        asked = []
        for widget in app.main._compositor.visible_widgets:

            def render_lines(crop: Region, widget: Any = widget) -> Any:
                asked.append((widget.id, crop.height))
                return type(widget).render_lines(widget, crop)

            monkeypatch.setattr(widget, "render_lines", render_lines)
        region = app.main.table.region
        app.main._compositor._dirty_regions = {Region(region.x + 1, region.y + 3, 5, 2)}
        app.main._compositor.render_partial_update()
        assert asked == [("results", 2)]


async def test_without_a_change_there_is_nothing_to_write(running: Any) -> None:
    async with running() as (_, app, _):
        app.main._compositor._dirty_regions = set()
        assert app.main._compositor.render_partial_update() is None
        app.main._compositor._dirty_regions = {Region(500, 3, 4, 4)}
        assert app.main._compositor.render_partial_update() is None

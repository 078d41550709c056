from __future__ import annotations

import pytest
from rich.cells import cell_len

from engine.results.snapshot import Phase
from tui.scan_tab import TabLook
from tui.widgets.tab_bar import fitting_tabs, state_text

RUNNING = TabLook("192.0.2.0/25 198.51.100.0/25", Phase.RUNNING, "running", 0.456)
DONE = TabLook("10.0.0.1", Phase.FINISHED, "finished", None)
QUEUED = TabLook("2001:db8::/120", None, "queued", None)


def test_a_state_is_told_by_glyph_and_word() -> None:
    assert state_text(RUNNING) == "● running 45 %"
    assert state_text(RUNNING, worded=False) == "● 45 %"
    assert state_text(DONE) == "✓ finished"
    assert state_text(QUEUED) == "◌ queued"


def test_there_is_room_for_a_few_in_words() -> None:
    texts = [text for _, text in fitting_tabs([RUNNING, DONE, QUEUED], 1, 80)]
    assert texts[1] == "▸2 10.0.0.1 ✓ finished "
    assert "running 45 %" in texts[0] and "queued" in texts[2]


@pytest.mark.parametrize("width", [20, 60, 80, 120, 200])
@pytest.mark.parametrize("count", range(1, 9))
def test_the_bar_fits_and_has_the_tab_that_is_shown(width: int, count: int) -> None:
    looks = [RUNNING, DONE, QUEUED, RUNNING, RUNNING, DONE, RUNNING, RUNNING][:count]
    for shown in range(count):
        tabs = fitting_tabs(looks, shown, width)
        places = [at for at, _ in tabs]
        marks = 2 if len(tabs) < count else 0
        assert sum(cell_len(text) for _, text in tabs) + marks <= width
        assert shown in places and places == list(range(places[0], places[-1] + 1))
        assert [at for at, text in tabs if text.startswith("▸")] == [shown]
        assert all(str(at + 1) in text for at, text in tabs)


def test_wide_characters_count_twice() -> None:
    looks = [TabLook("目標" * 20, Phase.RUNNING, "running", 0.5)] * 3
    assert sum(cell_len(text) for _, text in fitting_tabs(looks, 0, 80)) <= 80

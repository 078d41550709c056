from __future__ import annotations

from engine.results.snapshot import Phase
from engine.spec.timing import TEMPLATES
from tui.widgets.figure_pace import FIGURES_EVERY, PAUSED_FIGURES_EVERY, FigurePace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_figures_wait_for_their_time_and_are_never_left_out(usual_scan) -> None:
    clock = Clock()
    pace = FigurePace(clock)
    assert pace.due(usual_scan.snapshot())
    clock.now += FIGURES_EVERY / 2
    last = usual_scan.snapshot()
    assert not pace.due(last)
    clock.now += FIGURES_EVERY / 2
    assert pace.due(last)
    clock.now += FIGURES_EVERY
    assert not pace.due(last)


def test_the_first_after_a_while_is_drawn_at_once(usual_scan) -> None:
    clock = Clock()
    pace = FigurePace(clock)
    for _ in range(3):
        assert pace.due(usual_scan.snapshot())
        clock.now += FIGURES_EVERY


def test_what_the_user_changed_and_the_end_do_not_wait(make_scan) -> None:
    pace, scan = FigurePace(Clock()), make_scan(hosts=2)
    assert pace.due(scan.snapshot())
    for change in (
        {"timing": TEMPLATES[5]},
        {"skipped": frozenset({1})},
        {"phase": Phase.PAUSED},
        {"phase": Phase.FINISHED},
    ):
        assert not pace.due(scan.snapshot())
        assert pace.due(scan.snapshot(**change))


def test_a_paused_scan_needs_fewer(usual_scan) -> None:
    clock = Clock()
    pace = FigurePace(clock)
    assert pace.due(usual_scan.snapshot(phase=Phase.PAUSED))
    clock.now += FIGURES_EVERY
    assert not pace.due(usual_scan.snapshot(phase=Phase.PAUSED))
    assert pace.due(usual_scan.snapshot(phase=Phase.RUNNING))
    assert pace.due(usual_scan.snapshot(phase=Phase.PAUSED))
    clock.now += PAUSED_FIGURES_EVERY
    assert pace.due(usual_scan.snapshot(phase=Phase.PAUSED))

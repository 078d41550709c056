"""How often a screen looks at its scan."""

from __future__ import annotations

from typing import Any

from engine.results.snapshot import Phase
from tui.screens.lookout import AFTERWARDS, Lookout


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


class FakeTimer:
    def __init__(self, paused: bool) -> None:
        self.running = not paused

    def pause(self) -> None:
        self.running = False

    def resume(self) -> None:
        self.running = True


class FakeScreen:
    def __init__(self) -> None:
        self.timers: list[FakeTimer] = []
        self.calls: list[Any] = []

    def set_interval(self, interval: float, call: Any, *, pause: bool) -> FakeTimer:
        self.timers.append(FakeTimer(pause))
        self.calls.append(call)
        return self.timers[-1]


def begun(*, awake: bool = True) -> tuple[Lookout, FakeScreen, Clock, list[None]]:
    clock, screen, looks = Clock(), FakeScreen(), list[None]()
    lookout = Lookout(clock)
    lookout.begin(screen, lambda: looks.append(None), awake=awake)  # type: ignore[arg-type]
    return lookout, screen, clock, looks


def running(screen: FakeScreen) -> tuple[bool, bool]:
    """Whether it looks often, and seldom."""
    often, seldom = screen.timers
    return often.running, seldom.running


def test_nothing_has_an_effect_before_it_begins() -> None:
    lookout = Lookout()
    lookout.hurry()
    lookout.rest()
    assert not lookout.begun


def test_it_looks_often_until_nothing_has_happened_for_a_while() -> None:
    lookout, screen, clock, looks = begun()
    assert running(screen) == (True, True)
    clock.time += AFTERWARDS * 0.9
    screen.calls[0]()
    assert running(screen) == (True, True)
    lookout.note(True)
    clock.time += AFTERWARDS * 0.9
    lookout.note(False)
    screen.calls[0]()
    assert running(screen) == (True, True)
    clock.time += AFTERWARDS
    screen.calls[0]()
    assert running(screen) == (False, True) and len(looks) == 3
    lookout.hurry()
    assert running(screen) == (True, True)


def test_a_hidden_screen_looks_at_nothing() -> None:
    lookout, screen, _, _ = begun(awake=False)
    lookout.hurry()
    assert running(screen) == (False, False)
    lookout.wake()
    assert running(screen) == (True, True)
    lookout.rest()
    lookout.note(True)
    assert running(screen) == (False, False)


def often(app: Any) -> bool:
    """Whether the shown scan is looked at often."""
    active: bool = app.main._lookout._often._active.is_set()
    return active


async def test_a_scan_that_rests_is_looked_at_seldom(running: Any, until: Any) -> None:
    async with running() as (pilot, app, session):
        for phase in (Phase.FINISHED, Phase.PAUSED):
            session.change(phase=phase)
            await until(pilot, lambda phase=phase: app.main.phase is phase)
            await until(pilot, lambda: not often(app))
            session.change(phase=Phase.RUNNING)
            await until(pilot, lambda: app.main.phase is Phase.RUNNING)
            assert often(app)


async def test_a_command_is_looked_after(running: Any, until: Any) -> None:
    async with running() as (pilot, app, session):
        session.change(phase=Phase.PAUSED)
        await until(pilot, lambda: not often(app))
        await pilot.press("4")
        assert often(app)


async def test_a_running_scan_is_always_looked_at_often(running: Any) -> None:
    async with running() as (pilot, app, _):
        await pilot.pause(AFTERWARDS + 0.5)
        assert often(app)

from __future__ import annotations

import pytest
from textual.binding import Binding

from engine.results.snapshot import Phase
from tui.actions import ACTIONS, Action, DuplicateKeyError, Group, Needs, index_actions
from tui.key_bar import fitting, title
from tui.keymap import Keymap
from tui.screens.help import sections
from tui.screens.main import MainScreen

KEYS = Keymap().keys


def action(name: str, *keys: str) -> Action:
    return Action(name, name, "help", keys, Group.VIEW)


def test_a_key_used_twice_fails_at_load() -> None:
    with pytest.raises(DuplicateKeyError, match="x means first and second"):
        index_actions([action("first", "x"), action("second", "y", "x")])


def test_a_name_used_twice_fails_at_load() -> None:
    with pytest.raises(DuplicateKeyError, match="two actions are called same"):
        index_actions([action("same", "x"), action("same", "y")])


@pytest.mark.parametrize("one", ACTIONS, ids=lambda one: one.name)
def test_every_action_is_carried_out_somewhere(one: Action) -> None:
    name = "set_timing" if one.name.startswith("timing_") else f"do_{one.name}"
    assert callable(getattr(MainScreen, name))


@pytest.mark.parametrize("one", ACTIONS, ids=lambda one: one.name)
def test_keys_are_ones_that_terminals_and_multiplexers_pass_on(one: Action) -> None:
    for key in one.keys:
        assert len(key) == 1 or key in ("escape", "f1", "ctrl+c", "ctrl+z")
    assert one.help.endswith(".") and one.keys


def test_every_key_of_the_registry_is_bound_on_the_main_screen() -> None:
    bound = {binding.action for binding in Binding.make_bindings(MainScreen.BINDINGS)}
    assert bound == {f"act('{one.name}')" for one in ACTIONS}


@pytest.mark.parametrize("width", [20, 40, 78, 120])
@pytest.mark.parametrize("phase", [None, *Phase])
def test_the_key_bar_fits_and_always_tells_the_way_to_help(width: int, phase: Phase | None) -> None:
    shown = fitting(phase, width)
    line = "  ".join(f"{one.keys[0]} {title(one, phase)}" for one in shown)
    assert len(line) <= width
    assert [one.name for one in shown[:2]] == ["help", "quit"]
    assert all(one.needs.met(phase) for one in shown)


def test_what_a_scan_needs_is_offered_only_when_it_is_there() -> None:
    names = {one.name for one in fitting(None, 500)}
    assert "pause" not in names and "rescan" not in names and "targets" in names
    assert "pause" in {one.name for one in fitting(Phase.RUNNING, 500)}
    assert "pause" not in {one.name for one in fitting(Phase.FINISHED, 500)}
    assert "rescan" in {one.name for one in fitting(Phase.FINISHED, 500)}


def test_a_paused_scan_offers_to_resume() -> None:
    (pause,) = (one for one in ACTIONS if one.name == "pause")
    assert title(pause, Phase.PAUSED) == "resume"
    assert title(pause, Phase.RUNNING) == "pause"


def test_complaints_say_what_to_do() -> None:
    assert "press t" in Needs.SCAN.complaint(None, KEYS)
    assert "press A" in Needs.UNFINISHED.complaint(Phase.FINISHED, KEYS)
    assert "press t" in Needs.UNFINISHED.complaint(None, KEYS)


def test_help_has_every_key_once() -> None:
    listed = [keys for _, lines in sections(None) for keys, _ in lines]
    words = " ".join(listed).split()
    assert len(words) == len(set(words)) == sum(len(one.keys) for one in ACTIONS)
    assert "0 1 2 3 4 5" in listed

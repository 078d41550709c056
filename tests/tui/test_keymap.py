from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.actions import ACTIONS, BY_NAME
from tui.keymap import RESERVED, Keymap, key_named, pane_keys, read_keymap


def test_without_a_table_keys_are_ours() -> None:
    reading = read_keymap({})
    assert reading.keymap == Keymap() and not reading.problems + reading.warnings
    assert reading.keymap.bindings == {}
    assert reading.keymap.key("clear") == "Esc"


def test_a_key_or_a_list_of_keys() -> None:
    reading = read_keymap({"pause": "f5", "help": ["f1", "question_mark", "f3"]})
    assert not reading.problems + reading.warnings
    by_name = reading.keymap.by_name
    assert by_name["pause"].keys == ("f5",)
    assert by_name["help"].keys == ("f1", "?", "f3")
    assert reading.keymap.bindings == {"pause": "f5", "help": "f1,question_mark,f3"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("?", "?"), ("question_mark", "?"), ("comma", ","), ("shift+x", "X"), ("P", "P"),
        ("F5", "f5"), ("Ctrl+E", "ctrl+e"), (" ", "space"), ("alt+5", "alt+5"),
        ("", None), ("ctrl+", None), ("hyper+x", None), ("pgup", None), ("\t", None), ("++", None),
    ],
)  # fmt: skip
def test_how_keys_may_be_written(text: str, key: str | None) -> None:
    assert key_named(text) == key


def test_two_actions_may_change_places() -> None:
    reading = read_keymap({"pause": "c", "cancel": "P"})
    assert not reading.problems
    assert reading.keymap.key("pause") == "c" and reading.keymap.key("cancel") == "P"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"pause": "t"}, "[keys] t means both targets and pause: give one of them another key"),
        ({"pasue": "x"}, "[keys] pasue is not an action; did you mean pause?"),
        ({"zzz": "x"}, "zzz is not an action; --config template lists all actions"),
        ({"pause": "pgup"}, "[keys] pause = pgup is not a key; did you mean pageup?"),
        ({"pause": 7}, "[keys] pause = 7 is not a key"),
        ({"pause": ""}, "is not a key; write for example"),
        ({"pause": []}, "[keys] pause: give one key, or a list of 1 to 8"),
        ({"pause": ["x"] * 9}, "give one key"),
        ({"pause": "f2"}, "that key opens the command palette; choose another"),
        ({"pause": "j"}, 'that key is for "down" in the results pane; choose another'),
        ({"pause": "space"}, 'that key is for "mark; on a heading, its rows" in'),
        ({"pause": "\x1b[0m"}, "is not a key"),
    ],
)
def test_what_cannot_work_is_an_error(table: dict[str, object], said: str) -> None:
    reading = read_keymap(table)
    (problem,) = reading.problems
    assert said in problem and problem.isprintable()
    assert reading.keymap == Keymap()


@pytest.mark.parametrize("key", ["ctrl+b", "ctrl+s", "alt+x", "ctrl+shift+t", "f11", "ctrl+m"])
def test_keys_that_terminals_keep_are_warned_of(key: str) -> None:
    reading = read_keymap({"pause": key})
    assert not reading.problems and reading.keymap.by_name["pause"].keys == (key,)
    (warning,) = reading.warnings
    assert f"[keys] pause = {key} may never reach PyScan" in warning


def test_our_own_keys_pass_the_same_checks() -> None:
    taken = {**pane_keys(), **RESERVED}
    for action in ACTIONS:
        assert not set(action.keys) & set(taken), action.name
        assert [key_named(key) for key in action.keys] == list(action.keys)
    assert read_keymap({name: list(one.keys) for name, one in BY_NAME.items()}).keymap == Keymap()


@given(st.dictionaries(st.sampled_from([*BY_NAME, "odd"]), st.text(max_size=12), max_size=5))
def test_no_table_stops_the_program(table: dict[str, object]) -> None:
    reading = read_keymap(table)
    assert all(line.isprintable() for line in reading.problems + reading.warnings)
    keys = [key for action in reading.keymap.actions for key in action.keys]
    assert len(keys) == len(set(keys))

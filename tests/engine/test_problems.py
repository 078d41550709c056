"""Hosts that cannot be probed: told once, named when few, counted when many."""

from __future__ import annotations

import pytest

from engine import problems
from engine.core.addressing import AddressBook
from engine.problems import Problems
from tests.engine.core.simulated_scan import targets

WHY = "no route"


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def known(log: list[str]) -> Problems:
    book = AddressBook(targets("10.0.0.0/29"))
    return Problems(book, lambda level, line: log.append(f"{level} {line}"))


def test_some_are_named_and_the_others_counted(known: Problems, log: list[str]) -> None:
    known.note(range(5), WHY)
    assert log == [
        "0 10.0.0.0 cannot be probed: no route",
        "0 10.0.0.1 cannot be probed: no route",
        "0 10.0.0.2 cannot be probed: no route",
        "0 nor can 2 more: no route",
    ]
    assert known.texts == dict.fromkeys(range(5), WHY)


def test_a_host_is_told_once_until_it_is_tried_again(known: Problems, log: list[str]) -> None:
    known.note([1], WHY)
    known.note([1, 2], "another reason", "a port of ")
    assert known.texts == {1: WHY, 2: "another reason"}
    assert log[1:] == ["0 a port of 10.0.0.2 cannot be probed: another reason"]
    known.forget([1, 7])
    known.note([1], WHY)
    assert log[2:] == log[:1]


def test_reasons_are_kept_of_so_many_hosts_only(
    known: Problems, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "_MOST", 2)
    known.note([0, 1, 2], WHY)
    assert known.texts == {0: WHY, 1: WHY}
    assert len(log) == 3

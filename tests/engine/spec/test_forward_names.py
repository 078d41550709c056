"""Looking up names: side by side, each once, and never held up by a DNS server that is dead."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from engine.spec.forward_names import NO_SERVER, look_up
from engine.spec.targets import parse_targets, resolve_targets


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What stuck look-ups wait for; set when the test is done, so that their threads end."""
    event = threading.Event()
    yield event
    event.set()


def temporary(_name: str) -> list[str]:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def test_nothing_to_look_up_starts_nothing() -> None:
    assert look_up((), temporary) == {}


def test_many_names_are_looked_up_side_by_side() -> None:
    together = threading.Barrier(8, timeout=10)

    def meet(name: str) -> list[str]:
        together.wait()
        return [f"192.0.2.{name}"]

    names = [str(number) for number in range(64)]
    assert look_up(names, meet) == {name: [f"192.0.2.{name}"] for name in names}


def test_a_stuck_server_is_given_up_and_what_was_found_is_kept(never: threading.Event) -> None:
    def half(name: str) -> list[str]:
        if name != "fine":
            never.wait(30)
        return ["192.0.2.1"]

    names = ["fine", *(f"stuck{number}" for number in range(40))]
    found = look_up(names, half, silence=0.2)
    assert found.pop("fine") == ["192.0.2.1"]
    assert set(found.values()) == {NO_SERVER}


def test_a_dead_server_bounds_the_whole_and_not_each_name(never: threading.Event) -> None:
    asked: list[str] = []

    def slowly(name: str) -> list[str]:
        asked.append(name)
        never.wait(0.1)
        return temporary(name)

    names = [f"name{number}" for number in range(5000)]
    found = look_up(names, slowly, silence=0.3)
    assert set(found.values()) == {NO_SERVER}
    never.set()
    assert len(asked) < 1000


def test_threads_end_with_the_look_up() -> None:
    look_up(["a", "b"], lambda _name: ["192.0.2.1"])
    deadline = time.monotonic() + 10
    while any(thread.name == "look up" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_server_is_one_clear_line_that_says_what_to_do() -> None:
    result = resolve_targets(parse_targets("gone.test 192.0.2.1"), resolver=temporary)
    (problem,) = result.problems
    assert problem.text == (
        "does not resolve (no DNS server answers; check this machine's DNS settings, or give its "
        "address instead)"
    )
    assert result.targets.count == 1


def test_an_error_of_the_program_is_not_taken_for_an_answer() -> None:
    def broken(_name: str) -> list[str]:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        look_up(["a"], broken)

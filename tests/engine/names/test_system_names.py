"""Names through the system's resolver, which is never the real one here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from engine.names import system
from engine.names.lookup import NameLookup
from engine.names.patience import IN_A_ROW, SILENCE
from engine.names.resolver import Found
from engine.names.system import AT_ONCE, NoAnswerError, SystemResolver, system_name


class Stage:
    """A resolver with a name source that waits until it is let go, and a clock moved by hand."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.rung = threading.Semaphore(0)
        self.resolver = SystemResolver(self.rung.release, self.name_of)
        self.running = 0

    def name_of(self, address: str) -> str:
        self.running += 1
        self.go.wait(30)
        if address == "none":
            raise NoAnswerError
        return "" if address == "unknown" else f"name-of-{address}"

    def finish(self, number: int, now: float = 0.0) -> list[Found]:
        """What is found after ``number`` calls have ended."""
        self.go.set()
        for _ in range(number):
            assert self.rung.acquire(timeout=30)
        return self.resolver.step(now)


@pytest.fixture
def stage() -> Iterator[Stage]:
    built = Stage()
    yield built
    built.go.set()
    built.resolver.close()


def test_names_come_back_by_host_even_when_a_host_is_asked_twice(stage: Stage) -> None:
    for host, address in ((1, "a"), (2, "unknown"), (1, "b"), (3, "none")):
        stage.resolver.ask(host, address, 0.0)
    found = stage.finish(4)
    assert sorted(found) == [(1, "name-of-a"), (1, "name-of-b"), (2, ""), (3, "")]
    assert stage.resolver.room == AT_ONCE
    assert stage.resolver.trouble == ""


def test_a_call_that_takes_too_long_is_given_up_and_keeps_its_thread(stage: Stage) -> None:
    for host in range(AT_ONCE):
        stage.resolver.ask(host, str(host), 100.0)
    assert stage.resolver.room == 0
    assert stage.resolver.wake_at() == 100.0 + SILENCE
    assert stage.resolver.step(100.0 + SILENCE / 2) == []
    assert stage.resolver.step(100.0 + SILENCE) == [(host, "") for host in range(AT_ONCE)]
    assert stage.resolver.room == 0
    assert "has given no answer for 4 seconds" in stage.resolver.trouble
    assert stage.finish(AT_ONCE, 101.0 + SILENCE) == []
    assert stage.resolver.room == AT_ONCE


def test_a_few_lost_names_are_no_trouble_once_others_were_found(stage: Stage) -> None:
    stage.resolver.ask(0, "a", 0.0)
    assert stage.finish(1) == [(0, "name-of-a")]
    stage.go.clear()
    for host in range(IN_A_ROW - 1):
        stage.resolver.ask(host, "late", 10.0)
    assert len(stage.resolver.step(20.0)) == IN_A_ROW - 1
    assert stage.resolver.trouble == ""
    stage.resolver.ask(99, "late", 20.0)
    stage.resolver.step(30.0)
    assert stage.resolver.trouble


def test_giving_up_drops_all_calls(stage: Stage) -> None:
    stage.resolver.ask(5, "a", 0.0)
    assert stage.resolver.give_up() == [(5, "")]
    assert stage.finish(1) == []


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        ("host.example", "host.example"),
        ("\x1b[31mhost", "␛[31mhost"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), ""),
        (OSError("broken"), ""),
    ],
)
def test_what_getnameinfo_says(
    monkeypatch: pytest.MonkeyPatch, outcome: str | OSError, name: str
) -> None:
    def getnameinfo(where: tuple[object, ...], flags: int) -> tuple[str, str]:
        assert where[0] == "192.0.2.1"
        assert flags == socket.NI_NAMEREQD
        if isinstance(outcome, OSError):
            raise outcome
        return outcome, "0"

    monkeypatch.setattr(socket, "getnameinfo", getnameinfo)
    assert system_name("192.0.2.1") == name


def test_no_server_is_told_from_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def getnameinfo(_where: object, _flags: int) -> tuple[str, str]:
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getnameinfo", getnameinfo)
    with pytest.raises(NoAnswerError):
        system_name("192.0.2.1")


@pytest.mark.parametrize("asked_for", [True, False])
def test_the_service_asks_the_system_when_told_to_or_without_resolv_conf(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, asked_for: bool
) -> None:
    def resolver(wake: object) -> SystemResolver:
        return SystemResolver(wake, lambda address: f"system-{address}")  # type: ignore[arg-type]

    monkeypatch.setattr(system, "SystemResolver", resolver)
    folder = tmp_path_factory.mktemp("etc")
    conf = folder / "resolv.conf"
    if asked_for:
        conf.write_text("nameserver 127.0.0.1:9\n")
    lookup = NameLookup(system_resolver=asked_for, hosts_file=folder / "hosts", resolv_conf=conf)
    try:
        for host in range(100):
            lookup.ask(host, f"192.0.2.{host}")
        found: dict[int, str] = {}
        pause = threading.Event()
        while lookup.waiting:
            found.update(lookup.take())
            pause.wait(0.005)
        assert found == {host: f"system-192.0.2.{host}" for host in range(100)}
    finally:
        lookup.close()

"""Service names: our own list first, then the machine's file, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.spec import services
from engine.spec.scan_type import Protocol
from engine.spec.services import ports_named, service_name, service_names

TCP, UDP, SCTP, IP = Protocol


@pytest.mark.parametrize(
    ("protocol", "port", "name"),
    [
        (TCP, 22, "ssh"),
        (TCP, 53, "domain"),
        (UDP, 53, "domain"),
        (TCP, 80, "http"),
        (TCP, 443, "https"),
        (TCP, 514, "shell"),
        (UDP, 514, "syslog"),
        (TCP, 3389, "ms-wbt-server"),
        (TCP, 5432, "postgresql"),
        (TCP, 8080, "http-alt"),
        (SCTP, 38412, "ng-control"),
        (IP, 6, "tcp"),
        (TCP, 60999, ""),
    ],
)
def test_names(protocol: Protocol, port: int, name: str) -> None:
    assert service_name(protocol, port) == name


def test_every_name_is_safe_to_show() -> None:
    for protocol in Protocol:
        for name in service_names(protocol):
            assert re.fullmatch(r"[a-z0-9_.+-]{1,40}", name)


def test_data_files_name_their_source() -> None:
    folder = Path(services.__file__).with_name("data")
    for path in folder.glob("*.txt"):
        assert "# Source: " in path.read_text("ascii")[:400]


@pytest.fixture
def machine_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "services"
    monkeypatch.setattr(services, "_SYSTEM_SERVICES", path)
    for cached in (services._system_names, services._matching):
        cached.cache_clear()
    yield path
    for cached in (services._system_names, services._matching):
        cached.cache_clear()


def test_the_machines_file_fills_gaps_only(machine_file: Path) -> None:
    machine_file.write_bytes(
        b"notssh 22/tcp\nHouse-Service\t60999/tcp alias # ours\nevil\x1b[2J 60998/tcp\n"
        b"far 70000/tcp\nodd 60997/xyz\nhalf\n" + b"\xff" * 50 + b"\n" + b"n" * 41 + b" 60996/tcp\n"
    )
    assert service_name(TCP, 22) == "ssh"
    assert service_name(TCP, 60999) == "house-service"
    assert service_name(TCP, 60998) == service_name(TCP, 60997) == service_name(TCP, 60996) == ""
    assert ports_named("house-*", TCP) == (60999,)
    assert ports_named("notssh", UDP) == ()


def test_no_file_on_the_machine_is_no_error(machine_file: Path) -> None:
    assert service_name(TCP, 60999) == ""


def test_the_machines_file_is_read_up_to_a_limit(
    machine_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_file.write_text("near 60998/tcp\n" + "#" * 100 + "\nbeyond 60999/tcp\n")
    monkeypatch.setattr(services, "_SYSTEM_LIMIT", 60)
    assert service_name(TCP, 60998) == "near"
    assert service_name(TCP, 60999) == ""

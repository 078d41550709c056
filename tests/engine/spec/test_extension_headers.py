"""What an IP protocol scan leaves out over IPv6."""

from __future__ import annotations

import pytest

from engine.spec.error import SpecError
from engine.spec.extension_headers import askable_ports
from engine.spec.ports import parse_ports
from engine.spec.resolve import resolve_targets
from engine.spec.scan_type import Protocol
from engine.spec.targets import TargetSet, parse_targets

EVERY = parse_ports("0-255", (Protocol.IP,))


def targets(text: str) -> TargetSet:
    return resolve_targets(parse_targets(text)).targets


@pytest.mark.parametrize("where", ["::1", "127.0.0.1 ::1"])
def test_extension_headers_are_left_out_with_a_note(where: str) -> None:
    left, notes = askable_ports(EVERY, targets(where))
    assert left.total == 256 - 11
    assert not left.contains(Protocol.IP, 43)
    (note,) = notes
    assert "0,43,44,50,51,60,135,139,140,253,254" in note


def test_other_protocols_and_ipv4_lose_nothing() -> None:
    assert askable_ports(EVERY, targets("127.0.0.1")) == (EVERY, ())
    tcp = parse_ports("43,6,50", (Protocol.TCP,))
    assert askable_ports(tcp, targets("::1")) == (tcp, ())
    some = parse_ports("6,17", (Protocol.IP,))
    assert askable_ports(some, targets("::1")) == (some, ())


def test_nothing_but_extension_headers_is_an_error() -> None:
    with pytest.raises(SpecError, match="over IPv6"):
        askable_ports(parse_ports("43,60", (Protocol.IP,)), targets("::1"))

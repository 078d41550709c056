"""The machine's networks through netifaces, through psutil, and from hostile libraries."""

from __future__ import annotations

import sys

import pytest

from engine.host import interfaces
from engine.host.interfaces import LocalNetwork, local_networks

LOOPBACK = LocalNetwork("lo", "127.0.0.1", "127.0.0.0/8", 4, True, True, None)


def test_loopback_is_known() -> None:
    assert LOOPBACK in local_networks()


def test_psutil_tells_the_same_but_for_gateways(monkeypatch: pytest.MonkeyPatch) -> None:
    with_netifaces = {(n.interface, n.address, n.network) for n in local_networks()}
    monkeypatch.setitem(sys.modules, "netifaces", None)
    without = local_networks()
    assert {(n.interface, n.address, n.network) for n in without} == with_netifaces
    assert LOOPBACK in without


def entries(monkeypatch: pytest.MonkeyPatch, *raw: tuple[str, int, str, str]) -> list[LocalNetwork]:
    monkeypatch.setattr(
        interfaces, "_from_netifaces", lambda: (list(raw), {("eth0", 4): "192.0.2.254"})
    )
    return list(local_networks())


def test_gateways_scopes_and_both_ways_of_writing_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = entries(
        monkeypatch,
        ("eth0", 4, "192.0.2.7", "255.255.255.0"),
        ("eth0", 6, "fe80::7%eth0", "ffff:ffff:ffff:ffff::/64"),
        ("eth0", 6, "2001:db8::7", "ffff:ffff::"),
        ("lo", 6, "::7", "ffff::/16"),
        ("tun0", 4, "198.51.100.1", ""),
    )
    assert [(n.address, n.network, n.gateway) for n in found] == [
        ("192.0.2.7", "192.0.2.0/24", "192.0.2.254"),
        ("fe80::7", "fe80::/64", None),
        ("2001:db8::7", "2001:db8::/32", None),
        ("::7", "::/16", None),
        ("198.51.100.1", "198.51.100.1/32", None),
    ]


def test_what_makes_no_sense_is_left_out_and_names_are_made_harmless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = entries(
        monkeypatch,
        ("eth0", 4, "not an address", "255.0.0.0"),
        ("eth0", 4, "192.0.2.7", "255.0.255.0"),
        ("eth0", 4, "192.0.2.7", "x/y"),
        ("eth0", 4, "192.0.2.7", "255.255.255.0/99"),
        ("evil\x1b[2J" + "x" * 500, 4, "192.0.2.8", "255.255.255.0"),
    )
    (left,) = found
    assert "\x1b" not in left.interface
    assert len(left.interface) == 64

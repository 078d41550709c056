"""Resolving names: which address is taken, what is said, and what never stops the rest."""

from __future__ import annotations

import pytest

from engine.spec.targets import Resolution, parse_targets, resolve_targets, system_resolver

HOSTS = {
    "four": ["192.0.2.1"],
    "six": ["2001:db8::1"],
    "both": ["2001:db8::2", "192.0.2.2"],
    "many": ["192.0.2.10", "192.0.2.11", "192.0.2.12"],
    "mapped": ["::ffff:192.0.2.5"],
    "hostile": ["\x1b]0;pwned\x07", "not an address", "192.0.2.66"],
    "nothing": [],
}


def fake(name: str) -> list[str]:
    if name not in HOSTS:
        raise OSError(-2, "Name or \x1b[31mservice\nnot known")
    return HOSTS[name]


def resolved(text: str, **options: object) -> Resolution:
    return resolve_targets(parse_targets(text), resolver=fake, **options)  # type: ignore[arg-type]


def addresses(resolution: Resolution) -> list[str]:
    return list(resolution.targets.addresses(1000))


@pytest.mark.parametrize(
    ("text", "options", "found"),
    [
        ("four", {}, ["192.0.2.1"]),
        ("six", {}, ["2001:db8::1"]),
        ("both", {}, ["192.0.2.2"]),
        ("both", {"family": 6}, ["2001:db8::2"]),
        ("both", {"all_addresses": True}, ["192.0.2.2", "2001:db8::2"]),
        ("many", {}, ["192.0.2.10"]),
        ("many four many", {"all_addresses": True}, ["192.0.2.1", *HOSTS["many"]]),
        ("mapped", {}, ["192.0.2.5"]),
        ("hostile", {}, ["192.0.2.66"]),
        ("four/30", {}, ["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3"]),
        ("both/127", {}, ["2001:db8::2", "2001:db8::3"]),
        ("four 192.0.2.1", {}, ["192.0.2.1"]),
        ("::1 127.0.0.1", {"family": 6}, ["::1"]),
        ("::1 127.0.0.1", {"family": 4}, ["127.0.0.1"]),
    ],
)
def test_addresses(text: str, options: dict[str, object], found: list[str]) -> None:
    assert addresses(resolved(text, **options)) == found


@pytest.mark.parametrize(
    ("text", "options", "expression", "says"),
    [
        ("unknown", {}, "unknown", "does not resolve (Name or ?[31mservice?not known)"),
        ("nothing", {}, "nothing", "resolves, but to no address"),
        ("six", {"family": 4}, "six", "resolves, but to no IPv4 address"),
        ("four/64", {}, "four/64", "masks go from /0 to /32"),
        ("10.0.0.1/31", {"family": 6}, "10.0.0.1/31", "is not an IPv6 target"),
    ],
)
def test_a_target_that_gives_no_address_is_a_problem_and_the_rest_goes_on(
    text: str, options: dict[str, object], expression: str, says: str
) -> None:
    result = resolved(f"{text} both", **options)
    assert result.targets.count == 1
    (problem,) = result.problems
    assert problem.expression == expression
    assert says in problem.text


def test_only_the_resolved_address_keeps_the_name() -> None:
    result = resolved("four/30 many")
    assert result.targets.names == (("192.0.2.1", "four"), ("192.0.2.10", "many"))
    assert result.targets.text == "four/30 many"


def test_addresses_left_out_are_mentioned() -> None:
    (note,) = resolved("many").notes
    assert note == "Other addresses for many (not scanned): 192.0.2.11, 192.0.2.12"
    assert resolved("many", all_addresses=True).notes == ()


def test_each_name_is_looked_up_once() -> None:
    asked: list[str] = []

    def counting(name: str) -> list[str]:
        asked.append(name)
        return ["192.0.2.1"]

    resolve_targets(parse_targets("a b a/24 a"), resolver=counting)
    assert sorted(asked) == ["a", "b"]


def test_the_system_knows_localhost_and_short_forms() -> None:
    assert {"127.0.0.1", "::1"} & set(system_resolver("localhost"))
    result = resolve_targets(parse_targets("127.1 0x7f000001"))
    assert addresses(result) == ["127.0.0.1"]


def test_an_impossible_name_is_an_os_error() -> None:
    with pytest.raises(OSError, match="not a host name"):
        system_resolver("é" * 80)

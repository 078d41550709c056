"""Names both ways through the lab's own DNS server, with the resolver settings of a real system."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import namespace
from tests.lab.dns_server import SERVFAIL, DnsServer, Reply, record, zone
from tests.lab.resolver_settings import ResolverSettings

pytestmark = pytest.mark.root

RECORDS = {
    "both.test": (record("AAAA", "fd77::2"), record("A", "10.77.9.2")),
    "many.test": tuple(record("A", f"10.77.9.{last}") for last in (10, 11, 12)),
    "six.test": (record("AAAA", "fd77::6"),),
    "alias.test": (record("CNAME", "real.test"), record("A", "10.77.9.20", "real.test")),
    "broken.test": Reply(code=SERVFAIL),
    "1.9.77.10.in-addr.arpa": (record("PTR", "one.test"),),
    "2.9.77.10.in-addr.arpa": (record("PTR", "Two.Sub.Test"),),
    "3.9.77.10.in-addr.arpa": (
        record("CNAME", "3.0-7.9.77.10.in-addr.arpa"),
        record("PTR", "three.test", "3.0-7.9.77.10.in-addr.arpa"),
    ),
    "4.9.77.10.in-addr.arpa": (),
}

FORWARD = """
import json, sys
from engine.spec.targets import parse_targets, resolve_targets
found = resolve_targets(parse_targets(" ".join(sys.argv[2:])), all_addresses=sys.argv[1] == "all")
print(json.dumps({
    "addresses": list(found.targets.addresses(100)),
    "problems": {one.expression: one.text for one in found.problems},
    "notes": found.notes,
}))
"""

REVERSE = """
import json, sys, time
from engine.names.lookup import NameLookup
lookup = NameLookup(system_resolver=sys.argv[1] == "system")
for host, address in enumerate(sys.argv[2:]):
    lookup.ask(host, address)
names = {}
while lookup.waiting:
    names.update((sys.argv[2 + host], name) for host, name in lookup.take())
    time.sleep(0.01)
print(json.dumps({"names": names, "trouble": lookup.trouble}))
lookup.close()
"""


@dataclass
class Lookups:
    """Questions asked by programs in the namespace."""

    settings: ResolverSettings

    def forward(self, *names: str, which: str = "first") -> dict[str, object]:
        return self._json(FORWARD, which, *names)

    def reverse(self, *addresses: str, through: str = "servers") -> dict[str, object]:
        return self._json(REVERSE, through, *addresses)

    def _json(self, code: str, *words: str) -> dict[str, object]:
        done = self.settings.run(sys.executable, "-c", code, *words)
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    name = namespace.create("names")
    try:
        with namespace.inside(name, lambda: DnsServer(zone(RECORDS), "127.0.0.1", 53)):
            yield name
    finally:
        namespace.delete(name)


@pytest.fixture
def lookups(place: str, tmp_path: Path) -> Lookups:
    hosts = "10.77.9.5 from-file.test\n10.77.9.30 static.test\n"
    return Lookups(ResolverSettings(place, tmp_path, "nameserver 127.0.0.1\n", hosts))


@pytest.fixture
def dead(place: str, tmp_path: Path) -> Lookups:
    """Like a system whose only server is down."""
    servers = "nameserver 127.0.0.9\noptions timeout:1 attempts:1\n"
    return Lookups(ResolverSettings(place, tmp_path, servers))


def test_forward_names(lookups: Lookups) -> None:
    assert lookups.forward("both.test", "alias.test", "static.test", "six.test") == {
        "addresses": ["10.77.9.2", "10.77.9.20", "10.77.9.30", "fd77::6"],
        "problems": {},
        "notes": ["Other addresses for both.test (not scanned): fd77::2"],
    }


def test_several_addresses_first_or_all(lookups: Lookups) -> None:
    first = lookups.forward("many.test")
    (scanned,) = first["addresses"]  # type: ignore[misc]
    (note,) = first["notes"]  # type: ignore[misc]
    others = [f"10.77.9.{last}" for last in (10, 11, 12) if f"10.77.9.{last}" != scanned]
    said = re.fullmatch(r"Other addresses for many\.test \(not scanned\): (.+)", note)
    assert said
    assert sorted(said[1].split(", ")) == others
    every = lookups.forward("many.test", "both.test", which="all")
    assert every["addresses"] == [
        *("10.77.9.2", "10.77.9.10", "10.77.9.11", "10.77.9.12", "fd77::2"),
    ]
    assert every["notes"] == []


def test_names_that_do_not_resolve(lookups: Lookups) -> None:
    found = lookups.forward("missing.test", "broken.test", "static.test")
    assert found["addresses"] == ["10.77.9.30"]
    problems = found["problems"]
    assert isinstance(problems, dict)
    assert problems["missing.test"] == "does not resolve (Name or service not known)"
    assert "no DNS server answers; check this machine's DNS settings" in problems["broken.test"]


def test_a_dead_server_is_one_clear_line(dead: Lookups) -> None:
    found = dead.forward("both.test")
    assert found["addresses"] == []
    assert found["problems"] == {
        "both.test": "does not resolve (no DNS server answers; check this machine's DNS settings, "
        "or give its address instead)"
    }


NAMES = {
    "10.77.9.1": "one.test",
    "10.77.9.2": "Two.Sub.Test",
    "10.77.9.3": "three.test",
    "10.77.9.4": "",
    "10.77.9.5": "from-file.test",
    "10.77.9.6": "",
}


@pytest.mark.parametrize("through", ["servers", "system"])
def test_reverse_names(lookups: Lookups, through: str) -> None:
    assert lookups.reverse(*NAMES, through=through) == {"names": NAMES, "trouble": ""}


def test_reverse_names_without_a_server(dead: Lookups) -> None:
    found = dead.reverse(*NAMES)
    assert found["names"] == dict.fromkeys(NAMES, "")
    assert "no DNS server can be reached (127.0.0.9)" in str(found["trouble"])


def test_nmap_finds_the_same_names(lookups: Lookups) -> None:
    """Without 10.77.9.4: nmap takes an answer without records for none and waits 13 seconds."""
    namespace.require("nmap")
    done = lookups.settings.run("nmap", "-sL", "-R", "10.77.9.1-3,5-6")
    assert done.returncode == 0, done.stderr
    listed = re.findall(r"report for (?:(\S+) \()?(10\.77\.9\.\d+)\b", done.stdout)
    assert {address: name for name, address in listed} == {
        address: name for address, name in NAMES.items() if address != "10.77.9.4"
    }

"""Reverse names beside a scan: asked of a DNS server on loopback, truthful or not."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from engine.names.client import WIDEST_WINDOW
from engine.names.lookup import NameLookup
from engine.spec.error import SpecError
from tests.lab.dns_server import (
    CNAME,
    PTR,
    REFUSED,
    SERVFAIL,
    A,
    Answerer,
    DnsServer,
    Query,
    Record,
    Reply,
    message,
    record,
    wire_name,
    zone,
)

NOWHERE = Path("/nonexistent")
LIMIT = 30.0
"""Seconds after which a test is stuck."""

Serve = Callable[..., DnsServer]
LookUp = Callable[..., NameLookup]


def reverse(address: str) -> str:
    """The domain of an IPv4 address."""
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def address_of(number: int) -> str:
    return f"10.9.{number >> 8}.{number & 255}"


def by_address(query: Query) -> Reply:
    """A name for every address: h-10-9-0-1.example."""
    octets = query.name.split(".")[3::-1]
    return Reply((record("PTR", f"h-{'-'.join(octets)}.example"),))


def collect(lookup: NameLookup) -> dict[int, str]:
    """All names, once there is nothing to wait for."""
    found: list[tuple[int, str]] = []
    deadline = time.monotonic() + LIMIT
    while lookup.waiting:
        assert time.monotonic() < deadline, f"{lookup.waiting} names are missing"
        time.sleep(0.005)
        found += lookup.take()
    assert len(found) == len(dict(found)), "a host was answered twice"
    return dict(found)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: ExitStack) -> Serve:
    def start(answer: Answerer, **options: object) -> DnsServer:
        return stack.enter_context(DnsServer(answer, **options))  # type: ignore[arg-type]

    return start


@pytest.fixture
def look_up(stack: ExitStack) -> LookUp:
    """A look-up that only knows the servers given to it."""

    def start(*servers: DnsServer | str, hosts: Path = NOWHERE) -> NameLookup:
        texts = [one if isinstance(one, str) else one.text for one in servers]
        lookup = NameLookup(texts, hosts_file=hosts, resolv_conf=NOWHERE)
        stack.callback(lookup.close)
        return lookup

    return start


def name_of(lookup: NameLookup, address: str = "10.9.0.1") -> str:
    lookup.ask(7, address)
    (found,) = collect(lookup).items()
    assert found[0] == 7
    return found[1]


def test_a_thousand_names_in_parallel_with_answers_lost(serve: Serve, look_up: LookUp) -> None:
    server = serve(by_address, loss=0.01)
    lookup = look_up(server)
    for number in range(1000):
        lookup.ask(number, address_of(number))
    names = collect(lookup)
    assert names == {
        number: f"h-{address_of(number).replace('.', '-')}.example" for number in range(1000)
    }
    assert len(server.asked) > 1000, "no answer was lost, so nothing was proved"
    assert lookup.trouble == ""


def test_few_questions_are_outstanding_however_many_are_asked(
    serve: Serve, look_up: LookUp
) -> None:
    server = serve(lambda query: replace(by_address(query), delay=0.02))
    lookup = look_up(server)
    for number in range(3000):
        lookup.ask(number, address_of(number))
    assert len(collect(lookup)) == 3000
    assert 10 < server.most_outstanding <= WIDEST_WINDOW


def test_forged_answers_are_ignored(serve: Serve, look_up: LookUp) -> None:
    forged = Reply((record("PTR", "forged.example"),))
    other = reverse("10.9.0.2")
    reply = Reply(
        (record("PTR", "true.example"),),
        delay=0.05,
        before=(
            lambda query: message(query, forged, number=int.from_bytes(query.data[:2]) ^ 1),
            lambda query: message(query, forged, name=other),
            lambda query: query.data,
            lambda query: message(query, Reply((record("PTR", "x.example", other),)))[:-3],
            lambda _query: b"",
        ),
        elsewhere=(lambda query: message(query, forged),),
    )
    assert name_of(look_up(serve(lambda _query: reply))) == "true.example"


def test_a_record_about_another_name_is_not_the_answer(serve: Serve, look_up: LookUp) -> None:
    stray = Reply((record("PTR", "forged.example", reverse("10.9.0.2")),))
    assert name_of(look_up(serve(lambda _query: stray))) == ""


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ([b"\x1b]0;pwned\x07", b"example"], r"\027]0\;pwned\007.example"),
        ([b"two words", b"a.b"], r"two\032words.a\.b"),
        (["\u202eevil".encode(), b"example"], r"\226\128\174evil.example"),
        ([b"[bold]", b"example"], "[bold].example"),
        ([b"UPPER", b"Example"], "UPPER.Example"),
        ([], ""),
    ],
)
def test_hostile_names_are_shown_escaped(
    serve: Serve, look_up: LookUp, labels: list[bytes], shown: str
) -> None:
    reply = Reply((Record(PTR, wire_name(labels)),))
    assert name_of(look_up(serve(lambda _query: reply))) == shown


def test_the_longest_name_is_cut(serve: Serve, look_up: LookUp) -> None:
    reply = Reply((Record(PTR, wire_name([b"\x00" * 60] * 4)),))
    name = name_of(look_up(serve(lambda _query: reply)))
    assert len(name) == 253
    assert name.startswith(r"\000\000")


CHAIN = (
    record("CNAME", "1.0-25.0.9.10.in-addr.arpa"),
    record("PTR", "delegated.example", "1.0-25.0.9.10.in-addr.arpa"),
)


@pytest.mark.parametrize(
    ("records", "shown"),
    [
        ({reverse("10.9.0.1"): CHAIN}, "delegated.example"),
        ({reverse("10.9.0.1"): CHAIN[::-1]}, "delegated.example"),
        (
            {
                reverse("10.9.0.1"): CHAIN[:1],
                "1.0-25.0.9.10.in-addr.arpa": (record("PTR", "asked.again.example"),),
            },
            "asked.again.example",
        ),
        ({reverse("10.9.0.1"): CHAIN[:1]}, ""),
        ({reverse("10.9.0.1"): (record("CNAME", reverse("10.9.0.1")),)}, ""),
        (
            {
                reverse("10.9.0.1"): (record("CNAME", "a.test"),),
                "a.test": (record("CNAME", "b.test"),),
                "b.test": (record("CNAME", "a.test"),),
            },
            "",
        ),
        (
            {
                reverse("10.9.0.1"): (
                    record("PTR", "first.example"),
                    record("PTR", "second.example"),
                )
            },
            "first.example",
        ),
        ({reverse("10.9.0.1"): ()}, ""),
        ({}, ""),
        ({reverse("10.9.0.1"): Reply(code=SERVFAIL)}, ""),
        ({reverse("10.9.0.1"): Reply(code=REFUSED)}, ""),
    ],
)
def test_what_servers_say(
    serve: Serve, look_up: LookUp, records: dict[str, tuple[Record, ...]], shown: str
) -> None:
    lookup = look_up(serve(zone(records)))
    assert name_of(lookup) == shown
    assert lookup.trouble == ""


def test_another_server_is_asked_when_one_fails(serve: Serve, look_up: LookUp) -> None:
    failing = serve(lambda _query: Reply(code=SERVFAIL))
    lookup = look_up(failing, serve(by_address))
    for number in range(50):
        lookup.ask(number, address_of(number))
    assert all(collect(lookup).values())
    assert failing.asked


def test_a_server_that_is_down_is_left_out(serve: Serve, look_up: LookUp) -> None:
    gone = serve(by_address)
    gone.__exit__(None, None, None)
    lookup = look_up(gone, serve(by_address))
    for number in range(50):
        lookup.ask(number, address_of(number))
    assert all(collect(lookup).values())
    assert lookup.trouble == ""


def test_nobody_listening_is_said_at_once(serve: Serve, look_up: LookUp) -> None:
    gone = serve(by_address)
    gone.__exit__(None, None, None)
    lookup = look_up(gone)
    for number in range(2000):
        lookup.ask(number, address_of(number))
    assert set(collect(lookup).values()) == {""}
    assert lookup.trouble == (
        f"no DNS server can be reached ({gone.text}), so names are missing; name servers with "
        "--dns-servers, or use -n"
    )


def test_a_silent_server_holds_nothing_up_for_long(
    serve: Serve, look_up: LookUp, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("10.9.255.255 known\n")
    server = serve(lambda _query: Reply(silent=True))
    lookup = look_up(server, hosts=hosts)
    for number in range(65_536):
        lookup.ask(number, address_of(number))
    names = collect(lookup)
    assert len(names) == 65_536
    assert [(host, name) for host, name in names.items() if name] == [(65_535, "known")]
    assert "no DNS server has answered for 4 seconds" in lookup.trouble
    assert len(server.asked) < 200
    lookup.ask(1, address_of(1))
    lookup.ask(2, "10.9.255.255")
    assert collect(lookup) == {1: "", 2: "known"}


def test_the_hosts_file_is_asked_first(serve: Serve, look_up: LookUp, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("10.9.0.1 from-file alias\nfd00::1 six\n")
    server = serve(by_address)
    lookup = look_up(server, hosts=hosts)
    lookup.ask(1, "10.9.0.1")
    lookup.ask(2, "10.9.0.2")
    lookup.ask(3, "fd00:0::1")
    assert collect(lookup) == {1: "from-file", 2: "h-10-9-0-2.example", 3: "six"}
    assert [query.name for query in server.asked] == [reverse("10.9.0.2")]


def test_ipv6_addresses_and_servers(serve: Serve, look_up: LookUp) -> None:
    name = ".".join(reversed("fd77" + "0" * 27 + "1")) + ".ip6.arpa"
    server = serve(zone({name: (record("PTR", "six.example"),)}), host="::1")
    lookup = look_up(server)
    lookup.ask(1, "fd77::1")
    lookup.ask(2, "fd77::1%lo")
    lookup.ask(3, "not an address")
    assert collect(lookup) == {1: "six.example", 2: "six.example", 3: ""}


def test_servers_come_from_resolv_conf(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    with DnsServer(by_address) as server:
        conf.write_text(f"# comment\nnameserver\nnameserver x\nnameserver {server.text}\n")
        lookup = NameLookup(hosts_file=NOWHERE, resolv_conf=conf)
        assert name_of(lookup) == "h-10-9-0-1.example"
        lookup.close()


def test_no_server_known_is_said(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("search example\n")
    lookup = NameLookup(hosts_file=NOWHERE, resolv_conf=conf)
    assert name_of(lookup) == ""
    assert "names no DNS server" in lookup.trouble
    assert "--dns-servers" in lookup.trouble
    lookup.close()


def test_a_server_must_be_an_address() -> None:
    with pytest.raises(SpecError, match=r"'dns\.example' is not the address of a server"):
        NameLookup(["dns.example"])


def test_closing_ends_the_thread_and_may_be_repeated(serve: Serve, look_up: LookUp) -> None:
    server = serve(lambda _query: Reply(silent=True))
    lookup = look_up(server)
    before = set(threading.enumerate())
    for number in range(500):
        lookup.ask(number, address_of(number))
    while not server.asked:
        time.sleep(0.005)
    lookup.close()
    lookup.close()
    lookup.ask(1, "10.9.0.1")
    assert lookup.waiting == 0
    assert lookup.take() == []
    assert not any(thread.name == "names" for thread in set(threading.enumerate()) - before)


def test_nothing_is_asked_of_a_look_up_nobody_used(look_up: LookUp) -> None:
    lookup = look_up("127.0.0.1:9")
    assert lookup.waiting == 0
    assert lookup.take() == []
    lookup.close()


def test_dns_code_is_loaded_only_by_the_first_question() -> None:
    code = (
        "import sys, engine.names.lookup as l; l.NameLookup(['127.0.0.1:9']).close(); "
        "sys.exit('dns' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_server_tells_types_apart() -> None:
    answer = zone({"a.test": (record("A", "192.0.2.1"), record("AAAA", "2001:db8::1"))})
    assert [one.kind for one in answer(Query(b"", "a.test", A)).records] == [A]
    assert answer(Query(b"", "a.test", CNAME)).records == ()

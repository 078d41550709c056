"""The filter's grammar, and its errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core.addressing import AddressBook
from engine.results.filter import EVERYTHING, MAX_LENGTH, parse_filter
from engine.results.host_table import HostTable
from engine.results.query import Query, run_query
from engine.results.row import Row
from engine.results.snapshot import Snapshot
from engine.spec.error import SpecError
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from tests.engine.core.simulated_scan import targets
from tests.engine.results.filled_store import channels, decide, full_store, snapshot_of

PORTS = [22, 53, 80, 443, 4430]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    store = full_store(3, channels(PORTS))
    store.grow(3, channels([53], Protocol.UDP))
    decide(store, [(host, 0, port) for host in range(3) for port in PORTS], PortState.CLOSED,
           Reason.RESET)  # fmt: skip
    decide(store, [(0, 0, 22), (1, 0, 80)])
    decide(store, [(2, 0, 443)], PortState.FILTERED, Reason.ADMIN_PROHIBITED)
    decide(store, [(2, 1, 53)], PortState.OPEN_FILTERED, Reason.NO_RESPONSE, ScanType.UDP)
    where = replace(targets("10.0.0.1 10.0.0.2 fe80::1"), names=(("10.0.0.2", "Web.Example"),))
    return replace(snapshot_of(store, "10.0.0.1-3"), names=AddressBook(where))


def rows(snapshot: Snapshot, text: str) -> list[Row]:
    keys = run_query(snapshot, Query(filter=parse_filter(text), open_only=False)).keys
    found = [snapshot.row(key) for key in keys.tolist()]
    return [row for row in found if row is not None]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", lambda row: True),
        ("port:22", lambda row: row.port == 22),
        ("port:22,80-443", lambda row: row.port == 22 or 80 <= row.port <= 443),
        ("port:-53,443-", lambda row: row.port <= 53 or row.port >= 443),
        ("443", lambda row: row.port == 443),
        ("proto:udp", lambda row: row.protocol is Protocol.UDP),
        ("PROTO:TCP", lambda row: row.protocol is Protocol.TCP),
        ("state:open", lambda row: row.state is PortState.OPEN),
        ("state:open|filtered", lambda row: row.state is PortState.OPEN_FILTERED),
        ("-state:closed", lambda row: row.state is not PortState.CLOSED),
        ("reason:prohib", lambda row: row.reason is Reason.ADMIN_PROHIBITED),
        ("service:http", lambda row: "http" in row.service),
        ("host:10.0", lambda row: row.address.startswith("10.0")),
        ("host:web", lambda row: row.host == 1),
        ("host:fe80::1", lambda row: row.host == 2),
        ("fe80::1", lambda row: row.host == 2),
        ("web.example", lambda row: row.host == 1),
        ("ssh", lambda row: row.port == 22),
        ("open", lambda row: "open" in row.state.label),
        ("-ssh port:22-80", lambda row: row.port in (53, 80)),
        ("port:22 state:open", lambda row: row.port == 22 and row.state is PortState.OPEN),
        ("port:22 port:80", lambda row: False),
        ("  port:22\t ", lambda row: row.port == 22),
        ("nothing-like-this", lambda row: False),
        ("99999", lambda row: False),
        ("-", lambda row: "-" in row.service),
        ("service:/^http/", lambda row: row.service.startswith("http")),
        ("/^ssh$|^DOMAIN$/", lambda row: row.port in (22, 53)),
        (
            "-/^ssh$|^domain$/ -state:/filtered$/",
            lambda row: row.port in (80, 4430) or (row.port == 443 and row.host < 2),
        ),
        ("state:/^open/", lambda row: row.state.label.startswith("open")),
        ("reason:/^(reset|syn-ack)$/", lambda row: row.reason in (Reason.RESET, Reason.SYN_ACK)),
        (r"host:/\.[13]$/", lambda row: row.host == 0),
        (r"host:/^web\./ port:80", lambda row: row.host == 1 and row.port == 80),
        ("/x y/ ssh", lambda row: False),
        ("/(a*)*$|no host has no name/ -/./", lambda row: False),
    ],
)
def test_what_terms_mean(snapshot: Snapshot, text: str, holds: Callable[[Row], bool]) -> None:
    expected = {row.key for row in rows(snapshot, "") if holds(row)}
    assert {row.key for row in rows(snapshot, text)} == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("state:closed", True),
        ("closed port:22", True),
        ("state:filtered", True),
        ("-state:open", True),
        ("port:22", False),
        ("open", False),
        ("-ssh", False),
    ],
)
def test_a_filter_about_states_shows_what_is_hidden(
    snapshot: Snapshot, text: str, shown: bool
) -> None:
    chosen = parse_filter(text)
    found = run_query(snapshot, Query(filter=chosen))
    every = run_query(snapshot, Query(filter=chosen, open_only=False))
    assert Query(filter=chosen).hides_dull is not shown
    assert len(every)
    if shown:
        assert found.keys.tolist() == every.keys.tolist() and not found.hidden
    else:
        assert len(found) + sum(found.hidden.values()) == len(every)


@pytest.mark.parametrize("text", ["state:closed", "ssh", "host:web", "proto:udp", "reason:syn"])
def test_a_minus_turns_a_term_round(snapshot: Snapshot, text: str) -> None:
    everything = {row.key for row in rows(snapshot, "")}
    some, others = rows(snapshot, text), rows(snapshot, "-" + text)
    assert some and others
    assert {row.key for row in some} == everything - {row.key for row in others}


@pytest.mark.parametrize(
    ("text", "piece", "said"),
    [
        ("colour:red", "colour", "is not a field; use port"),
        ("ssh -size:3", "size", "is not a field"),
        ("port:", "port:", "nothing after port:"),
        ("port:ssh", "ssh", "is not a port or range"),
        ("port:22,,80", "", "is not a port or range"),
        ("port:-", "-", "is not a port or range"),
        ("port:123456", "123456", "is not a port or range"),
        ("port:1-99999", "1-99999", "is not a port or range"),
        ("port:90-80", "90-80", "runs backwards"),
        ("port:99999-1", "99999-1", "is not a port or range"),
        ("proto:icmp", "proto:icmp", "is not a protocol"),
        ("state:opened", "state:opened", "is not a state"),
        ("ssh /[/", "/[/", "has \\[ without \\]"),
        ("/ssh", "/ssh", "is not complete"),
        ("//", "//", "is not complete"),
        ("port:/8/", "port:/8/", "has no numbers or names after port:"),
        (f"/{'a' * 101}/", "", "longer than 100 characters"),
        ("x" * (MAX_LENGTH + 1), "x" * 20, "longer than"),
    ],
)
def test_mistakes_are_named(text: str, piece: str, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        parse_filter(text)
    assert caught.value.piece.startswith(piece)


def test_the_position_of_a_mistake() -> None:
    with pytest.raises(SpecError) as caught:
        parse_filter("ssh state:opened")
    assert caught.value.position == 4


def test_names_from_the_dns_are_found(snapshot: Snapshot) -> None:
    table = HostTable(3)
    table.set_name(2, "Printer.Example")
    named = replace(snapshot, hosts=table.snapshot())
    for text in ("host:printer", "host:/^printer/"):
        assert {row.host for row in rows(named, text)} == {2}


def test_no_text_is_everything() -> None:
    assert parse_filter("  ") == EVERYTHING


WORDS = st.sampled_from(
    [
        "port:",
        "state:",
        "open",
        "-",
        "22",
        "1-",
        ",",
        ":",
        "host:",
        "/",
        "(a*)*",
        "[^",
        "{9}",
        "\\",
        "é",
        "٣",
        "port:٣",
        "²",
        " ",
        "\x1b",
    ]
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(text=st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=8).map("".join)))
def test_no_text_breaks_the_filter(snapshot: Snapshot, text: str) -> None:
    try:
        rows(snapshot, text)
    except SpecError as error:
        assert "\x1b" not in error.line

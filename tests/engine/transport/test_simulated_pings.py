"""Pings on the simulated network, and where its hosts are."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE
from engine.discovery.whereabouts import Whereabouts
from engine.spec.error import SpecError
from engine.spec.ping import PingKind
from engine.techniques.answer import AnswerKind, split_answer
from engine.transport.scenario import load_scenario
from engine.transport.simulated import SimulatedTransport
from tests.engine.core.simulated_scan import targets

SCENARIO = """
[[host]]
address = "10.0.0.1 fd00::1"
link = true
[host.tcp]
open = "80"
default = "filtered"

[[host]]
address = "10.0.0.2"
ping = false
[host.udp]
default = "filtered"
"""
ADDRESSES = "10.0.0.1 10.0.0.2 10.0.0.3 fd00::1"


def answers(kind: PingKind, port: int = 0) -> dict[str, tuple[AnswerKind, int]]:
    """What each host that answers a ping says."""
    book = AddressBook(targets(ADDRESSES))
    transport = SimulatedTransport(book, load_scenario(SCENARIO))
    batch = np.zeros(book.count, PROBE)
    batch["host"], batch["port"] = np.arange(book.count), port
    batch["technique"], batch["protocol"] = kind, kind.facts.protocol
    transport.send(batch)
    records = transport.receive(1.0).records
    assert (records["technique"] == kind).all()
    assert (records["port"] == port).all()
    return {
        book.text(int(record["host"])): split_answer(int(record["answer"]))[:2]
        for record in records
    }


def test_icmp_is_answered_unless_the_scenario_forbids() -> None:
    echo = {"10.0.0.1": (AnswerKind.ICMP4, 0), "fd00::1": (AnswerKind.ICMP6, 129 << 8)}
    assert answers(PingKind.ECHO) == echo
    assert answers(PingKind.TIMESTAMP) == {"10.0.0.1": (AnswerKind.ICMP4, 14 << 8)}
    assert answers(PingKind.MASK) == {}


def test_neighbours_answer_for_themselves_on_their_link_only() -> None:
    assert answers(PingKind.NEIGHBOUR) == {
        "10.0.0.1": (AnswerKind.NEIGHBOUR, 4),
        "fd00::1": (AnswerKind.NEIGHBOUR, 6),
    }


def test_pings_of_ports_are_answered_as_the_tables_say() -> None:
    assert answers(PingKind.SYN, 80)["10.0.0.1"] == (AnswerKind.TCP, 0x112)
    assert answers(PingKind.ACK, 80)["10.0.0.1"][0] is AnswerKind.TCP
    assert answers(PingKind.CONNECT, 80) == {
        "10.0.0.1": (AnswerKind.ERRNO, 0),
        "fd00::1": (AnswerKind.ERRNO, 0),
        "10.0.0.2": (AnswerKind.ERRNO, errno.ECONNREFUSED),
    }
    assert set(answers(PingKind.SYN, 81)) == {"10.0.0.2"}
    assert set(answers(PingKind.UDP, 40_125)) == {"10.0.0.1", "fd00::1"}


def test_hosts_are_where_the_scenario_puts_them() -> None:
    book = AddressBook(targets(ADDRESSES))
    transport = SimulatedTransport(book, load_scenario(SCENARIO))
    found = transport.whereabouts(np.arange(book.count, dtype=np.uint32))
    near = {book.text(host) for host in np.flatnonzero(found == Whereabouts.LINK).tolist()}
    assert near == {"10.0.0.1", "fd00::1"}
    assert set(found.tolist()) == {Whereabouts.LINK, Whereabouts.ROUTED}
    lengths = {book.text(host): len(transport.hardware(host)) for host in range(book.count)}
    assert lengths == {"10.0.0.1": 6, "fd00::1": 6, "10.0.0.2": 0, "10.0.0.3": 0}


def test_a_truth_must_be_one() -> None:
    with pytest.raises(SpecError, match="true or false"):
        load_scenario('[[host]]\naddress = "10.0.0.1"\nlink = 1')

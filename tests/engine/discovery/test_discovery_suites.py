from __future__ import annotations

import numpy as np
import pytest

from engine.discovery.suites import SUITE_V4, SUITE_V6, Suites
from engine.discovery.whereabouts import Whereabouts
from engine.spec.error import SpecError
from engine.spec.host_state import HostState
from engine.spec.ping import DiscoverySpec, Mode, PingKind, PingProbe
from engine.spec.reason import Reason

EVERYTHING = frozenset(PingKind)
NO_RAW = frozenset({PingKind.CONNECT})
UNASKED_UP = (HostState.UP, Reason.USER_SET)


def assigned(
    spec: DiscoverySpec,
    where: Whereabouts,
    version: int = 4,
    able: frozenset[PingKind] = EVERYTHING,
) -> tuple[PingProbe, ...] | tuple[HostState, Reason]:
    """The pings one host gets, or its state and reason at once."""
    suites = Suites(spec, able)
    found = suites.assign(np.array([version], np.uint8), np.array([where], np.uint8))
    pings = suites.pings[found.suite[0]]
    return pings or (HostState(found.state[0]), Reason(found.reason[0]))


def test_a_routed_host_gets_the_usual_pings() -> None:
    echo, syn, ack = PingProbe(PingKind.ECHO), PingProbe(PingKind.SYN, 443), (PingKind.ACK, 80)
    usual = DiscoverySpec()
    assert assigned(usual, Whereabouts.ROUTED) == (echo, syn, ack, (PingKind.TIMESTAMP, 0))
    assert assigned(usual, Whereabouts.ROUTED, 6) == (echo, syn, ack)


@pytest.mark.parametrize("version", [4, 6])
def test_a_neighbour_is_asked_as_such_whatever_was_asked_for(version: int) -> None:
    spec = DiscoverySpec(probes=(PingProbe(PingKind.SYN, 22),))
    assert assigned(spec, Whereabouts.LINK, version) == ((PingKind.NEIGHBOUR, 0),)
    other = DiscoverySpec(probes=spec.probes, neighbours=False)
    assert assigned(other, Whereabouts.LINK, version) == spec.probes
    able = EVERYTHING - {PingKind.NEIGHBOUR}
    assert assigned(spec, Whereabouts.LINK, version, able) == spec.probes


@pytest.mark.parametrize(
    ("mode", "where", "outcome"),
    [
        (Mode.PING, Whereabouts.OURS, (HostState.UP, Reason.LOCALHOST_RESPONSE)),
        (Mode.PING, Whereabouts.NOBODY, (HostState.DOWN, Reason.NO_RESPONSE)),
        (Mode.PING, Whereabouts.UNREACHABLE, (HostState.UNKNOWN, Reason.NO_ROUTE)),
        (Mode.ASSUME_UP, Whereabouts.OURS, (HostState.UP, Reason.LOCALHOST_RESPONSE)),
        (Mode.ASSUME_UP, Whereabouts.ROUTED, UNASKED_UP),
        (Mode.ASSUME_UP, Whereabouts.NOBODY, UNASKED_UP),
        (Mode.ASSUME_UP, Whereabouts.UNREACHABLE, UNASKED_UP),
        (Mode.ASSUME_UP, Whereabouts.LINK, ((PingKind.NEIGHBOUR, 0),)),
        (Mode.LIST, Whereabouts.ROUTED, (HostState.UNKNOWN, Reason.USER_SET)),
        (Mode.LIST, Whereabouts.LINK, (HostState.UNKNOWN, Reason.USER_SET)),
        (Mode.LIST, Whereabouts.OURS, (HostState.UNKNOWN, Reason.USER_SET)),
    ],
)
def test_who_needs_no_asking(mode: Mode, where: Whereabouts, outcome: tuple[object, ...]) -> None:
    assert assigned(DiscoverySpec(mode), where) == outcome


def test_assumed_up_without_neighbour_pings_asks_nobody() -> None:
    spec = DiscoverySpec(Mode.ASSUME_UP, neighbours=False)
    assert assigned(spec, Whereabouts.LINK) == UNASKED_UP


def test_pings_leave_in_the_usual_order_and_once() -> None:
    order = [
        PingKind.ECHO, PingKind.SYN, PingKind.ACK, PingKind.TIMESTAMP, PingKind.UDP,
        PingKind.SCTP, PingKind.PROTOCOL, PingKind.CONNECT, PingKind.MASK,
    ]  # fmt: skip
    asked = tuple(PingProbe(kind, 7) for kind in reversed(order)) * 2
    suites = Suites(DiscoverySpec(probes=asked), EVERYTHING)
    assert [probe.kind for probe in suites.pings[SUITE_V4]] == order
    assert [probe.kind for probe in suites.pings[SUITE_V6]] == [
        kind for kind in order if kind not in (PingKind.TIMESTAMP, PingKind.MASK)
    ]
    assert suites.notes == ()


@pytest.mark.parametrize(
    ("asked", "ports"),
    [
        ([(PingKind.SYN, 22), (PingKind.ACK, 25), (PingKind.SYN, 25)], [22, 25]),
        ([(PingKind.ECHO, 0), (PingKind.SYN, 22)], [22]),
        ([(PingKind.ECHO, 0)], [80]),
        ([(PingKind.UDP, 53), (PingKind.SCTP, 80)], [80]),
    ],
)
def test_without_raw_rights_connect_pings_stand_in(
    asked: list[tuple[PingKind, int]], ports: list[int]
) -> None:
    suites = Suites(DiscoverySpec(probes=tuple(PingProbe(*one) for one in asked)), NO_RAW)
    for number in (SUITE_V4, SUITE_V6):
        assert suites.pings[number] == tuple((PingKind.CONNECT, port) for port in ports)
    (note,) = suites.notes
    assert asked[0][0].facts.title in note
    assert ", ".join(map(str, ports)) in note


def test_the_usual_connect_pings_need_no_note() -> None:
    suites = Suites(DiscoverySpec(), NO_RAW)
    assert suites.pings[SUITE_V4] == ((PingKind.CONNECT, 80), (PingKind.CONNECT, 443))
    assert suites.notes == ()


def test_no_ping_for_a_version_is_one_clear_line() -> None:
    spec = DiscoverySpec(probes=(PingProbe(PingKind.MASK),))
    assert assigned(spec, Whereabouts.ROUTED) == spec.probes
    with pytest.raises(SpecError, match=r"ICMP address mask.*IPv6") as error:
        assigned(spec, Whereabouts.ROUTED, 6)
    assert "\n" not in error.value.line
    assert assigned(spec, Whereabouts.OURS, 6) == (HostState.UP, Reason.LOCALHOST_RESPONSE)

"""Suites: which pings a host gets, and which hosts need none to be decided."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.discovery.whereabouts import Whereabouts
from engine.spec.error import SpecError
from engine.spec.host_state import HostState
from engine.spec.ping import CONNECT_PINGS, DEFAULT_PINGS, DiscoverySpec, Mode, PingKind, PingProbe
from engine.spec.reason import Reason

NO_SUITE, SUITE_V4, SUITE_V6, SUITE_NEIGHBOUR = range(4)
"""Numbers of the suites; a host without a suite is not asked."""

_ORDER = (
    PingKind.ECHO,
    PingKind.SYN,
    PingKind.ACK,
    PingKind.TIMESTAMP,
    PingKind.UDP,
    PingKind.SCTP,
    PingKind.PROTOCOL,
    PingKind.CONNECT,
    PingKind.MASK,
    PingKind.NEIGHBOUR,
)
"""The order the pings of one host leave in: nmap's."""
_FALLBACK = PingProbe(PingKind.CONNECT, 80)
_TCP = (PingKind.SYN, PingKind.ACK)


class Assignment(Struct, frozen=True):
    """What becomes of hosts, one entry each (uint8): their suite, and for hosts with NO_SUITE their
    HostState and Reason at once."""

    suite: NDArray[np.uint8]
    state: NDArray[np.uint8]
    reason: NDArray[np.uint8]


class Suites:
    """The pings of a scan, from what the user asked for and what can be sent.

    Attributes:
        pings: the pings of each suite, by its number.
        notes: lines for the user: pings that cannot be sent, and what is done instead.
    """

    def __init__(self, spec: DiscoverySpec, able: frozenset[PingKind]) -> None:
        """``able``: the kinds of ping the transport can send."""
        self._mode = spec.mode
        self._neighbours = spec.neighbours and PingKind.NEIGHBOUR in able
        wanted, self.notes = _sendable(spec.probes, able)
        self.pings: tuple[tuple[PingProbe, ...], ...] = (
            (),
            tuple(probe for probe in wanted if 4 in probe.kind.facts.versions),
            tuple(probe for probe in wanted if 6 in probe.kind.facts.versions),
            (PingProbe(PingKind.NEIGHBOUR),),
        )
        self._titles = ", ".join(
            dict.fromkeys(probe.kind.facts.title for probe in spec.probes or DEFAULT_PINGS)
        )

    def assign(self, versions: NDArray[np.uint8], whereabouts: NDArray[np.uint8]) -> Assignment:
        """The suites of hosts with these IP versions and Whereabouts.

        Raises SpecError when hosts are to be asked and there is no ping for their IP version.
        """
        suite = np.full(len(versions), NO_SUITE, np.uint8)
        state = np.zeros(len(versions), np.uint8)
        reason = np.zeros(len(versions), np.uint8)
        if self._mode is Mode.LIST:
            reason[:] = Reason.USER_SET
            return Assignment(suite, state, reason)
        state[:] = HostState.UP
        reason[:] = Reason.USER_SET
        if self._mode is Mode.PING:
            asked = (whereabouts == Whereabouts.ROUTED) | (whereabouts == Whereabouts.LINK)
            suite[asked] = np.where(versions[asked] == 4, SUITE_V4, SUITE_V6)
            _settle(state, reason, whereabouts == Whereabouts.NOBODY, _NO_HOST)
            _settle(state, reason, whereabouts == Whereabouts.UNREACHABLE, _NO_WAY)
        if self._neighbours:
            suite[whereabouts == Whereabouts.LINK] = SUITE_NEIGHBOUR
        _settle(state, reason, whereabouts == Whereabouts.OURS, _OURSELVES)
        _settle(state, reason, suite != NO_SUITE, _OPEN)
        self._require_pings(suite)
        return Assignment(suite, state, reason)

    def _require_pings(self, suite: NDArray[np.uint8]) -> None:
        for number, version in ((SUITE_V4, 4), (SUITE_V6, 6)):
            if not self.pings[number] and (suite == number).any():
                raise SpecError(
                    "host discovery",
                    self._titles,
                    None,
                    f"cannot be sent to IPv{version} hosts",
                    "choose other pings, or -Pn to scan all hosts unasked",
                )


_NO_HOST = (HostState.DOWN, Reason.NO_RESPONSE)
_NO_WAY = (HostState.UNKNOWN, Reason.NO_ROUTE)
_OURSELVES = (HostState.UP, Reason.LOCALHOST_RESPONSE)
_OPEN = (HostState.UNKNOWN, Reason.NONE)


def _settle(
    state: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    chosen: NDArray[np.bool_],
    outcome: tuple[HostState, Reason],
) -> None:
    state[chosen], reason[chosen] = outcome


def _sendable(
    asked: tuple[PingProbe, ...] | None, able: frozenset[PingKind]
) -> tuple[tuple[PingProbe, ...], tuple[str, ...]]:
    """The pings that will be sent, and a note where they are not those that were asked for.

    TCP pings that cannot be sent become connect pings to their ports; a connect to port 80 stands
    for what has no such stand-in, when nothing else is left.
    """
    if asked is None:
        usual = _in_order(probe for probe in DEFAULT_PINGS if probe.kind in able)
        return usual or _in_order(probe for probe in CONNECT_PINGS if probe.kind in able), ()
    missing = [probe for probe in asked if probe.kind not in able]
    if not missing:
        return _in_order(asked), ()
    kept = [probe for probe in asked if probe.kind in able]
    if PingKind.CONNECT in able:
        kept += [PingProbe(PingKind.CONNECT, probe.port) for probe in missing if probe.kind in _TCP]
        kept = kept or [_FALLBACK]
    pings = _in_order(kept)
    return pings, (_note(missing, pings),)


def _in_order(probes: Iterable[PingProbe]) -> tuple[PingProbe, ...]:
    return tuple(sorted(dict.fromkeys(probes), key=lambda probe: _ORDER.index(probe.kind)))


def _note(missing: list[PingProbe], instead: tuple[PingProbe, ...]) -> str:
    left_out = ", ".join(dict.fromkeys(probe.kind.facts.title for probe in missing))
    ports = [probe.port for probe in instead if probe.kind is PingKind.CONNECT]
    shown = ", ".join(map(str, ports[:8])) + (", ..." if len(ports) > 8 else "")
    how = f"connecting to port {shown} instead" if ports else "left out"
    return f"cannot send {left_out} here (raw packets need root or CAP_NET_RAW): {how}"

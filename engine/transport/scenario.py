"""Scenarios: a simulated network written down in TOML.

::

    seed = 7                      # fixes every random choice

    [[host]]
    address = "10.0.0.1-40"       # any target expression; later entries win
    delay = 0.020                 # seconds, there and back
    jitter = 0.002                # seconds, added at random
    loss = 0.05                   # share lost, each way
    queue = 100                   # packets waiting in front of the host ...
    rate = 2000                   # ... drained per second; beyond that they are lost
    rst_rate = 150                # most RSTs per second
    rst_burst = 5                 # ... so many at once after a rest (a second's by default)
    icmp_rate = 1                 # most ICMP errors per second
    icmp_burst = 6                # ... likewise (a second's by default, but six at least)
    ttl = 61
    link = true                   # a neighbour on the local link, found by ARP or ND
    ping = false                  # ICMP pings are not answered (they are by default)
    burst = 0.3                   # loss comes in bad times, so many seconds long on average
    pause = "2-7,20-25"           # the link loses everything in these seconds
    hold = "30-35"                # the link holds everything back until they are over
    down = "40-60"                # the host is dead in these seconds
    [host.tcp]
    open = "22,80,443"
    filtered = "1-20"             # silently dropped
    admin-prohibited = "135-139"  # any ICMP reason below
    default = "closed"
    [host.udp]
    open = "53"
    default = "closed"
    [host.sctp]
    open = "3868"
    [host.ip]                     # protocol numbers or names
    open = "icmp,tcp,udp,sctp"

``pause``, ``hold`` and ``down`` count seconds from the beginning of the simulation. Answers
overtake each other where there is jitter.

Port behaviours: ``open``, ``closed``, ``filtered`` and the ICMP reasons in ICMP_REASONS.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.spec.error import SpecError
from engine.spec.ports import PortSet, parse_ports
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol
from engine.spec.targets import TargetSet, parse_targets, resolve_targets
from engine.techniques.answer import ACK, RST, SYN, WINDOW_OPEN, AnswerKind, answer_code
from engine.techniques.sctp import ABORT, INIT_ACK
from engine.transport.spells import NEVER, SHORTEST_BURST, Spells, parse_spells

MAX_BYTES = 1 << 20
SILENCE = 0
ICMP_REASONS: Mapping[str, int] = {
    Reason.NET_UNREACH.label: 0x0300,
    Reason.HOST_UNREACH.label: 0x0301,
    Reason.PROTO_UNREACH.label: 0x0302,
    Reason.PORT_UNREACH.label: 0x0303,
    Reason.NET_PROHIBITED.label: 0x0309,
    Reason.HOST_PROHIBITED.label: 0x030A,
    Reason.ADMIN_PROHIBITED.label: 0x030D,
    Reason.TIME_EXCEEDED.label: 0x0B00,
}
"""ICMPv4 type and code (``type << 8 | code``) of each reason a simulated firewall can give."""

_ANSWERS: Mapping[Protocol, Mapping[str, int]] = {
    Protocol.TCP: {
        "open": answer_code(AnswerKind.TCP, SYN | ACK | WINDOW_OPEN),
        "closed": answer_code(AnswerKind.TCP, RST | ACK),
    },
    Protocol.UDP: {
        "open": answer_code(AnswerKind.UDP, 0),
        "closed": answer_code(AnswerKind.ICMP4, 0x0303),
    },
    Protocol.SCTP: {
        "open": answer_code(AnswerKind.SCTP, INIT_ACK),
        "closed": answer_code(AnswerKind.SCTP, ABORT),
    },
    Protocol.IP: {
        "open": answer_code(AnswerKind.IP, 0),
        "closed": answer_code(AnswerKind.ICMP4, 0x0302),
    },
}
_TRUTHS = ("link", "ping")
_RATIONS = ("rst_rate", "rst_burst", "icmp_rate", "icmp_burst")
_NUMBERS = ("delay", "jitter", "loss", "queue", "rate", *_RATIONS, "ttl", "burst")
_SPELLS = ("pause", "hold", "down")


class HostProfile(Struct, frozen=True):
    """How the hosts of one ``[[host]]`` entry behave. Times in seconds, rates per second; 0 means
    no limit. ``rst_burst`` and ``icmp_burst``: answers that pass at once after a rest, 0 for the
    usual. ``loss`` is the share lost each way, by chance packet by packet or, with a ``burst``,
    in bad times of that many seconds on average. In the seconds of ``pause`` the link loses
    everything, in those of ``hold`` it holds everything back, in those of ``down`` the hosts answer
    nothing. ``link``: it is a neighbour on the link; ``ping``: it answers ICMP pings. ``answers``
    maps a protocol to 65,536 answer codes, SILENCE for a dropped probe."""

    hosts: TargetSet
    answers: Mapping[Protocol, NDArray[np.uint32]]
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    queue: int = 0
    rate: float = 0.0
    rst_rate: float = 0.0
    rst_burst: float = 0.0
    icmp_rate: float = 0.0
    icmp_burst: float = 0.0
    ttl: int = 64
    link: bool = False
    ping: bool = True
    burst: float = 0.0
    pause: Spells = NEVER
    hold: Spells = NEVER
    down: Spells = NEVER


class Scenario(Struct, frozen=True):
    """A whole simulated network. Addresses no profile names never answer."""

    profiles: tuple[HostProfile, ...]
    seed: int = 0
    title: str = field(default="simulated network")


def load_scenario(text: str) -> Scenario:
    """The scenario written in ``text``. Raises SpecError saying what is wrong and where."""
    if len(text) > MAX_BYTES:
        raise SpecError("scenario", text[:20], None, f"is longer than {MAX_BYTES:,} characters")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError("scenario", text[:20], None, f"is not TOML: {error}") from None
    except RecursionError:
        raise SpecError("scenario", text[:20], None, "is nested too deeply") from None
    _known(table, ("seed", "title", "host"), "the scenario")
    entries = table.get("host", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SpecError("scenario", "host", None, "must be written as [[host]] entries")
    return Scenario(
        tuple(_profile(entry) for entry in entries),
        int(_number(table, "seed", 0)),
        str(table.get("title", "simulated network"))[:80],
    )


def _known(table: Mapping[str, object], names: tuple[str, ...], where: str) -> None:
    for name in table:
        if name not in names:
            raise SpecError(
                "scenario", name, None, f"is not known in {where}", f"use {', '.join(names)}"
            )


def _number(table: Mapping[str, object], name: str, default: float) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise SpecError("scenario", name, None, f"has the value {value!r}", "give a number >= 0")
    return float(value)


def _truth(table: Mapping[str, object], name: str, default: bool) -> bool:
    value = table.get(name, default)
    if not isinstance(value, bool):
        raise SpecError("scenario", name, None, f"has the value {value!r}", "write true or false")
    return value


def _burst(entry: Mapping[str, object]) -> float:
    mean = _number(entry, "burst", 0.0)
    if 0 < mean < SHORTEST_BURST:
        hint = f"give at least {SHORTEST_BURST:g} s, or 0 for loss packet by packet"
        raise SpecError("scenario", "burst", None, f"has the value {mean!r}", hint)
    return mean


def _profile(entry: Mapping[str, object]) -> HostProfile:
    protocols = tuple(protocol.label for protocol in Protocol)
    _known(entry, ("address", *protocols, *_NUMBERS, *_TRUTHS, *_SPELLS), "a [[host]] entry")
    expressions = parse_targets(str(entry.get("address", "")))
    if expressions.host_names or not expressions.count:
        raise SpecError("scenario", "address", None, "must hold addresses, not names")
    hosts = resolve_targets(expressions).targets
    answers = {
        protocol: _behaviour(entry.get(protocol.label, {}), protocol) for protocol in Protocol
    }
    return HostProfile(
        hosts=hosts,
        answers=answers,
        delay=_number(entry, "delay", 0.0),
        jitter=_number(entry, "jitter", 0.0),
        loss=min(_number(entry, "loss", 0.0), 1.0),
        queue=int(_number(entry, "queue", 0)),
        rate=_number(entry, "rate", 0.0),
        rst_rate=_number(entry, "rst_rate", 0.0),
        rst_burst=_number(entry, "rst_burst", 0.0),
        icmp_rate=_number(entry, "icmp_rate", 0.0),
        icmp_burst=_number(entry, "icmp_burst", 0.0),
        ttl=min(int(_number(entry, "ttl", 64)), 255),
        link=_truth(entry, "link", False),
        ping=_truth(entry, "ping", True),
        burst=_burst(entry),
        **{name: parse_spells(entry.get(name, ""), name) for name in _SPELLS},
    )


def _behaviour(table: object, protocol: Protocol) -> NDArray[np.uint32]:
    """Answer code of each of the 65,536 ports."""
    if not isinstance(table, dict):
        raise SpecError("scenario", protocol.label, None, "must be a table of port lists")
    answers = np.full(65_536, _answer(str(table.get("default", "closed")), protocol), np.uint32)
    for behaviour, ports in table.items():
        if behaviour == "default":
            continue
        code = _answer(behaviour, protocol)
        chosen: PortSet = parse_ports(str(ports), (protocol,))
        for owner, low, high in chosen.ranges:
            if owner is protocol:
                answers[low : high + 1] = code
    speaking = np.flatnonzero(answers == _ANSWERS[Protocol.IP]["open"])
    answers[speaking] |= speaking.astype(np.uint32)  # the answer names its protocol
    return answers


def _answer(behaviour: str, protocol: Protocol) -> int:
    if behaviour == "filtered":
        return SILENCE
    code = _ANSWERS[protocol].get(behaviour)
    if code is not None:
        return code
    icmp = ICMP_REASONS.get(behaviour)
    if icmp is None:
        words = ["open", "closed", "filtered", *ICMP_REASONS]
        raise SpecError(
            "scenario", behaviour, None, "is not a port behaviour", f"use {', '.join(words)}"
        )
    return answer_code(AnswerKind.ICMP4, icmp, from_target=behaviour == "port-unreach")

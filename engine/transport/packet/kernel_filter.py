"""Classic BPF programs that let only what can be an answer out of the kernel (filter.txt, bpf(4)).

They run on sockets of kind SOCK_DGRAM, where offset 0 is the first byte of the IP header.
"""

from __future__ import annotations

import ctypes
import socket
import struct

from msgspec import Struct

from engine.transport.packet.icmp_replies import REPLY_TYPES
from engine.transport.packet.source_ports import WINDOW, SourcePorts

SO_ATTACH_FILTER = 26

_LOAD_BYTE, _LOAD_HALF = 0x30, 0x28
_LOAD_BYTE_INDEXED, _LOAD_HALF_INDEXED = 0x50, 0x48
_IHL_TO_INDEX = 0xB1
_EQUAL, _GREATER, _AT_LEAST, _ANY_BIT = 0x15, 0x25, 0x35, 0x45
_RETURN = 0x06

ACCEPT, DROP = "accept", "drop"


class Step(Struct, frozen=True):
    """One instruction; jumps name the label to go to, None meaning the next instruction."""

    code: int
    value: int
    yes: str | None = None
    no: str | None = None
    label: str | None = None


def answers_over_ipv4(
    base: int, *, single: int | None = None, every_protocol: bool = False
) -> bytes:
    """TCP, UDP and SCTP to our ports, ICMP replies with one of them as identifier, and ICMP errors
    quoting one of them as source port or identifier. ``single`` is the only port, where there is
    one, and the window at ``base`` for identifiers alone. ``every_protocol`` adds packets of all
    other protocols, and ICMP errors quoting such."""
    others = ACCEPT if every_protocol else DROP
    return _assemble(
        Step(_LOAD_HALF, 6),
        Step(_ANY_BIT, 0x1FFF, yes=DROP),  # a later fragment has no ports
        Step(_IHL_TO_INDEX, 0),
        Step(_LOAD_BYTE, 9),
        Step(_EQUAL, 6, yes="ports"),
        Step(_EQUAL, 17, yes="ports"),
        Step(_EQUAL, 132, yes="ports"),
        Step(_EQUAL, 1, no=others),
        Step(_LOAD_BYTE_INDEXED, 0),
        *(Step(_EQUAL, reply, yes="reply") for reply in REPLY_TYPES[4]),
        Step(_EQUAL, 3, yes="quote"),
        Step(_EQUAL, 4, yes="quote"),
        Step(_EQUAL, 11, yes="quote"),
        Step(_EQUAL, 12, no=DROP),
        Step(_LOAD_BYTE_INDEXED, 8 + 9, label="quote"),
        Step(_EQUAL, 1, yes="quoted ping"),
        Step(_EQUAL, 6, yes="quoted ports"),
        Step(_EQUAL, 17, yes="quoted ports"),
        Step(_EQUAL, 132, yes="quoted ports", no=others),
        Step(_LOAD_HALF_INDEXED, 8 + 20, label="quoted ports"),
        *_is_ours(base, single),
        Step(_LOAD_HALF_INDEXED, 8 + 20 + 4, label="quoted ping"),
        *_in_window(base),
        Step(_LOAD_HALF_INDEXED, 4, label="reply"),
        *_in_window(base),
        Step(_LOAD_HALF_INDEXED, 2, label="ports"),
        *_is_ours(base, single),
    )


def answers_over_ipv6(
    base: int, *, single: int | None = None, every_protocol: bool = False
) -> bytes:
    """As over IPv4. Packets with the extension headers a host may use pass, to be read later."""
    others = ACCEPT if every_protocol else DROP
    return _assemble(
        Step(_LOAD_BYTE, 6),
        Step(_EQUAL, 6, yes="ports"),
        Step(_EQUAL, 17, yes="ports"),
        Step(_EQUAL, 132, yes="ports"),
        Step(_EQUAL, 0, yes=ACCEPT),
        Step(_EQUAL, 43, yes=ACCEPT),
        Step(_EQUAL, 44, yes=ACCEPT),
        Step(_EQUAL, 60, yes=ACCEPT),
        Step(_EQUAL, 58, no=others),
        Step(_LOAD_BYTE, 40),
        *(Step(_EQUAL, reply, yes="reply") for reply in REPLY_TYPES[6]),
        Step(_EQUAL, 1, yes="quote"),
        Step(_EQUAL, 3, yes="quote"),
        Step(_EQUAL, 4, no=DROP),
        Step(_LOAD_BYTE, 40 + 8 + 6, label="quote"),
        Step(_EQUAL, 58, yes="quoted ping"),
        Step(_EQUAL, 6, yes="quoted ports"),
        Step(_EQUAL, 17, yes="quoted ports"),
        Step(_EQUAL, 132, yes="quoted ports", no=others),
        Step(_LOAD_HALF, 40 + 8 + 40, label="quoted ports"),
        *_is_ours(base, single),
        Step(_LOAD_HALF, 40 + 8 + 40 + 4, label="quoted ping"),
        *_in_window(base),
        Step(_LOAD_HALF, 40 + 4, label="reply"),
        *_in_window(base),
        Step(_LOAD_HALF, 40 + 2, label="ports"),
        *_is_ours(base, single),
    )


def answers(ports: SourcePorts, *, every_protocol: bool = False) -> dict[int, bytes]:
    """Both programs, by IP version."""
    return {
        version: program(ports.base, single=ports.single, every_protocol=every_protocol)
        for version, program in ((4, answers_over_ipv4), (6, answers_over_ipv6))
    }


def neighbour_advertisements() -> bytes:
    """ICMPv6 type 136 right behind the IPv6 header (RFC 4861 section 4.4)."""
    return _assemble(
        Step(_LOAD_BYTE, 6),
        Step(_EQUAL, 58, no=DROP),
        Step(_LOAD_BYTE, 40),
        Step(_EQUAL, 136, yes=ACCEPT, no=DROP),
    )


def arp_replies() -> bytes:
    """ARP packets whose operation is "reply" (RFC 826)."""
    return _assemble(Step(_LOAD_HALF, 6), Step(_EQUAL, 2, yes=ACCEPT, no=DROP))


def nothing() -> bytes:
    """No packet at all."""
    return _assemble(Step(_RETURN, 0))


def attach(receiver: socket.socket, program: bytes) -> None:
    """Put a program on a socket. Raises OSError when the kernel refuses it."""
    memory = ctypes.create_string_buffer(program, len(program))
    receiver.setsockopt(
        socket.SOL_SOCKET,
        SO_ATTACH_FILTER,
        struct.pack("@HP", len(program) // 8, ctypes.addressof(memory)),
    )


def _is_ours(base: int, single: int | None) -> tuple[Step, ...]:
    if single is None:
        return _in_window(base)
    return (Step(_EQUAL, single, yes=ACCEPT, no=DROP),)


def _in_window(base: int) -> tuple[Step, Step]:
    return (
        Step(_AT_LEAST, base, no=DROP),
        Step(_GREATER, base + WINDOW - 1, yes=DROP, no=ACCEPT),
    )


def _assemble(*steps: Step) -> bytes:
    """Instructions with their labels turned into distances."""
    labels = {step.label: position for position, step in enumerate(steps) if step.label}
    labels |= {ACCEPT: len(steps), DROP: len(steps) + 1}
    program = bytearray()
    for position, step in enumerate(steps):
        yes, no = (
            0 if goal is None else labels[goal] - position - 1 for goal in (step.yes, step.no)
        )
        program += struct.pack("=HBBI", step.code, yes, no, step.value)
    program += struct.pack("=HBBI", _RETURN, 0, 0, 0xFFFF)
    program += struct.pack("=HBBI", _RETURN, 0, 0, 0)
    return bytes(program)

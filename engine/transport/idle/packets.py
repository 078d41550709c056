"""The single packets of an idle scan, made with the builders of whole batches."""

from __future__ import annotations

import struct

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.techniques.answer import ACK, SYN
from engine.techniques.syn import build_syn
from engine.techniques.tcp import TcpProbe
from engine.techniques.technique import Segments
from engine.transport.packet.headers import ICMPV6, IPV6, TCP, Envelope, write_packets

_MAXIMUM_SEGMENT_SIZE = struct.pack("!BBH", 2, 4, 1460)
_build_syn_ack = TcpProbe(SYN | ACK, _MAXIMUM_SEGMENT_SIZE)
_TOO_BIG, _ECHO_REPLY = 2, 129
_TOO_SMALL_TO_FRAGMENT_FOR = 1279
"""One byte less than every IPv6 link carries: such a packet is not cut, only marked (RFC 8021
section 2 tells the story)."""
_QUOTED_LENGTH = 1_240


class End(Struct, frozen=True):
    """A packed IP address and a TCP port."""

    packed: bytes
    port: int


def syn(source: End, destination: End, token: int, ttl: int) -> NDArray[np.uint8]:
    """A SYN with the sequence number ``token``."""
    return _tcp(build_syn, source, destination, token, ttl)


def syn_ack(source: End, destination: End, token: int, ttl: int) -> NDArray[np.uint8]:
    """A SYN/ACK that acknowledges ``token``, which its reset repeats as its sequence number."""
    return _tcp(_build_syn_ack, source, destination, token, ttl)


def too_big(us: bytes, zombie: bytes, to: bytes, ttl: int) -> NDArray[np.uint8]:
    """ICMPv6 "packet too big" (RFC 4443 section 3.2) about an echo reply of the zombie to ``to``:
    unlike about a TCP segment, no connection needs to exist for it to be believed."""
    quoted = np.zeros((), IPV6)
    quoted["version_label"], quoted["payload_length"] = 6 << 28, _QUOTED_LENGTH
    quoted["next_header"], quoted["hop_limit"] = ICMPV6, 64
    quoted["source"] = np.frombuffer(zombie, np.uint8)
    quoted["destination"] = np.frombuffer(to, np.uint8)
    head = struct.pack("!BBHI", _TOO_BIG, 0, 0, _TOO_SMALL_TO_FRAGMENT_FOR)
    message = head + quoted.tobytes() + bytes([_ECHO_REPLY]) + bytes(63)
    data = np.frombuffer(message, np.uint8)[None, :].copy()
    segments = Segments(data, np.array([len(message)], np.uint16))
    return _packet(segments, us, zombie, 1, ttl, ICMPV6)


def _tcp(build: TcpProbe, source: End, destination: End, token: int, ttl: int) -> NDArray[np.uint8]:
    segments = build(
        np.array([destination.port], np.uint16),
        np.array([source.port], np.uint16),
        np.array([token], np.uint32),
    )
    return _packet(segments, source.packed, destination.packed, token, ttl, TCP)


def _packet(
    segments: Segments, source: bytes, destination: bytes, token: int, ttl: int, number: int
) -> NDArray[np.uint8]:
    envelope = Envelope(
        sources=np.frombuffer(source, np.uint8)[None, :],
        destinations=np.frombuffer(destination, np.uint8)[None, :],
        identifiers=np.array([token % 0xFFFF + 1], np.uint32),  # the kernel would replace 0
        ttl=ttl,
        numbers=number,
    )
    rows, lengths = write_packets(segments, envelope)
    return rows[0, : lengths[0]]

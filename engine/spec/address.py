"""One address literal as a piece of a target set."""

from __future__ import annotations

import re
import socket

from engine.spec.octets import V4Box
from engine.spec.spans import V6Span

Piece = V4Box | V6Span
"""A part of a target set."""

SCOPE = re.compile(r"[A-Za-z0-9_.:@-]{1,32}")
"""What an interface name may look like; narrower than the kernel allows, wide enough for use."""

_V4 = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})")
MAPPED = V6Span(0xFFFF << 32, 0xFFFF_FFFF_FFFF)
"""The IPv4-mapped addresses, ::ffff:0:0/96 (RFC 4291 section 2.5.5.2)."""


def parse_v4(text: str) -> V4Box | None:
    """The address written as four decimal octets, or None. ``01`` is 1, as in nmap."""
    match = _V4.fullmatch(text)
    if match is None:
        return None
    a, b, c, d = map(int, match.groups())
    if a > 255 or b > 255 or c > 255 or d > 255:
        return None
    return V4Box((1 << a, 1 << b, 1 << c, 1 << d))


def parse_v6(text: str) -> V6Span | None:
    """The IPv6 address literal (RFC 4291, scope as in RFC 4007), or None.

    Only link-local addresses (fe80::/10) take a scope.
    """
    literal, percent, scope = text.partition("%")
    try:
        address = int.from_bytes(socket.inet_pton(socket.AF_INET6, literal), "big")
    except (OSError, ValueError):
        return None
    if percent and (not SCOPE.fullmatch(scope) or not is_link_local(address)):
        return None
    return V6Span(address, address, scope)


def is_link_local(address: int) -> bool:
    """True for a 128-bit address in fe80::/10."""
    return address >> 118 == 0xFE80 >> 6


def unmapped(span: V6Span, bits: int = 128) -> Piece:
    """The block of ``bits`` around one address; IPv4 where it is IPv4-mapped (``::ffff:0:0/96``).

    The system sends IPv4 packets to a mapped address, so it is the same target and must meet the
    same excludes.
    """
    if bits >= 96 and MAPPED.holds(span):
        return V4Box.single(span.first & 0xFFFFFFFF).masked(bits - 96)
    return span.masked(bits)


def parse_address(text: str) -> Piece | None:
    """The single address ``text`` spells (IPv4, or IPv6 with an optional scope), or None."""
    if ":" not in text:
        return parse_v4(text)
    span = parse_v6(text)
    return None if span is None else unmapped(span)

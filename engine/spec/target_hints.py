"""What the user probably meant by an address that cannot be read."""

from __future__ import annotations

import re

from engine.spec.address import parse_v4, parse_v6

_DASHED = re.compile(r"([0-9.]+)-([0-9.]+)")
_WITH_PORT = re.compile(r"([0-9.]+):([0-9]+)")
_BRACKETED = re.compile(r"\[([^\]]*)\](:[0-9]+)?")


def v4_hint(host: str) -> str:
    """The likely meaning of a text made of digits, dots, commas, dashes and stars, or empty."""
    if "," in host and host.count(".") > 3:
        return f"separate targets by blanks: {' '.join(host.replace(',', ' ').split())}"
    dashed = _DASHED.fullmatch(host)
    if dashed and "." in dashed[2] and parse_v4(dashed[1]) and parse_v4(dashed[2]):
        return _octet_ranges(dashed[1], dashed[2])
    return ""


def _octet_ranges(first: str, last: str) -> str:
    """How to write ``10.0.0.1-10.0.0.20`` with a range inside the octets."""
    low = [int(part) for part in first.split(".")]
    high = [int(part) for part in last.split(".")]
    same = next((at for at in range(4) if low[at] != high[at]), 4)
    tail = list(zip(low, high, strict=True))[same + 1 :]
    if low > high or any(pair != (0, 255) for pair in tail):
        return "ranges go inside an octet, for example 10.0.0.1-20"
    parts = [str(part) for part in low[:same]]
    if same < 4:
        parts.append(f"{low[same]}-{high[same]}")
    return f"did you mean {'.'.join(parts + ['*'] * len(tail))}?"


def v6_hint(host: str) -> str:
    """The likely meaning of a text with a colon that is no IPv6 address."""
    with_port = _WITH_PORT.fullmatch(host)
    if with_port:
        return f"ports are given apart: {with_port[1]} with port {with_port[2]}"
    bracketed = _BRACKETED.fullmatch(host)
    if bracketed and parse_v6(bracketed[1]):
        port = bracketed[2]
        apart = f" with port {port[1:]} given apart" if port else ""
        return f"write {bracketed[1]}{apart}"
    literal, percent, _ = host.partition("%")
    if percent and parse_v6(literal):
        return "only link-local addresses (fe80::) take a %interface, with a plain interface name"
    if "-" in host or "*" in host or "," in host:
        return "IPv6 takes no ranges; use a mask such as fd00::/126"
    return "write for example fd00::1 or fd00::/64"

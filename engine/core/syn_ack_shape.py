"""What the SYN/ACKs of hosts look like, counted by host from the packets themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.techniques.answer import ACK, SYN

_SHAPES = np.dtype(
    [("seen", np.uint32), ("shut", np.uint32), ("bare", np.uint32), ("ttl", np.uint8)]
)
_IP_LENGTH = {4: 20, 6: 40}
_TCP = 6
_HEADERS = 60
"""Bytes of an IPv6 and a TCP header."""
_NEXT = {4: 9, 6: 6}
"""Where the IP header names what it carries (RFC 791, RFC 8200), by version."""
_ENOUGH = 1_000
_MOSTLY = 0.9


class SynAckShapes:
    """Counts, by host, of SYN/ACKs with window 0 ("shut") and without TCP options ("bare")."""

    def __init__(self) -> None:
        self._hosts = np.zeros(0, _SHAPES)

    def note(self, hosts: NDArray[np.uint32], raw: NDArray[np.uint8]) -> None:
        """Take in the packets ``raw`` (n, width), zero-padded, that came from ``hosts`` (n,). What
        is no SYN/ACK right behind an IP header without options is left out."""
        if not len(hosts):
            return
        self._grow(int(hosts.max()) + 1)
        wanted = self._hosts["seen"][hosts] < _ENOUGH
        hosts, raw = hosts[wanted], raw[wanted]
        if raw.shape[1] < _HEADERS:
            raw = np.pad(raw, ((0, 0), (0, _HEADERS - raw.shape[1])))
        for version, start in _IP_LENGTH.items():
            plain = raw[:, 0] == 0x45 if version == 4 else raw[:, 0] >> 4 == 6
            plain &= raw[:, _NEXT[version]] == _TCP
            plain &= raw[:, start + 13] & (SYN | ACK) == SYN | ACK
            if plain.any():
                self._count(hosts[plain], raw[plain], start)

    def _count(self, hosts: NDArray[np.uint32], raw: NDArray[np.uint8], start: int) -> None:
        shut = (raw[:, start + 14] == 0) & (raw[:, start + 15] == 0)
        np.add.at(self._hosts["seen"], hosts, 1)
        np.add.at(self._hosts["shut"], hosts[shut], 1)
        np.add.at(self._hosts["bare"], hosts[raw[:, start + 12] >> 4 == 5], 1)
        self._hosts["ttl"][hosts] = raw[:, 8 if start == 20 else 7]

    def _grow(self, count: int) -> None:
        missing = count - len(self._hosts)
        if missing > 0:
            self._hosts = np.concatenate([self._hosts, np.zeros(missing, _SHAPES)])

    def forget(self, host: int) -> None:
        """Count a host anew."""
        if host < len(self._hosts):
            self._hosts[host] = 0

    def shut(self, host: int) -> bool:
        """Whether nearly all of a host's SYN/ACKs have window 0: it takes no data."""
        return self._share(host, "shut") >= _MOSTLY

    def bare(self, host: int) -> bool:
        """Whether nearly all have no options; every current system sends some."""
        return self._share(host, "bare") >= _MOSTLY

    def ttl(self, host: int) -> int:
        """Time to live or hop limit of the last one as it came in; 0 unknown."""
        return int(self._hosts["ttl"][host]) if host < len(self._hosts) else 0

    def _share(self, host: int, what: str) -> float:
        if host >= len(self._hosts) or not self._hosts["seen"][host]:
            return 0.0
        return float(self._hosts[what][host]) / float(self._hosts["seen"][host])

"""How many sockets this process may hold at once (RLIMIT_NOFILE, getrlimit(2))."""

from __future__ import annotations

import resource

RESERVE = 192
"""Descriptors left to the rest of the program: files, the terminal, the packet channel's ports."""

MOST_SOCKETS = 16_000
"""More connections than this in flight is never faster and strains routers' state tables."""

FEWEST_SOCKETS = 4
_ENDLESS = 1 << 20


def raise_descriptor_limit() -> int:
    """Raise the soft limit on open descriptors to the hard one; returns the limit now in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            return _finite(soft)
    return _finite(hard)


def socket_cap() -> int:
    """Sockets a channel may hold: the descriptor limit, raised, less RESERVE, within bounds."""
    return max(FEWEST_SOCKETS, min(MOST_SOCKETS, raise_descriptor_limit() - RESERVE))


def _finite(limit: int) -> int:
    return _ENDLESS if limit == resource.RLIM_INFINITY else limit

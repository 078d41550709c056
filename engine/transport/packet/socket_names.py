"""Socket addresses of whole batches, as sendmmsg(2) takes them (ip(7), ipv6(7))."""

from __future__ import annotations

import socket

import numpy as np
from numpy.typing import NDArray

_NAME4 = np.dtype(
    [("family", "u2"), ("port", ">u2"), ("address", "u1", (4,)), ("zero", "u1", (8,))]
)
_NAME6 = np.dtype(
    [
        ("family", "u2"),
        ("port", ">u2"),
        ("flow", ">u4"),
        ("address", "u1", (16,)),
        ("scope", "u4"),
    ]
)
"""``struct sockaddr_in`` and ``struct sockaddr_in6``."""


def socket_names(
    destinations: NDArray[np.uint8], interfaces: NDArray[np.uint32]
) -> NDArray[np.void]:
    """Socket addresses (n,) of ``destinations`` (n, 4) or (n, 16); ``interfaces`` (n,), by index,
    are the scopes of IPv6 ones."""
    version = 4 if destinations.shape[1] == 4 else 6
    names = np.zeros(len(destinations), _NAME4 if version == 4 else _NAME6)
    names["family"] = socket.AF_INET if version == 4 else socket.AF_INET6
    names["address"] = destinations
    if version == 6:
        names["scope"] = interfaces
    return names

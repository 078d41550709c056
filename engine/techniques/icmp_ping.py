"""ICMP pings: echo, timestamp and address mask requests (RFC 792, RFC 950; over IPv6 RFC 4443).

The identifier is our source port, so that it names technique and copy as a port does. The token's
low half is the sequence number; the whole token is also where the reply must repeat it: an echo's
payload, a timestamp's originate field. A mask reply repeats the sequence number only.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.spec.ping import PingKind
from engine.techniques.technique import Segments


class IcmpRequest(Struct, frozen=True):
    """One kind of request: its type, its reply's, bytes behind the header, token among them.

    ``tail`` bytes follow the 8 of the header; the first four are the token where ``token``.
    """

    kind: PingKind
    request: int
    reply: int
    tail: int
    token: bool


REQUESTS: dict[int, tuple[IcmpRequest, ...]] = {
    4: (
        IcmpRequest(PingKind.ECHO, 8, 0, 4, True),
        IcmpRequest(PingKind.TIMESTAMP, 13, 14, 12, True),
        IcmpRequest(PingKind.MASK, 17, 18, 4, False),
    ),
    6: (IcmpRequest(PingKind.ECHO, 128, 129, 4, True),),
}
"""By IP version."""

ICMP_REQUEST = np.dtype(
    [
        ("type", "u1"),
        ("code", "u1"),
        ("checksum", ">u2"),
        ("identifier", ">u2"),
        ("sequence", ">u2"),
        ("token", ">u4"),
    ]
)
"""Header and first four bytes behind it, of requests and replies alike."""


class IcmpPing:
    """Builds the requests of one kind: a SegmentBuilder. Ports mean nothing to it."""

    def __init__(self, request: IcmpRequest) -> None:
        self.request = request

    def __call__(
        self,
        ports: NDArray[np.uint16],
        source_ports: NDArray[np.uint16],
        tokens: NDArray[np.uint32],
    ) -> Segments:
        """One request per entry of ``source_ports`` and ``tokens``, both (n,)."""
        width = 8 + self.request.tail
        header = np.zeros(len(tokens), ICMP_REQUEST)
        header["type"] = self.request.request
        header["identifier"] = source_ports
        header["sequence"] = tokens & np.uint32(0xFFFF)
        if self.request.token:
            header["token"] = tokens
        data = np.zeros((len(tokens), width), np.uint8)
        data[:, : ICMP_REQUEST.itemsize] = header.view(np.uint8).reshape(len(tokens), -1)
        return Segments(data, np.full(len(tokens), width, np.uint16))


BUILD_ECHO4, BUILD_ECHO6 = IcmpPing(REQUESTS[4][0]), IcmpPing(REQUESTS[6][0])
"""Echo requests, which IP protocol probes send too."""

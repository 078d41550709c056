"""Which ICMP messages that are no errors answer a ping of ours, and to which request."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.techniques.icmp_ping import ICMP_REQUEST, REQUESTS

REPLY_TYPES: dict[int, tuple[int, ...]] = {
    version: tuple(request.reply for request in requests) for version, requests in REQUESTS.items()
}
"""ICMP types of the replies, by IP version."""

_KIND_OF = np.zeros((7, 256), np.uint8)
_HAS_TOKEN = np.zeros((7, 256), np.bool_)
_SIZE = np.zeros((7, 256), np.int64)
"""By IP version and reply type: the PingKind answered, whether the token comes back, bytes."""
for _version, _requests in REQUESTS.items():
    for _request in _requests:
        _KIND_OF[_version, _request.reply] = _request.kind
        _HAS_TOKEN[_version, _request.reply] = _request.token
        _SIZE[_version, _request.reply] = 8 + _request.tail


class IcmpReplies(Struct, frozen=True):
    """Columns of n replies.

    Attributes:
        messages: header and first four bytes behind it.
        kind: the kind of ping that is answered so.
        size: how long such a message is, in bytes.
        has_token: whether the four bytes must be the token.
    """

    messages: NDArray[np.void]
    kind: NDArray[np.uint8]
    size: NDArray[np.int64]
    has_token: NDArray[np.bool_]

    @property
    def identifier(self) -> NDArray[np.uint16]:
        """Which source port of ours the request had, as it were."""
        identifiers: NDArray[np.uint16] = self.messages["identifier"].astype(np.uint16)
        return identifiers

    def echo(self, tokens: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Whether the replies repeat the tokens (n,), as far as their kind can."""
        same: NDArray[np.bool_] = self.messages["sequence"] == tokens & np.uint32(0xFFFF)
        same &= (self.messages["token"] == tokens) | ~self.has_token
        return same


def read_replies(messages: NDArray[np.uint8], version: int) -> IcmpReplies:
    """The replies ``messages`` (n, at least 8 wide), whose types are among REPLY_TYPES."""
    missing = ICMP_REQUEST.itemsize - messages.shape[1]
    if missing > 0:
        messages = np.pad(messages, ((0, 0), (0, missing)))
    read = np.ascontiguousarray(messages[:, : ICMP_REQUEST.itemsize]).view(ICMP_REQUEST)[:, 0]
    types = read["type"]
    return IcmpReplies(
        read, _KIND_OF[version, types], _SIZE[version, types], _HAS_TOKEN[version, types]
    )

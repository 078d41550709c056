"""Payload: one datagram's content, and where it carries the probe's token."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

TOKEN = bytes.fromhex("b7e3915c")
"""Stands in a payload for the token of the probe. Fields that hold less than 32 bits take the
token's last bytes (``TOKEN[-2:]``), text takes its hexadecimal digits (``TOKEN_DIGITS``)."""
TOKEN_DIGITS = TOKEN.hex().encode()

_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


class Payload(Struct, frozen=True):
    """A request a service answers.

    Attributes:
        name: the protocol and the request, e.g. ``DNS version.bind``.
        source: the specification it was built from.
        data: the request; where there is a token field it holds ``token``.
        token: what stands in ``data`` for the probe's token: TOKEN, its last bytes, or
            TOKEN_DIGITS. Empty when the protocol has no field to carry one.

    Raises ValueError unless a token stands in ``data`` exactly once.
    """

    name: str
    source: str
    data: bytes
    token: bytes = b""

    def __post_init__(self) -> None:
        if self.token and self.data.count(self.token) != 1:
            raise ValueError(f"{self.name}: the token must stand in the payload exactly once")

    def rows(self, tokens: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """The request once for each of ``tokens`` (n,): uint8 array (n, len(data))."""
        rows = np.tile(np.frombuffer(self.data, np.uint8), (len(tokens), 1))
        if self.token:
            field = np.ascontiguousarray(tokens, ">u4").view(np.uint8).reshape(-1, 4)
            if self.token == TOKEN_DIGITS:
                field = _DIGITS[np.stack((field >> 4, field & 15), axis=-1).reshape(-1, 8)]
            start, width = self.data.index(self.token), len(self.token)
            rows[:, start : start + width] = field[:, -width:]
        return rows

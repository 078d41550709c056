"""Databases and caches: memcached, SQL Server's browser."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload


def _memcached(command: bytes) -> bytes:
    sequence, datagrams, reserved = 0, 1, 0
    return TOKEN[-2:] + struct.pack("!3H", sequence, datagrams, reserved) + command + b"\r\n"


_CLNT_UCAST_EX = b"\x03"

MEMCACHED = Payload(
    # Not stats: its answer is many times the size of the request.
    "memcached version",
    "memcached doc/protocol.txt, UDP protocol",
    _memcached(b"version"),
    TOKEN[-2:],
)

SQL_BROWSER = Payload("SQL Server instances", "MC-SQLR section 2.2.2", _CLNT_UCAST_EX)

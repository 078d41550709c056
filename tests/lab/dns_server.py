"""A tiny DNS server of the lab's own: it answers as it is told, truthfully or not.

Written by hand, not with the library the product reads answers with: it can say what no library
would, and an error in one is not repeated in the other.
"""

from __future__ import annotations

import heapq
import itertools
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

A, CNAME, PTR, AAAA = 1, 5, 12, 28
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5

_HEADER = struct.Struct(">6H")
_KINDS = {"A": A, "AAAA": AAAA, "PTR": PTR, "CNAME": CNAME}


class Query(NamedTuple):
    """One question: the datagram, the name in lower case without its last dot, the type."""

    data: bytes
    name: str
    kind: int


class Record(NamedTuple):
    """A resource record as it is sent; an empty owner is the name asked for."""

    kind: int
    value: bytes
    owner: bytes = b""


@dataclass(frozen=True)
class Reply:
    """What is sent back.

    Attributes:
        records: the answer section.
        code: the response code.
        delay: seconds before it is sent.
        silent: nothing is sent.
        before: datagrams sent just ahead, made from the query; forgeries for example.
        elsewhere: these come from another port than the one that was asked.
    """

    records: tuple[Record, ...] = ()
    code: int = NOERROR
    delay: float = 0.0
    silent: bool = False
    before: tuple[Callable[[Query], bytes], ...] = ()
    elsewhere: tuple[Callable[[Query], bytes], ...] = ()


Answerer = Callable[[Query], Reply]


def wire_name(name: str | Sequence[bytes]) -> bytes:
    """A name as it is sent: from text with dots, or from labels of any bytes."""
    labels = [part.encode() for part in name.split(".") if part] if isinstance(name, str) else name
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(kind: str, value: str, owner: str = "") -> Record:
    """A record from text, e.g. ``record("A", "192.0.2.1")``."""
    number = _KINDS[kind]
    if number in (A, AAAA):
        packed = socket.inet_pton(socket.AF_INET if number == A else socket.AF_INET6, value)
    else:
        packed = wire_name(value)
    return Record(number, packed, wire_name(owner) if owner else b"")


def message(query: Query, reply: Reply, *, number: int | None = None, name: str = "") -> bytes:
    """The answer to a query, perhaps with another number or about another name (a forgery)."""
    asked = query.data[12 : query.data.index(b"\0", 12) + 5]
    if name:
        asked = wire_name(name) + asked[-4:]
    own = int.from_bytes(query.data[:2]) if number is None else number
    body = b"".join(map(_record, reply.records))
    return _HEADER.pack(own, 0x8180 | reply.code, 1, len(reply.records), 0, 0) + asked + body


def _record(one: Record) -> bytes:
    owner = one.owner or b"\xc0\x0c"
    return owner + struct.pack(">HHIH", one.kind, 1, 60, len(one.value)) + one.value


def zone(records: Mapping[str, Sequence[Record] | Reply]) -> Answerer:
    """An answerer for the names given; everything else does not exist. Records of other types than
    the one asked for are left out, but a CNAME brings all that stand with it."""

    def answer(query: Query) -> Reply:
        found = records.get(query.name)
        if found is None:
            return Reply(code=NXDOMAIN)
        if isinstance(found, Reply):
            return found
        if any(one.kind == CNAME for one in found):
            return Reply(tuple(one for one in found if one.kind in (CNAME, query.kind)))
        return Reply(tuple(one for one in found if one.kind == query.kind))

    return answer


class DnsServer:
    """Answers on a UDP port in a thread; a context manager.

    Its socket belongs to the network namespace of the thread that makes the server.

    Attributes:
        port: the port it listens on.
        asked: every query received.
        most_outstanding: queries that waited for their delayed answer at one time, at most.

    Args:
        answer: what to say to each query.
        host: the address to listen on.
        port: 0 lets the system choose.
        loss: the part of all answers that is thrown away, 0 to 1, the same ones in every run.
    """

    def __init__(
        self, answer: Answerer, host: str = "127.0.0.1", port: int = 0, loss: float = 0.0
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((host, port))
        self._other = socket.socket(family, socket.SOCK_DGRAM)
        self._other.bind((host, 0))
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.asked: list[Query] = []
        self.most_outstanding = 0
        self._answer = answer
        self._loss = loss
        self._random = random.Random(1)
        self._delayed: list[tuple[float, int, bytes, object]] = []
        self._serial = itertools.count()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="dns server", daemon=True)

    @property
    def text(self) -> str:
        """The address and port as they are given to a client."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing = True
        self._thread.join()
        self._socket.close()
        self._other.close()

    def _serve(self) -> None:
        while not self._closing:
            self._send_due()
            self._socket.settimeout(self._pause())
            try:
                data, sender = self._socket.recvfrom(4096)
            except (TimeoutError, ConnectionError):
                continue
            query = _read(data)
            if query is not None:
                self.asked.append(query)
                self._reply(query, self._answer(query), sender)

    def _reply(self, query: Query, reply: Reply, sender: object) -> None:
        for forge in reply.elsewhere:
            self._other.sendto(forge(query), sender)  # type: ignore[arg-type]
        for forge in reply.before:
            self._socket.sendto(forge(query), sender)  # type: ignore[arg-type]
        if reply.silent or self._random.random() < self._loss:
            return
        due = time.monotonic() + reply.delay
        heapq.heappush(self._delayed, (due, next(self._serial), message(query, reply), sender))
        if reply.delay:
            self.most_outstanding = max(self.most_outstanding, len(self._delayed))
        else:
            self._send_due()

    def _send_due(self) -> None:
        while self._delayed and self._delayed[0][0] <= time.monotonic():
            _due, _serial, data, sender = heapq.heappop(self._delayed)
            self._socket.sendto(data, sender)  # type: ignore[arg-type]

    def _pause(self) -> float:
        due = self._delayed[0][0] - time.monotonic() if self._delayed else 0.05
        return min(max(due, 0.0005), 0.05)


def _read(data: bytes) -> Query | None:
    """The question of a query; None for what holds none."""
    labels = []
    at = 12
    while at < len(data) and data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    if at + 5 > len(data):
        return None
    name = b".".join(labels).decode("latin-1").lower()
    return Query(data, name, int.from_bytes(data[at + 1 : at + 3]))

"""Connect scan: the kernel opens full TCP connections for us (RFC 9293 section 3.5).

A non-blocking connect() is started, and connect() called again on the same socket tells how it
went: EALREADY while the handshake lasts, 0 once it is established, else the error that ended it.
Linux then takes the socket back to its unconnected state, so one socket serves one refused port
after another: two system calls per closed port, where a fresh socket with SO_LINGER, epoll_ctl,
SO_ERROR and close would cost six.

A socket is first asked right after its connect(): on a link that answers at once (loopback, veth)
nothing else is needed. Only a socket that has to wait is put under epoll, edge-triggered, and then
stays there however often it is reused.

An ICMP error that comes while the system call that sends the SYN still holds the socket, as on a
veth pair, does not end the connection: Linux only notes it (sk_err_soft in tcp_v4_err), until the
SYN that it sends again after a second meets with the same. SO_ERROR tells it at once.

While a connection waits, the kernel re-sends its SYN by itself (net.ipv4.tcp_syn_retries), beside
the copies the engine asks for.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Sequence
from itertools import takewhile
from math import nan
from time import monotonic

import numpy as np

from engine.core.addressing import AddressBook
from engine.core.batch import REFUSED, ProbeBatch, ReplyBatch, SendReport
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType
from engine.techniques.answer import AnswerKind, answer_code
from engine.transport.base import Recorder
from engine.transport.sockets.answers import DEFAULT_MAX_AGE, Answers
from engine.transport.sockets.descriptors import socket_cap
from engine.transport.sockets.endpoint import Endpoints, SocketAddress
from engine.transport.sockets.refusal import NO_SOURCE, TAKEN, Refusal, Refusals, refusal_of
from engine.transport.sockets.wishes import SocketWishes

_EVENTS = 4096
_MOST_IDLE = 2048

_ESTABLISHED = frozenset({0, errno.ECONNRESET, errno.EPIPE})
"""A reset before the handshake's end is ECONNREFUSED (tcp_reset in Linux's tcp_input.c); these two
mean that the port accepted us and then hung up."""

_SILENCE = frozenset({errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ECONNABORTED})
"""The kernel gave up, nobody answered. The engine's own timer says so sooner; nothing to report."""

_CONNECTED = answer_code(AnswerKind.ERRNO, 0)
"""The answer code of success; an error number goes into its low bits."""

_Waiting = tuple[socket.SocketType, SocketAddress, int, int, int, float]
"""Socket, address, host, port, attempt, when it was sent."""


class ConnectChannel:
    """TCP connect scan over the sockets of the operating system. Needs no rights. Linux only.

    An answer is ``answer_code(AnswerKind.ERRNO, error)``; 0 is an open port. ETIMEDOUT and
    EHOSTDOWN are not reported, they are silence. A connection to itself (our own port was the one
    probed; possible on this machine's addresses only) is not an open port: it is closed and
    reported as not sent, or, when it showed up late, not at all, so that the engine sends again.

    Copies of a probe are separate connections and the first answer of any of them counts. A
    connection without an answer is closed ``max_age`` seconds after it began.

    Scan and ping are two channels, so that both may ask one port at a time; ``ping`` makes it the
    latter. ``options`` as in SocketWishes; connections from one port to one place follow each
    other. Raises TransportUnavailable for options the system does not fulfil.

    Attributes:
        max_age: seconds a connection may wait; set it above the longest timeout in use.
        max_sockets: sockets that may be open at once.
    """

    name = "connect"

    def __init__(
        self,
        book: AddressBook,
        *,
        max_age: float = DEFAULT_MAX_AGE,
        max_sockets: int | None = None,
        ping: bool = False,
        options: PacketOptions = AS_USUAL,
    ) -> None:
        self._wishes = SocketWishes(options)
        self._wishes.try_out(socket.SOCK_STREAM, book.versions)
        self.scan_types = frozenset[ScanType]() if ping else frozenset({ScanType.CONNECT})
        self.pings = frozenset({PingKind.CONNECT}) if ping else frozenset[PingKind]()
        self.max_age = max_age
        self.max_sockets = socket_cap() if max_sockets is None else max_sockets
        self._book = book
        self._recorder: Recorder | None = None
        self._endpoints = Endpoints(book, options.interface)
        technique = PingKind.CONNECT if ping else ScanType.CONNECT
        self._answers = Answers(technique.facts.protocol, technique)
        self._epoll = select.epoll()
        self._idle: dict[int, list[socket.SocketType]] = {
            socket.AF_INET: [],
            socket.AF_INET6: [],
        }
        self._watched: set[int] = set()
        self._waiting: dict[int, _Waiting] = {}

    @property
    def waiting(self) -> int:
        """Connections begun and not yet decided."""
        return len(self._waiting)

    def filenos(self) -> Sequence[int]:
        """The epoll descriptor. Answers that came during send() are there without it."""
        return () if self._epoll.closed else (self._epoll.fileno(),)

    def send(self, batch: ProbeBatch) -> SendReport:
        """Begin the connections of a batch. Stops at the first sign of pressure on us."""
        sent_at = [nan] * len(batch)
        refusals = Refusals(self._book)
        given_up: set[int] = set()
        rows = zip(
            batch["host"].tolist(), batch["port"].tolist(), batch["attempt"].tolist(), strict=True
        )
        for row, (host, port, attempt) in enumerate(rows):
            if host in given_up:
                continue
            try:
                sent_at[row] = self._begin(host, port, attempt)
            except OSError as error:
                refusal = self._refusal(error, host)
                refusals.add(refusal, host)
                if not refusal.lasting:
                    break
                if refusal.whole_host:
                    given_up.add(host)
                else:
                    sent_at[row] = REFUSED
        report = SendReport(np.array(sent_at, np.float64), refusals.problems())
        if self._recorder is not None:
            left = np.isfinite(report.sent_at)
            self._recorder.asked(batch[left], report.sent_at[left], self._book)
        return report

    def probe_packet(self, probe: np.void) -> bytes:
        """Empty: the operating system makes the packets."""
        return b""

    def hardware(self, host: int) -> bytes:
        """Empty: Ethernet addresses are not seen here."""
        return b""

    def await_answers_for(self, seconds: float) -> None:
        """Set ``max_age``."""
        self.max_age = seconds

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self._recorder = recorder

    def drain(self, now: float) -> ReplyBatch:
        """The connections decided so far. Closes those older than ``max_age``."""
        for fd, _ in self._epoll.poll(0, _EVENTS):
            waiting = self._waiting.get(fd)
            if waiting is None:
                continue
            sock, address, host, port, attempt, _ = waiting
            error = sock.connect_ex(address)
            if error != errno.EALREADY:
                del self._waiting[fd]
                self._decide(sock, host, port, attempt, error)
            elif noted := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                del self._waiting[fd]
                self._discard(sock)  # it still tries
                self._answers.add((host, port, attempt, _CONNECTED | noted, monotonic()))
            # else an event left over from the socket's previous use
        self._close_older_than(now - self.max_age)
        replies = self._answers.take()
        if self._recorder is not None:
            self._recorder.answered(replies.records, self._book)
        return replies

    def close(self) -> None:
        """Close every socket. Idempotent."""
        for waiting in self._waiting.values():
            waiting[0].close()
        self._waiting.clear()
        self._close_idle()
        self._watched.clear()
        self._epoll.close()

    def _begin(self, host: int, port: int, attempt: int) -> float:
        """Start one connection; returns when, or NaN for one that met itself. Raises OSError."""
        endpoint = self._endpoints.of(host)
        address = endpoint.address(port)
        sock = self._socket(endpoint.family)
        sent_at = monotonic()
        error = sock.connect_ex(address)
        if error == errno.EINPROGRESS:
            fd = sock.fileno()
            if fd not in self._watched:
                error = sock.connect_ex(address)
                if error == errno.EALREADY:
                    self._watch(sock, fd)
            if fd in self._watched:
                self._waiting[fd] = (sock, address, host, port, attempt, sent_at)
                return sent_at
        elif error not in (0, errno.ECONNREFUSED):
            self._discard(sock)
            if error == errno.EADDRNOTAVAIL and self._is_waiting(host, port):
                return sent_at  # from one port: the kernel repeats the SYN of that connection
            raise OSError(error, "connect")
        return sent_at if self._decide(sock, host, port, attempt, error) else nan

    def _socket(self, family: int) -> socket.SocketType:
        idle = self._idle[family]
        if idle:
            return idle.pop()
        if len(self._waiting) + sum(map(len, self._idle.values())) >= self.max_sockets:
            self._close_idle()  # those of the other family
        if len(self._waiting) >= self.max_sockets:
            raise OSError(errno.EBUSY, "connect")
        return self._wishes.stream(family)

    def _is_waiting(self, host: int, port: int) -> bool:
        return self._wishes.one_port and any(
            waiting[2:4] == (host, port) for waiting in self._waiting.values()
        )

    def _watch(self, sock: socket.SocketType, fd: int) -> None:
        try:
            self._epoll.register(fd, select.EPOLLOUT | select.EPOLLET)
        except OSError:
            sock.close()
            raise
        self._watched.add(fd)

    def _decide(
        self, sock: socket.SocketType, host: int, port: int, attempt: int, error: int
    ) -> bool:
        """Note how a connection ended; False when it had met itself."""
        if error in _ESTABLISHED:
            met_itself = _met_itself(sock)
            self._discard(sock)
            if met_itself and not self._wishes.one_port:
                return False
            # Where the port cannot change, meeting oneself shows that nobody else has it.
            error = errno.ECONNREFUSED if met_itself else 0
        else:
            idle = self._idle[sock.family]
            if len(idle) < _MOST_IDLE:
                idle.append(sock)
            else:
                self._discard(sock)
        if error not in _SILENCE:
            self._answers.add((host, port, attempt, _CONNECTED | error, monotonic()))
        return True

    def _close_older_than(self, limit: float) -> None:
        old = list(takewhile(lambda waiting: waiting[5] <= limit, self._waiting.values()))
        for sock, *_ in old:
            del self._waiting[sock.fileno()]
            self._discard(sock)

    def _close_idle(self) -> None:
        for idle in self._idle.values():
            for sock in idle:
                self._discard(sock)
            idle.clear()

    def _discard(self, sock: socket.SocketType) -> None:
        self._watched.discard(sock.fileno())
        sock.close()

    def _refusal(self, error: OSError, host: int) -> Refusal:
        number = error.errno or errno.EIO
        if number == errno.EADDRNOTAVAIL and self._wishes.one_port:
            return TAKEN
        if number == errno.EADDRNOTAVAIL and self._lacks_source(host):
            return NO_SOURCE
        return refusal_of(number)

    def _lacks_source(self, host: int) -> bool:
        """Whether no address of ours fits the host. EADDRNOTAVAIL also means "no free port"; a
        datagram socket's connect(), which sends nothing, only has the first trouble."""
        endpoint = self._endpoints.of(host)
        try:
            with socket.socket(endpoint.family, socket.SOCK_DGRAM) as probe:
                return probe.connect_ex(endpoint.address(9)) == errno.EADDRNOTAVAIL
        except OSError:
            return False


def _met_itself(sock: socket.SocketType) -> bool:
    try:
        return bool(sock.getsockname() == sock.getpeername())
    except OSError:  # reset already, so there was somebody else
        return False

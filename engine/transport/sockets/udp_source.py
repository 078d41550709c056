"""A UDP socket that probes many hosts, and the probes it awaits answers for."""

from __future__ import annotations

import errno
import socket
from itertools import takewhile
from time import monotonic

from engine.core.batch import UNKNOWN_ATTEMPT
from engine.techniques.answer import AnswerKind, answer_code
from engine.transport.sockets.answers import Answers
from engine.transport.sockets.endpoint import Endpoint, SocketAddress
from engine.transport.sockets.error_queue import ANCILLARY_SIZE, enable_error_queue, parse_errors
from engine.transport.sockets.wishes import SocketWishes

MOST_WAITING = 1 << 16
"""Datagrams per socket whose answers are awaited at once."""

_DATAGRAM = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_RECEIVE_BUFFER = 4 << 20
_DATAGRAM_CAME = answer_code(AnswerKind.UDP, 0)

_FROM_ICMP = frozenset(
    {
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EACCES,
        errno.EPROTO,
        errno.ENOPROTOOPT,
        errno.EOPNOTSUPP,
        errno.EMSGSIZE,
        errno.EHOSTDOWN,
        errno.ENONET,
    }
)
"""What an ICMP error about an earlier datagram makes the next sendto() return, once."""

_SEND_TRIES = 8
_ERRORS_BETWEEN_TRIES = 64


class UdpSource:
    """One unconnected socket of an address family, made as ``wishes`` want it. Raises OSError when
    there is none to be had."""

    def __init__(self, family: int, answers: Answers, wishes: SocketWishes) -> None:
        self._answers = answers
        # (address, port, scope) to (host, attempt, sent at), oldest first
        self._waiting: dict[tuple[str, int, int], tuple[int, int, float]] = {}
        self._socket = socket.SocketType(family, _DATAGRAM, socket.IPPROTO_UDP)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            enable_error_queue(self._socket, family)
            wishes.prepare(self._socket)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def send(self, payload: bytes, endpoint: Endpoint, host: int, port: int, attempt: int) -> float:
        """Send one datagram; returns when. Raises OSError for what our own machine objects to."""
        if len(self._waiting) >= MOST_WAITING:
            raise OSError(errno.EBUSY, "sendto")
        key = (endpoint.text, port, endpoint.scope)
        earlier = self._waiting.pop(key, None)
        if earlier is not None and earlier[1] != attempt:
            attempt = UNKNOWN_ATTEMPT
        sent_at = monotonic()
        self._waiting[key] = (host, attempt, sent_at)
        try:
            self._transmit(payload, endpoint.address(port))
        except OSError:
            del self._waiting[key]
            raise
        return sent_at

    def _transmit(self, payload: bytes, address: SocketAddress) -> None:
        for tries_left in reversed(range(_SEND_TRIES)):
            try:
                self._socket.sendto(payload, address)
                return
            except OSError as error:
                if error.errno not in _FROM_ICMP or not tries_left:
                    raise
                self.receive_errors(_ERRORS_BETWEEN_TRIES)

    def receive_errors(self, most: int) -> None:
        """Take up to ``most`` ICMP errors from the error queue."""
        for _ in range(most):
            try:
                _, ancillary, _, address = self._socket.recvmsg(
                    0, ANCILLARY_SIZE, socket.MSG_ERRQUEUE
                )
            except OSError:
                return
            error = parse_errors(ancillary)
            probe = self._waiting.get(_key(address)) if address else None
            if error is None or probe is None:
                self._answers.rejected += 1
                continue
            from_target = error.sender == address[0]
            code = answer_code(error.kind, error.type << 8 | error.code, from_target)
            self._note(probe, address[1], code)

    def receive_datagrams(self, most: int) -> None:
        """Take up to ``most`` datagrams; the first of each probed port counts."""
        for _ in range(most):
            try:
                _, address = self._socket.recvfrom(1)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error that found no room in the queue; reading cleared it
                continue
            probe = self._waiting.pop(_key(address), None)
            if probe is None:
                self._answers.rejected += 1
            else:
                self._note(probe, address[1], _DATAGRAM_CAME)

    def forget_older_than(self, limit: float) -> None:
        """Stop awaiting answers to what was sent before ``limit``."""
        for key in list(takewhile(lambda key: self._waiting[key][2] <= limit, self._waiting)):
            del self._waiting[key]

    def close(self) -> None:
        """Close the socket."""
        self._waiting.clear()
        self._socket.close()

    def _note(self, probe: tuple[int, int, float], port: int, code: int) -> None:
        host, attempt, _ = probe
        self._answers.add((host, port, attempt, code, monotonic()))


def _key(address: tuple[str, int] | tuple[str, int, int, int]) -> tuple[str, int, int]:
    return address[0], address[1], address[3] if len(address) == 4 else 0

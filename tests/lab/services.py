"""What listens on a lab host: many TCP ports and a few UDP services in one process.

Run as a script inside the host's namespace: ``services.py TCP-PORTS UDP-SERVICES`` where the first
is ``22,80`` and the second ``53=dns,7=echo`` (either may be empty). Prints ``ready`` when all
sockets listen, and ends when its stdin closes, so it cannot outlive the lab.
"""

from __future__ import annotations

import resource
import selectors
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

BACKLOG = 4096
SO_RCVBUFFORCE = 33
"""socket(7): a receive buffer beyond net.core.rmem_max, so that a burst of datagrams is kept."""


def answer_dns(query: bytes) -> bytes | None:
    """The query's header as a "not implemented" response (RFC 1035, section 4.1.1)."""
    if len(query) < 12 or query[2] & 0x80:
        return None
    return query[:2] + bytes([query[2] | 0x80, 0x04]) + bytes(8)


def answer_ntp(query: bytes) -> bytes | None:
    """A server packet for a client packet (RFC 5905, section 7.3)."""
    if len(query) < 48 or query[0] & 7 != 3:
        return None
    return bytes([query[0] & 0x38 | 4, 2]) + query[2:24] + query[40:48] + query[32:48]


def answer_echo(query: bytes) -> bytes | None:
    """The datagram itself (RFC 862)."""
    return query


def answer_nothing(query: bytes) -> bytes | None:
    """A service that keeps silent about what it does not understand."""
    return None


ANSWERS: dict[str, Callable[[bytes], bytes | None]] = {
    "dns": answer_dns,
    "ntp": answer_ntp,
    "echo": answer_echo,
    "silent": answer_nothing,
}


def listener(port: int) -> socket.socket:
    """A TCP listener on every address of both families."""
    server = socket.create_server(
        ("::", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True
    )
    server.setblocking(False)
    return server


def responder(port: int) -> socket.socket:
    """A UDP socket on every address of both families."""
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    server.bind(("::", port))
    server.setblocking(False)
    return server


def accept_all(server: socket.socket) -> None:
    """Take every waiting connection and close it."""
    with suppress(BlockingIOError, ConnectionError):
        while True:
            server.accept()[0].close()


def answer_all(server: socket.socket, answer: Callable[[bytes], bytes | None]) -> None:
    """Answer every waiting datagram."""
    with suppress(BlockingIOError, ConnectionError):
        while True:
            query, sender = server.recvfrom(4096)
            reply = answer(query)
            if reply is not None:
                server.sendto(reply, sender)


def main(tcp_ports: str, udp_services: str) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    for word in filter(None, tcp_ports.split(",")):
        server = listener(int(word))
        selector.register(server, selectors.EVENT_READ, (accept_all, server))
    for word in filter(None, udp_services.split(",")):
        port, _, service = word.partition("=")
        server = responder(int(port))
        action = (answer_all, server, ANSWERS[service])
        selector.register(server, selectors.EVENT_READ, action)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                return
            act, *arguments = key.data
            act(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])

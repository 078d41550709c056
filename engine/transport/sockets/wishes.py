"""What packet options mean to the sockets of the operating system (ip(7), ipv6(7), socket(7))."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Iterable

from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.transport.base import TransportUnavailable
from engine.transport.sockets.error_queue import IPV6_RECVERR

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_ANYWHERE: dict[int, str] = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
_LIFE: dict[int, tuple[int, int]] = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
}

_STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_BIND_REFUSED = {
    errno.EADDRINUSE: "the source port {port} is used by another program\n"
    "choose another port, or the address to send from with -S",
    errno.EACCES: "the source port {port} needs root: without, only ports above 1023 can be used",
    errno.EADDRNOTAVAIL: "{address} is no address of this machine, see ip address",
}
_DEVICE_REFUSED = {
    errno.ENODEV: "there is no interface {interface}, see ip link",
    errno.EPERM: "this system lets only root choose the interface; leave -e out, or run as root",
}


class SocketWishes:
    """Packet options as far as sockets can fulfil them."""

    def __init__(self, options: PacketOptions) -> None:
        self._options = options
        self._source = options.source_address
        self._version = ipaddress.ip_address(self._source).version if self._source else 0

    @property
    def one_port(self) -> bool:
        """Whether everything comes from one port."""
        return self._options.source_port is not None

    def prepare(self, sock: socket.SocketType) -> None:
        """Make a fresh socket fulfil them. Raises OSError: EAFNOSUPPORT when the source address is
        of the other IP version."""
        options, family = self._options, sock.family
        if self._version and family != _FAMILIES[self._version]:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        if options.ttl:
            sock.setsockopt(*_LIFE[family], options.ttl)
        if options.interface:
            _bind_to_device(sock, options.interface)
        if self._source or self.one_port:
            if sock.type & socket.SOCK_STREAM and self.one_port:
                # several connections from one port, each to another place
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._source or _ANYWHERE[family], options.source_port or 0))

    def stream(self, family: int) -> socket.SocketType:
        """A socket to connect with, whose connections end with a reset. Raises OSError."""
        sock = socket.SocketType(family, _STREAM, socket.IPPROTO_TCP)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                # wakes epoll for every ICMPv6 error, as IPv4 does without being asked
                sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            self.prepare(sock)
        except OSError:
            sock.close()
            raise
        return sock

    def try_out(self, kind: int, versions: Iterable[int]) -> None:
        """See whether sockets of a kind can fulfil them. Raises TransportUnavailable."""
        if self._options == AS_USUAL:
            return
        for version in versions:
            if self._version in (0, version):
                with contextlib.closing(socket.socket(_FAMILIES[version], kind)) as sock:
                    self._try_on(sock)

    def _try_on(self, sock: socket.SocketType) -> None:
        refusals = _DEVICE_REFUSED
        try:
            if sock.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if self._options.interface:
                _bind_to_device(sock, self._options.interface)
            refusals = _BIND_REFUSED
            self.prepare(sock)
        except OSError as error:
            text = refusals.get(error.errno or 0, f"the system says: {error.strerror}")
            options = self._options
            raise TransportUnavailable(
                text.format(
                    port=options.source_port, address=self._source, interface=options.interface
                )
            ) from error


def _bind_to_device(sock: socket.SocketType, interface: str) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, os.fsencode(interface))

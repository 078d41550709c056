"""Refusals: why our own machine did not send a probe, told from what the network answered.

Only the direct return of connect() or sendto() is a refusal. The same error number arriving later
(SO_ERROR, the error queue) came from the network and is an answer. What Linux returns was checked
in network namespaces; note that for TCP it does not return EPERM when a netfilter rule drops the
SYN on its way out: such a probe looks unanswered.
"""

from __future__ import annotations

import errno
import os

from msgspec import Struct

from engine.core.addressing import AddressBook
from engine.core.batch import SendProblem


class Refusal(Struct, frozen=True):
    """One way of being refused.

    Attributes:
        errno: the operating system's number.
        lasting: as in SendProblem.
        text: one line; ``{host}`` stands for the address where the refusal is a host's.
        whole_host: as in SendProblem: True when no other port of the host can fare better.
    """

    errno: int
    lasting: bool
    text: str
    whole_host: bool = True


_TABLE = {
    row.errno: row
    for row in (
        Refusal(
            errno.EMFILE,
            False,
            "this process has no file descriptor left; raise the limit with 'ulimit -n'",
        ),
        Refusal(errno.ENFILE, False, "the system has no file descriptor left"),
        Refusal(errno.EBUSY, False, "as many probes await an answer as can be held"),
        Refusal(errno.ENOBUFS, False, "the kernel's send queue is full"),
        Refusal(errno.ENOMEM, False, "the kernel has no memory for more sockets"),
        Refusal(errno.ENOSPC, False, "the kernel watches no more sockets"),
        Refusal(errno.EAGAIN, False, "the send buffer is full or no port is free"),
        Refusal(
            errno.EADDRNOTAVAIL,
            False,
            "all local ports are in use; widen net.ipv4.ip_local_port_range",
        ),
        Refusal(
            errno.EPERM,
            True,
            "this machine's firewall or policy forbids sending to {host}; see 'nft list ruleset'",
            whole_host=False,
        ),
        Refusal(
            errno.EACCES,
            True,
            "this machine may not send to {host}: a prohibiting route ('ip route') or a "
            "broadcast address",
        ),
        Refusal(errno.ENETUNREACH, True, "no route to {host}; check the address and 'ip route'"),
        Refusal(errno.EHOSTUNREACH, True, "no route to {host}; check the address and 'ip route'"),
        Refusal(
            errno.EINVAL,
            True,
            "cannot send to {host}: a blackhole route ('ip route'), or a link-local address "
            "without its interface (write fe80::1%eth0)",
        ),
        Refusal(
            errno.EAFNOSUPPORT,
            True,
            "the source address (-S) is of another IP version than {host}",
        ),
        Refusal(errno.ENETDOWN, True, "the interface towards {host} is down"),
        Refusal(errno.ENODEV, True, "the interface towards {host} is gone; see 'ip link'"),
        Refusal(errno.ENXIO, True, "the interface towards {host} is gone; see 'ip link'"),
    )
}

NO_SOURCE = Refusal(
    errno.EADDRNOTAVAIL,
    True,
    "no address of this machine can be used towards {host}; see 'ip address'",
)

TAKEN = Refusal(
    errno.EADDRNOTAVAIL,
    True,
    "a connection from the source port (-g) is open already to {host}; choose another port",
    whole_host=False,
)

PORT_ZERO = Refusal(
    errno.EINVAL,
    True,
    "the operating system's sockets cannot send UDP to port 0; leave port 0 out for {host}",
    whole_host=False,
)


def refusal_of(number: int) -> Refusal:
    """The refusal an error number means. One without a row is lasting, so that a scan ends."""
    known = _TABLE.get(number)
    return known or Refusal(number, True, "cannot send to {host}: " + os.strerror(number))


class Refusals:
    """The refusals of one send(), gathered into one problem per kind."""

    def __init__(self, book: AddressBook) -> None:
        self._book = book
        self._hosts: dict[Refusal, dict[int, None]] = {}

    def add(self, refusal: Refusal, host: int) -> None:
        """Note that ``host`` met ``refusal``."""
        hosts = self._hosts.setdefault(refusal, {})
        if refusal.lasting:
            hosts[host] = None

    def problems(self) -> tuple[SendProblem, ...]:
        """One SendProblem per kind of refusal; pressure on us names no hosts."""
        return tuple(
            SendProblem(
                refusal.errno,
                tuple(hosts),
                self._text(refusal, hosts),
                refusal.lasting,
                refusal.whole_host,
            )
            for refusal, hosts in self._hosts.items()
        )

    def _text(self, refusal: Refusal, hosts: dict[int, None]) -> str:
        if not hosts:
            return refusal.text
        first = next(iter(hosts))
        name = self._book.text(first)
        if scope := self._book.scope(first):
            name += "%" + "".join(c if c.isprintable() else "?" for c in scope[:32])
        if len(hosts) > 1:
            name += f" and {len(hosts) - 1:,} more"
        return refusal.text.replace("{host}", name)

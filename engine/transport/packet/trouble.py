"""Why a host cannot be reached from here, and the SendProblems made of such troubles."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable

from msgspec import Struct

from engine.core.batch import SendProblem


class Trouble(Struct, frozen=True):
    """Why one host cannot be probed: an error number, words before and after its address.

    ``whole_host`` as in SendProblem.
    """

    errno: int
    what: str
    advice: str
    whole_host: bool = True


NO_ROUTE_ADVICE = "check the address, and this machine's routes with ip route"

_REFUSED = {
    errno.EPERM: ("this machine's firewall refuses packets to", "allow them, or use -sT"),
    errno.EACCES: ("this machine's rules refuse packets to", "look at ip rule and ip route"),
    errno.EMSGSIZE: ("a probe is larger than the link allows to", "raise the link's MTU"),
    errno.ENETUNREACH: ("no route to", NO_ROUTE_ADVICE),
    errno.EHOSTUNREACH: ("no route to", NO_ROUTE_ADVICE),
    errno.ENODEV: ("no such interface on the way to", "check the name behind the % sign"),
}


def refused(error: OSError) -> Trouble:
    """The trouble a failed look-up or system call means for the host it was about."""
    number = error.errno or errno.EIO
    what, advice = _REFUSED.get(number, ("cannot send to", f"the system says: {error.strerror}"))
    return Trouble(number, what, advice, whole_host=number != errno.EPERM)


def silent_neighbour(version: int) -> Trouble:
    """Nobody on the link has the address."""
    protocol = "ARP" if version == 4 else "neighbour discovery"
    return Trouble(
        errno.EHOSTUNREACH,
        f"no {protocol} answer from",
        "no such host is switched on in this network",
    )


def silent_gateway(gateway: str) -> Trouble:
    """The router on the way does not answer on the link."""
    return Trouble(
        errno.EHOSTUNREACH,
        f"no answer from the gateway {gateway} on the way to",
        "check the cable and the gateway's address",
    )


def no_single_host(kind: str) -> Trouble:
    """A broadcast or multicast address."""
    return Trouble(errno.EACCES, f"will not probe the {kind} address", "name single hosts instead")


def no_neighbour() -> Trouble:
    """The host is not on an Ethernet link of ours, so it cannot be asked for there."""
    return Trouble(
        errno.EHOSTUNREACH,
        "no neighbour on the local link is",
        "ask it with -PE or -PS instead",
        whole_host=False,
    )


def other_version() -> Trouble:
    """The source address that was asked for is of the other IP version."""
    return Trouble(
        errno.EAFNOSUPPORT,
        "the source address (-S) is of another IP version than",
        "leave it out, or scan these hosts on their own",
    )


def no_such_probe() -> Trouble:
    """The technique does not exist over the host's IP version."""
    return Trouble(
        errno.EAFNOSUPPORT,
        "the host's IP version has no such probe:",
        "ask it with -PE or -PS instead",
        whole_host=False,
    )


def lost_interface(name: str, happened: str) -> Trouble:
    """The interface to a host went away, is down, or has no carrier."""
    return Trouble(
        errno.ENETDOWN,
        f"interface {name} {happened}, so nothing can be sent to",
        "bring it back and rescan",
    )


def lasting_problems(
    troubles: Iterable[tuple[int, Trouble]], address: Callable[[int], str]
) -> list[SendProblem]:
    """One lasting SendProblem per kind of trouble, naming the first host and counting the rest."""
    hosts: dict[Trouble, list[int]] = {}
    for host, trouble in troubles:
        hosts.setdefault(trouble, []).append(host)
    return [
        SendProblem(
            trouble.errno,
            tuple(dict.fromkeys(some)),
            _line(trouble, list(dict.fromkeys(some)), address),
            lasting=True,
            whole_host=trouble.whole_host,
        )
        for trouble, some in hosts.items()
    ]


def _line(trouble: Trouble, hosts: list[int], address: Callable[[int], str]) -> str:
    others = len(hosts) - 1
    more = f" and {others:,} more" if others else ""
    return f"{trouble.what} {address(hosts[0])}{more}: {trouble.advice}"


def pressure(error: OSError) -> SendProblem:
    """The kernel's queues are full: slow down and send the rest later."""
    text = "the system's send queue is full: sending more slowly"
    return SendProblem(error.errno or errno.ENOBUFS, (), text, lasting=False)

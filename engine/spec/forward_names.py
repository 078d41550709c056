"""The addresses of host names: many looked up side by side, never waiting for long."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

Resolver = Callable[[str], Sequence[str]]
"""Gives the addresses of a host name as text; raises OSError when there are none."""

SILENCE = 12.0
"""Seconds without any answer after which the rest is given up. The C library tries a second server
after 5 seconds and a third after 10 (resolv.conf(5))."""

NO_SERVER = "no DNS server answers; check this machine's DNS settings, or give its address instead"

_AT_ONCE = 16

_Outcome = Sequence[str] | Exception


def system_resolver(name: str) -> list[str]:
    """The addresses the operating system knows for ``name``, in its order of preference.

    Raises OSError when the name does not resolve.
    """
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("is not a host name") from None
    addresses = []
    for family, _, _, _, where in found:
        address = str(where[0])
        if family == socket.AF_INET6 and len(where) == 4 and where[3] and "%" not in address:
            address += f"%{socket.if_indextoname(where[3])}"
        addresses.append(address)
    return addresses


def look_up(
    names: Sequence[str], resolver: Resolver, silence: float = SILENCE
) -> dict[str, Sequence[str] | str]:
    """For each name its addresses, or in words why there are none.

    The resolver is called from threads that nobody waits for in the end: the C library cannot be
    interrupted, and neither Ctrl-C nor a dead DNS server may hang the program.

    Args:
        names: each name once.
        resolver: looks up one name.
        silence: seconds without any answer after which the rest is given up.
    """
    waiting = deque(names)
    finished: SimpleQueue[tuple[str, _Outcome]] = SimpleQueue()

    def work() -> None:
        while waiting:
            try:
                name = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            finished.put((name, _outcome(name, resolver)))

    for _ in range(min(len(names), _AT_ONCE)):
        threading.Thread(target=work, name="look up", daemon=True).start()
    found: dict[str, Sequence[str] | str] = {}
    deadline = time.monotonic() + silence
    while len(found) < len(names):
        try:
            name, outcome = finished.get(timeout=max(deadline - time.monotonic(), 0.0))
        except Empty:
            waiting.clear()
            break
        found[name] = _explained(outcome)
        if found[name] is not NO_SERVER:
            deadline = time.monotonic() + silence
    return {name: found.get(name, NO_SERVER) for name in names}


def _outcome(name: str, resolver: Resolver) -> _Outcome:
    try:
        return resolver(name)
    except Exception as error:
        return error


def _explained(outcome: _Outcome) -> Sequence[str] | str:
    """Addresses, or what an OSError means. Other errors are the program's own and raised here."""
    if not isinstance(outcome, Exception):
        return outcome
    if not isinstance(outcome, OSError):
        raise outcome
    if isinstance(outcome, socket.gaierror) and outcome.errno == socket.EAI_AGAIN:
        return NO_SERVER
    return _printable(outcome.strerror or str(outcome)) or "no reason given"


def _printable(text: str) -> str:
    """Printable ASCII of a text from the resolver, shortened to a line."""
    return "".join(c if " " <= c <= "~" else "?" for c in text[:120])

"""The names of hosts, looked up beside the scan by a thread of its own."""

from __future__ import annotations

import contextlib
import ipaddress
import math
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from engine.names.hosts_file import HOSTS_FILE, read_hosts
from engine.names.resolver import Found, Resolver
from engine.names.servers import RESOLV_CONF, parse_server, system_servers

_CLOSING = 0.08
"""Seconds close() waits for the thread, which is a daemon and ends by itself."""

_AT_ONCE = 256
"""Questions begun between two looks at what has come in."""

_ADVICE = "so names are missing; name servers with --dns-servers, or use -n"


class NameLookup:
    """Finds the names of addresses while the scan goes on: in the hosts file, else by DNS.

    One thread calls ``ask``, ``take`` and ``close``; none of them waits for an answer. Any number
    of hosts may be asked for: few questions are outstanding at a time, the rest waits in a queue.
    Names are made harmless and have at most 253 characters. Servers that stay silent hold up
    nothing for more than about four seconds: then ``trouble`` says so, and whoever is asked for
    afterwards has no name, unless the hosts file knows one.

    Args:
        name_servers: addresses of the servers to ask instead of the system's.
        system_resolver: ask through getnameinfo() instead; also done where the system has no
            resolv.conf and no servers are given.
        hosts_file: a file like hosts(5).
        resolv_conf: a file like resolv.conf(5).

    Attributes:
        trouble: why names are missing, and what to do, in one line; empty while all is well.

    Raises SpecError for a name server that is not an address.
    """

    def __init__(
        self,
        name_servers: Sequence[str] = (),
        system_resolver: bool = False,
        *,
        hosts_file: Path = HOSTS_FILE,
        resolv_conf: Path = RESOLV_CONF,
    ) -> None:
        self.trouble = ""
        self._servers = [parse_server(text) for text in name_servers]
        self._system = system_resolver
        self._hosts_file = hosts_file
        self._resolv_conf = resolv_conf
        self._asked: deque[tuple[int, str]] = deque()
        self._found: deque[Found] = deque()
        self._waiting = 0
        self._closed = False
        self._listens = False
        self._thread: threading.Thread | None = None
        self._bell, self._ear = socket.socketpair()
        for end in (self._bell, self._ear):
            end.setblocking(False)

    @property
    def waiting(self) -> int:
        """Hosts asked for that ``take`` has not returned yet."""
        return self._waiting

    def ask(self, host: int, address: str) -> None:
        """Look up the name of ``address``; ``host`` comes back with it. Nothing is done
        once closed."""
        if self._closed:
            return
        self._waiting += 1
        self._asked.append((host, address))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="names", daemon=True)
            self._thread.start()
        if self._listens:
            self._ring()

    def take(self) -> list[Found]:
        """What was found since the last call: hosts and their names, empty for those without."""
        found = [self._found.popleft() for _ in range(len(self._found))]
        self._waiting -= len(found)
        return found

    def close(self) -> None:
        """Stop; what is not found yet is dropped. Takes 100 ms at most, and may be repeated."""
        if self._closed:
            return
        self._closed = True
        self._ring()
        if self._thread is not None:
            self._thread.join(_CLOSING)
        else:
            self._ear.close()
        self._bell.close()
        self._asked.clear()
        self._found.clear()
        self._waiting = 0

    def _ring(self) -> None:
        """Wake the thread. A bell that is full, or that nobody hears any more, needs no ringing."""
        with contextlib.suppress(OSError):
            self._bell.send(b"\0")

    def _run(self) -> None:
        with contextlib.closing(self._ear):
            names = read_hosts(self._hosts_file)
            self._answer_without_servers(names)
            resolver = None if self._closed else self._resolver()
            if resolver is not None:
                with contextlib.closing(resolver):
                    self._look_up(names, resolver)
            self._look_up(names, None)

    def _answer_without_servers(self, names: dict[bytes, str]) -> None:
        """Answer until closed, or until somebody is asked for whom only a server may know: most
        scans of this machine never need one."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ear, selectors.EVENT_READ)
            while not self._closed:
                while self._asked:
                    host, address = self._asked[0]
                    name = _known(names, address)
                    if name is None:
                        return
                    self._asked.popleft()
                    self._found.append((host, name))
                self._listens = not self._asked
                selector.select(None if self._listens else 0.0)
                self._listens = False
                self._hear()

    def _resolver(self) -> Resolver | None:
        """The way names are asked for; None when there is no server to ask."""
        wanted = not self._servers and not self._resolv_conf.exists()
        if self._system or wanted:
            from engine.names.system import SystemResolver

            return SystemResolver(self._ring)
        servers = self._servers or system_servers(self._resolv_conf)
        if not servers:
            self._fail(f"{self._resolv_conf} names no DNS server")
            return None
        from engine.names.client import DnsClient  # loads dnspython, which takes 0.1 s

        try:
            return DnsClient(servers)
        except OSError as error:
            self._fail(f"DNS cannot be asked: {error.strerror or error}")
            return None

    def _look_up(self, names: dict[bytes, str], resolver: Resolver | None) -> None:
        """Answer until closed, or until ``resolver`` is in trouble. Without one, only ``names``
        is asked."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ear, selectors.EVENT_READ)
            for fileno in resolver.filenos() if resolver else ():
                selector.register(fileno, selectors.EVENT_READ)
            while not self._closed:
                now = time.monotonic()
                self._begin(names, resolver, now)
                if resolver is not None:
                    self._found.extend(resolver.step(now))
                    if resolver.trouble:
                        self._found.extend(resolver.give_up())
                        self._fail(resolver.trouble)
                        return
                # The order matters: whoever queues a host after the pause is known rings the bell.
                self._listens = not self._asked
                selector.select(self._pause(resolver))
                self._listens = False
                self._hear()

    def _begin(self, names: dict[bytes, str], resolver: Resolver | None, now: float) -> None:
        """Take hosts from the queue, as many as may be asked for at once."""
        for _ in range(_AT_ONCE):
            if not self._asked or (resolver is not None and resolver.room <= 0):
                return
            host, address = self._asked.popleft()
            name = _known(names, address)
            if name is None and resolver is not None:
                resolver.ask(host, address, now)
            else:
                self._found.append((host, name or ""))

    def _pause(self, resolver: Resolver | None) -> float | None:
        """Seconds until there is something to do even if nothing comes in; None for ever."""
        if self._asked and (resolver is None or resolver.room > 0):
            return 0.0
        due = resolver.wake_at() if resolver is not None else math.inf
        return None if due == math.inf else max(due - time.monotonic(), 0.0)

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            while self._ear.recv(4096):
                pass

    def _fail(self, reason: str) -> None:
        self.trouble = f"{reason}, {_ADVICE}"


def _known(names: dict[bytes, str], address: str) -> str | None:
    """The name of an address as far as no server is needed; None where one may know better. No
    server knows the loopback addresses of this machine (RFC 6303 section 4)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return names.get(parsed.packed, "" if parsed.is_loopback else None)

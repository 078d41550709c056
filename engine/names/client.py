"""A DNS client for many PTR questions at once, to several servers side by side."""

from __future__ import annotations

import math
import secrets
import socket
from collections.abc import Sequence

import dns.name
from msgspec import Struct, field

from engine.names.patience import SILENCE, Patience
from engine.names.resolver import Found
from engine.names.servers import NameServer
from engine.names.wire import question, read_answer, reverse_name

TRIES = (0.75, 1.25, SILENCE - 2.0)
"""Seconds each copy of a question is waited for. The next copy goes to the next server, and a late
answer to an earlier copy still counts."""

FIRST_WINDOW = 32
WIDEST_WINDOW = 150
"""Questions outstanding at one server: what dnsmasq accepts at once (its dns-forward-max)."""

_MOST_ALIASES = 8
_MOST_REFUSALS = 3
_LARGEST_ANSWER = 4096
_AT_ONCE = 64
"""Datagrams read from one socket per step."""


class _Question(Struct, eq=False):
    """A question, which may be outstanding at several servers.

    Attributes:
        host: index of the host.
        name: the domain asked for.
        copies: under which number it is outstanding, by server.
        server: where the last copy went.
        tries: copies sent since the last answer.
        deadline: when the last copy is given up.
        aliases: CNAME records followed from answer to answer.
    """

    host: int
    name: dns.name.Name
    server: _Server
    copies: dict[_Server, int] = field(default_factory=dict)
    tries: int = 0
    deadline: float = 0.0
    aliases: int = 0


class _Server:
    """One server: a connected socket, which only hears this server, and what is asked there.

    The window widens with each answer and halves with each time-out, so a dead server soon holds
    no more than one question back, and a weak one is not flooded.
    """

    def __init__(self, server: NameServer) -> None:
        self.text = server.text
        self.outstanding: dict[int, _Question] = {}
        self.window = FIRST_WINDOW
        self.refusals = 0
        self.socket = socket.socket(server.family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        try:
            self.socket.connect(server.where)
        except OSError:
            self.refusals = _MOST_REFUSALS

    @property
    def refuses(self) -> bool:
        """Nobody listens there, or there is no way to it."""
        return self.refusals >= _MOST_REFUSALS

    @property
    def room(self) -> int:
        return 0 if self.refuses else max(self.window - len(self.outstanding), 0)

    def answered(self) -> None:
        self.refusals = 0
        self.window = min(self.window + 1, WIDEST_WINDOW)

    def timed_out(self) -> None:
        self.window = max(self.window // 2, 1)

    def free_number(self) -> int:
        """An unpredictable number: together with the port it is what a forger has to guess."""
        while (number := secrets.randbits(16)) in self.outstanding:
            pass
        return number

    def receive(self) -> bytes | None:
        """The next datagram; None when there is none. Raises OSError when the server refuses."""
        try:
            return self.socket.recv(_LARGEST_ANSWER)
        except (BlockingIOError, InterruptedError):
            return None


class DnsClient:
    """Asks DNS servers for the names of addresses. A :class:`engine.names.resolver.Resolver`.

    An answer counts when it comes from the server that was asked and repeats the number and the
    question. Raises OSError when sockets cannot be made.
    """

    def __init__(self, servers: Sequence[NameServer]) -> None:
        self.trouble = ""
        self._servers: list[_Server] = []
        self._questions: dict[_Question, None] = {}
        self._patience = Patience()
        self._next_deadline = math.inf
        try:
            for server in servers:
                self._servers.append(_Server(server))
        except OSError:
            self.close()
            raise

    @property
    def room(self) -> int:
        """How many more questions may be asked now."""
        return sum(server.room for server in self._servers)

    @property
    def outstanding(self) -> int:
        """Questions without an answer so far."""
        return len(self._questions)

    def filenos(self) -> list[int]:
        """The sockets answers arrive at."""
        return [server.socket.fileno() for server in self._servers]

    def wake_at(self) -> float:
        """When the next copy is due; infinity when nothing is outstanding."""
        return self._next_deadline if self._questions else math.inf

    def ask(self, host: int, address: str, now: float) -> None:
        """Ask the server with the most room for a name. Raises ValueError for a bad address."""
        name = reverse_name(address)
        if not self._questions:
            self._patience.begin(now)
        server = max(self._servers, key=lambda one: one.room)
        asked = _Question(host, name, server)
        self._questions[asked] = None
        self._send(asked, server, now)

    def step(self, now: float) -> list[Found]:
        """Read the answers, send again what is overdue, and return the names found."""
        found: list[Found] = []
        for server in self._servers:
            self._read(server, found, now)
        if now >= self._next_deadline:
            self._expire(found, now)
        self._judge(now)
        return found

    def give_up(self) -> list[Found]:
        """Drop all questions: each host without a name."""
        hosts = [(asked.host, "") for asked in self._questions]
        for asked in list(self._questions):
            self._forget(asked)
        return hosts

    def close(self) -> None:
        """Close the sockets."""
        for server in self._servers:
            server.socket.close()

    def _send(self, asked: _Question, server: _Server, now: float) -> None:
        number = asked.copies.get(server)
        if number is None:
            number = asked.copies[server] = server.free_number()
            server.outstanding[number] = asked
        asked.server = server
        asked.deadline = now + TRIES[asked.tries]
        asked.tries += 1
        try:
            server.socket.send(question(asked.name, number))
        except (BlockingIOError, InterruptedError):
            pass  # the kernel's buffer is full: as good as lost on the way
        except OSError:
            self._refused(server, now)
        self._next_deadline = min(self._next_deadline, asked.deadline)

    def _read(self, server: _Server, found: list[Found], now: float) -> None:
        for _ in range(_AT_ONCE):
            try:
                data = server.receive()
            except OSError:
                self._refused(server, now)
                return
            if data is None:
                return
            self._take(server, data, found, now)

    def _take(self, server: _Server, data: bytes, found: list[Found], now: float) -> None:
        asked = server.outstanding.get(int.from_bytes(data[:2]))
        answer = read_answer(data, asked.name) if asked is not None else None
        if asked is None or answer is None:
            return
        server.answered()
        self._patience.answered(now)
        if answer.failed:
            if asked.server is not server:
                return  # a later copy is still waited for elsewhere
            if self._untried(asked) is not None:
                asked.deadline = self._next_deadline = now
                return
        self._forget(asked)
        if answer.alias is not None and asked.aliases < _MOST_ALIASES:
            onward = _Question(asked.host, answer.alias, server, aliases=asked.aliases + 1)
            self._questions[onward] = None
            self._send(onward, server, now)
        else:
            found.append((asked.host, answer.name))

    def _refused(self, server: _Server, now: float) -> None:
        """A port unreachable, or no route: the copies sent there are lost."""
        server.refusals += 1
        for asked in server.outstanding.values():
            if asked.server is server:
                asked.deadline = self._next_deadline = now

    def _expire(self, found: list[Found], now: float) -> None:
        for asked in [one for one in self._questions if one.deadline <= now]:
            asked.server.timed_out()
            following = self._untried(asked) or asked.server
            if asked.tries < len(TRIES):
                self._send(asked, following, now)
            else:
                self._patience.gave_up()
                self._forget(asked)
                found.append((asked.host, ""))
        self._next_deadline = min((one.deadline for one in self._questions), default=math.inf)

    def _untried(self, asked: _Question) -> _Server | None:
        """A server that has not been asked this yet; None when there is none."""
        rest = [one for one in self._servers if one not in asked.copies and not one.refuses]
        return max(rest, key=lambda one: one.window, default=None)

    def _forget(self, asked: _Question) -> None:
        del self._questions[asked]
        for server, number in asked.copies.items():
            del server.outstanding[number]

    def _judge(self, now: float) -> None:
        servers = ", ".join(server.text for server in self._servers)
        if all(server.refuses for server in self._servers):
            self.trouble = f"no DNS server can be reached ({servers})"
        elif self._patience.is_over(now):
            self.trouble = f"no DNS server has answered for {SILENCE:.0f} seconds ({servers})"

"""Names through the operating system: getnameinfo(3), one call per name, a few at a time."""

from __future__ import annotations

import math
import socket
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from msgspec import Struct

from engine.names.patience import SILENCE, Patience
from engine.names.resolver import Found
from engine.names.wording import readable

AT_ONCE = 16
"""Calls that run side by side, each in a thread of its own. They cannot be interrupted, so the
threads are daemons, and what one is stuck in is given up after SILENCE seconds."""


class NoAnswerError(Exception):
    """The system could not find out: no server answered."""


def system_name(address: str) -> str:
    """The name the system knows for an address; empty when there is none.

    Blocks for as long as the system takes. Raises NoAnswerError.
    """
    try:
        where = socket.getaddrinfo(address, 0, flags=socket.AI_NUMERICHOST)[0][4]
        return readable(socket.getnameinfo(where, socket.NI_NAMEREQD)[0])
    except socket.gaierror as error:
        if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
            raise NoAnswerError from None
        return ""
    except (OSError, UnicodeError):
        return ""


class _Call(Struct, eq=False):
    """One call, for one host, and when it is given up."""

    host: int
    deadline: float


class SystemResolver:
    """Asks the operating system. A :class:`engine.names.resolver.Resolver`.

    Args:
        wake: called from another thread when there is something to do for ``step``.
        name_of: finds one name, or raises NoAnswerError.
    """

    def __init__(
        self, wake: Callable[[], None], name_of: Callable[[str], str] = system_name
    ) -> None:
        self.trouble = ""
        self._wake = wake
        self._name_of = name_of
        self._calls: SimpleQueue[tuple[_Call, str] | None] = SimpleQueue()
        self._finished: deque[tuple[_Call, str | None]] = deque()
        self._threads = 0
        self._busy = 0
        self._outstanding: dict[_Call, None] = {}
        self._patience = Patience()

    @property
    def room(self) -> int:
        """How many more calls may begin now; calls that were given up still run."""
        return AT_ONCE - self._busy

    def filenos(self) -> list[int]:
        """Nothing to wait for: ``wake`` is called instead."""
        return []

    def wake_at(self) -> float:
        """When the oldest call is given up."""
        return min((call.deadline for call in self._outstanding), default=math.inf)

    def ask(self, host: int, address: str, now: float) -> None:
        """Have a thread ask for one name."""
        if not self._outstanding:
            self._patience.begin(now)
        call = _Call(host, now + SILENCE)
        self._outstanding[call] = None
        self._busy += 1
        if self._threads < self._busy:
            self._threads += 1
            threading.Thread(target=self._work, name="getnameinfo", daemon=True).start()
        self._calls.put((call, address))

    def step(self, now: float) -> list[Found]:
        """The names found, and the hosts whose call takes too long."""
        found: list[Found] = []
        while self._finished:
            call, name = self._finished.popleft()
            self._busy -= 1
            if call not in self._outstanding:
                continue
            del self._outstanding[call]
            if name is None:
                self._patience.gave_up()
            else:
                self._patience.answered(now)
            found.append((call.host, name or ""))
        for call in [one for one in self._outstanding if one.deadline <= now]:
            del self._outstanding[call]
            self._patience.gave_up()
            found.append((call.host, ""))
        if self._patience.is_over(now):
            self.trouble = f"the system's resolver has given no answer for {SILENCE:.0f} seconds"
        return found

    def give_up(self) -> list[Found]:
        """Drop all calls: each host without a name."""
        hosts = [(call.host, "") for call in self._outstanding]
        self._outstanding.clear()
        return hosts

    def close(self) -> None:
        """Let the threads end when their calls do."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _work(self) -> None:
        while (wanted := self._calls.get()) is not None:
            call, address = wanted
            try:
                name: str | None = self._name_of(address)
            except NoAnswerError:
                name = None
            self._finished.append((call, name))
            self._wake()

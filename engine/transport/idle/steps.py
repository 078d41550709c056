"""Procedures of an idle scan as generators: they yield what shall be done and never touch a clock
or a socket. The Player performs them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Ask(Struct, frozen=True):
    """Probe the zombie and wait for its answer, ``timeout`` seconds at most: the generator is
    resumed with a Reading, or None for silence."""

    timeout: float


class Forge(Struct, frozen=True):
    """Send one packet in another's name: a SYN from the zombie to the target's ``port``, or, where
    that is None, a SYN/ACK from the target to the zombie."""

    port: int | None = None


class AskForIds(Struct, frozen=True):
    """Over IPv6, tell the zombie that its packets to us, or to the target, are too big: it then
    puts fragment headers, which carry ids, on all of them (RFC 6946). Over IPv4 nothing is sent."""

    to_target: bool


class Pause(Struct, frozen=True):
    """Let ``seconds`` pass."""

    seconds: float


class Reading(Struct, frozen=True):
    """The IP id of the zombie's answer, and the seconds it took."""

    identifier: int
    rtt: float


Packet = Ask | Forge | AskForIds
Action = Packet | Pause
Steps = Generator[Action, Reading | None, T]


class ZombieRefused(Exception):  # noqa: N818 - it reads as the state it is
    """The zombie cannot be used. The text says why and what to try."""


class TargetRefused(Exception):  # noqa: N818 - as above
    """The zombie can be used, but not for this target. The text says why and what to try."""


class Player(Generic[T]):
    """Performs one procedure on a clock in seconds.

    Args:
        steps: the procedure.
        perform: sends the packet of an action at once.
    """

    def __init__(self, steps: Steps[T], perform: Callable[[Packet], None]) -> None:
        self._steps = steps
        self._perform = perform
        self._answer: Reading | None = None
        self._asked_at: float | None = None
        self._due = float("-inf")
        self.done = False
        self.result: T | None = None

    @property
    def due(self) -> float:
        """When advance() has something to do, unless an answer comes first."""
        return self._due

    def advance(self, now: float) -> None:
        """Do all that can be done by now. Raises what the procedure or ``perform`` raises."""
        while not self.done and now >= self._due:
            answer, self._answer, self._asked_at = self._answer, None, None
            try:
                action = self._steps.send(answer)
            except StopIteration as end:
                self.done, self.result = True, end.value
                return
            if isinstance(action, Ask):
                self._due, self._asked_at = now + action.timeout, now
                self._perform(action)
            elif isinstance(action, Pause):
                self._due = now + action.seconds
            else:
                self._perform(action)

    def hear(self, identifier: int, arrived: float) -> None:
        """The answer to the last Ask came in; no news when nothing is waited for."""
        if self._asked_at is not None:
            self._answer = Reading(identifier, max(arrived - self._asked_at, 0.0))
            self._due, self._asked_at = float("-inf"), None

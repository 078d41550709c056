"""A zombie and its target on a virtual clock: loss, delay, and traffic of the zombie's own."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from engine.transport.idle.steps import Ask, AskForIds, Packet, Player, Steps
from engine.transport.idle.zombie import Zombie

T = TypeVar("T")
TARGET, US = "target", "us"


def swapped(number: int) -> int:
    return (number & 0xFF) << 8 | number >> 8


@dataclass
class SimulatedZombie:
    """Times in seconds, ``noise`` in packets per second to other hosts, ``loss`` per packet."""

    opened: frozenset[int] = frozenset()
    kind: str = "incremental"
    loss: float = 0.0
    noise: float = 0.0
    delay: float = 0.01
    start: int = 0
    silent: bool = False
    forging: bool = True
    seed: int = 0
    now: float = 0.0
    forged: int = 0
    asked_for_ids: list[bool] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _serial: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._counters = {TARGET: self.start, US: self.start}
        if self.noise:
            self._make_noise()

    def perform(self, steps: Steps[T]) -> T:
        """Run a procedure to its end. Raises what it raises; fails after an hour."""
        player = Player(steps, self._perform)
        self._player = player
        player.advance(self.now)
        while not player.done:
            due = min(player.due, self._events[0][0] if self._events else player.due)
            self.now = max(self.now, due)
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()
            player.advance(self.now)
            assert self.now < 3600
        return cast(T, player.result)

    def _perform(self, action: Packet) -> None:
        if isinstance(action, Ask):
            asked = self.now
            self._travel(lambda: self._reset(US, lambda number: self._answer(number, asked)))
            return
        if isinstance(action, AskForIds):
            self.asked_for_ids.append(action.to_target)
            return
        self.forged += 1
        if not self.forging:
            return
        if action.port is None:
            self._travel(lambda: self._reset(TARGET))
        elif action.port in self.opened:
            self._travel(lambda: self._travel(lambda: self._reset(TARGET)))

    def _answer(self, number: int, asked: float) -> None:
        if self._asked == asked:
            self._player.hear(number, self.now)

    @property
    def _asked(self) -> float | None:
        return self._player._asked_at

    def _reset(self, to: str, then: Callable[[int], None] | None = None) -> None:
        number = self._next(to)
        if then is not None and not self.silent:
            answer = then
            self._travel(lambda: answer(number))

    def _next(self, to: str) -> int:
        counter = to if self.kind == "per host" else US
        step = 2 if self.kind == "by two" else 1
        if self.kind == "random":
            return self._random.randrange(65536)
        if self.kind != "constant":
            self._counters[counter] = (self._counters[counter] + step) & 0xFFFF
        number = self._counters[counter]
        return swapped(number) if self.kind == "little-endian" else number

    def _travel(self, arrive: Callable[[], None]) -> None:
        if self._random.random() >= self.loss:
            self._later(self.delay, arrive)

    def _make_noise(self) -> None:
        def send() -> None:
            if self.kind != "per host":
                self._next("somebody else")
            self._make_noise()

        self._later(self._random.expovariate(self.noise), send)

    def _later(self, seconds: float, event: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._events, (self.now + seconds, self._serial, event))


def examined(world: SimulatedZombie) -> Zombie:
    zombie = Zombie("the zombie 10.0.0.9")
    world.perform(zombie.examine())
    return zombie

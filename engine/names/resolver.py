"""What the look-up thread needs of a way to find names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Found = tuple[int, str]
"""A host's index and its name; empty when it has none."""


class Resolver(Protocol):
    """A way to find names. Used by one thread; times are seconds of a monotonic clock.

    Attributes:
        trouble: why asking on is pointless, for the user; empty while it is not.
    """

    trouble: str

    @property
    def room(self) -> int:
        """How many more questions may be asked now."""

    def filenos(self) -> Sequence[int]:
        """What to wait for before the next step."""

    def wake_at(self) -> float:
        """When the next step is due at the latest; infinity when nothing is outstanding."""

    def ask(self, host: int, address: str, now: float) -> None:
        """Ask for one name. Raises ValueError for what is no address."""

    def step(self, now: float) -> list[Found]:
        """Read what has come, ask again what got lost, and return what is found. Never blocks."""

    def give_up(self) -> list[Found]:
        """Drop all that is outstanding: each such host without a name."""

    def close(self) -> None:
        """Let go of sockets and threads, without waiting."""

"""Being told to end: the terminal was closed (SIGHUP), or someone said so (SIGTERM).

A program on a terminal that is gone can hang on its own output, where no event loop helps. So the
handlers are the process's own, and a thread makes an end when the program does not find one itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = ("SIGTERM", "SIGHUP")
GRACE = 5.0
"""Seconds the program has to end by itself."""
LAST_GRACE = 30.0
"""Seconds that what is done last may take after that."""


@contextlib.contextmanager
def minding_signals(leave: Callable[[int], None], last: Callable[[], object]) -> Iterator[None]:
    """While inside, a signal ends the program tidily.

    Args:
        leave: begins the end with this exit code; called in the main thread.
        last: what is to be done before the process ends all the same, GRACE seconds later; called
            in a thread of its own, and given LAST_GRACE seconds.

    A second signal ends the process at once.
    """

    def end_anyway(code: int) -> None:
        try:
            last()
        finally:
            os._exit(code)

    def told(number: int, _: FrameType | None) -> None:
        code = 128 + number
        if watches:
            os._exit(code)  # told twice
        for seconds, end in ((GRACE, end_anyway), (GRACE + LAST_GRACE, os._exit)):
            watch = threading.Timer(seconds, end, (code,))
            watch.daemon = True
            watches.append(watch)
            watch.start()
        leave(code)

    watches: list[threading.Timer] = []
    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, told) for number in numbers}
    try:
        yield
    finally:
        for watch in watches:
            watch.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)

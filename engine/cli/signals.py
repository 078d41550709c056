"""Ctrl-C and SIGTERM end a scan in good order: what was found is still written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Protocol as Interface

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 2
"""Signals taken in good order; the next one ends the process at once."""


class Cancellable(Interface):
    """A running scan."""

    def cancel(self) -> None:
        """Stop it soon."""


def interrupt_on_sigterm() -> None:
    """Let SIGTERM raise KeyboardInterrupt as SIGINT does, while there is no scan to cancel yet."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextmanager
def cancelled_by_signals(scan: Cancellable) -> Iterator[None]:
    """Within this context the first SIGINT or SIGTERM cancels ``scan``.

    It stays in force afterwards, so that the output is whole when the user presses Ctrl-C while it
    is written; the third signal ends the process. A handler runs in the middle of whatever the main
    thread does and may take no lock, so it only posts to a queue (SimpleQueue.put is reentrant)
    that a thread of its own reads: the scan stops even while the main thread is stuck writing to
    a slow pipe.
    """
    requests: SimpleQueue[bool] = SimpleQueue()
    seen = 0

    def request(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        seen += 1
        requests.put(True)
        if seen == _PATIENCE:
            for one in _SIGNALS:
                signal.signal(one, signal.SIG_DFL)

    def obey() -> None:
        while requests.get():
            scan.cancel()

    obeying = threading.Thread(target=obey, name="pyscan-signals", daemon=True)
    obeying.start()
    for number in _SIGNALS:
        signal.signal(number, request)
    try:
        yield
    finally:
        requests.put(False)
        obeying.join()

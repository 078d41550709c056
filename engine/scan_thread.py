"""ScanThread: the thread of one scan, what it is told to do, and the pictures it makes of itself.

Commands may be given from any thread; they are carried out in the order given, between two turns of
the scan. Snapshots are made when somebody asked for one, and never so often that the scan suffers.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from engine.core.progress import Progress
from engine.results.snapshot import Snapshot
from engine.results.store import StoreFullError
from engine.spec.error import SpecError
from engine.steering import SteeredScan

_PUBLISH_SHARE = 10
"""Snapshots may cost at most one part in this many of the engine thread's time."""
_MOST_OUTCOMES = 20
_FASTEST_PUBLISH = 0.04
_PROGRESS_EVERY = 0.1
"""Seconds."""


class ScanThread:
    """Runs one scan. ``linger``: also after it is over, until close()."""

    def __init__(self, scan: SteeredScan, *, linger: bool) -> None:
        self._scan = scan
        self._linger = linger
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._outcomes: deque[str] = deque(maxlen=_MOST_OUTCOMES)
        self._bell = threading.Event()
        self._ended = threading.Event()
        self._closing = False
        self._wanted = True
        self._snapshot = scan.publish()
        self._publish_after = 0.0
        self._progress = self._snapshot.progress
        self._progress_after = 0.0
        self._thread = threading.Thread(target=self._run, name="pyscan-engine", daemon=True)

    # ---------------------------------------------------------------- life

    def start(self) -> None:
        """Open the transport and begin. Raises TransportUnavailable when rights are missing."""
        self._scan.start()
        self._publish()
        self._thread.start()

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread's end, ``timeout`` seconds at most; True when it has ended."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def wait(self, timeout: float) -> bool:
        """Wait for the end of a scan that does not linger, ``timeout`` seconds at most; True when
        nothing changes any more. Its descriptors may still be on their way back."""
        return self._ended.wait(timeout)

    def close(self) -> bool:
        """End the scan and the thread and give back every descriptor; True when that is done.
        Idempotent."""
        self._closing = True
        self._ring()
        ended = self.join(5.0)
        if ended:
            self._scan.close()
        return ended

    def _run(self) -> None:
        scan = self._scan
        try:
            while not self._closing:
                self._obey()
                if scan.phase.over:
                    if not self._linger:
                        break
                    self._publish()
                    self._bell.wait()
                    self._bell.clear()
                    continue
                scan.turn()
                self._publish_when_due()
        except Exception as error:
            scan.fail(f"the engine stopped: {type(error).__name__}: {error}")
        finally:
            if not scan.phase.over:
                scan.cancel()
            self._publish(last=True)
            self._ended.set()
            scan.close()

    # ---------------------------------------------------------------- commands

    def give(self, command: Callable[[], None]) -> None:
        """Have a command carried out, within 0.1 s."""
        self._commands.put(command)
        self._ring()

    def _ring(self) -> None:
        self._bell.set()
        if self.alive:
            self._scan.transport.wake()

    def _obey(self) -> None:
        log = self._scan.log
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            self._scan.catch_up()
            before = log.newest
            try:
                command()
            except (SpecError, StoreFullError) as error:
                log.add(self._scan.age, 0, f"not done: {error}")
            self._outcomes.extend(line.text for line in log.lines(before, 0))
            self._publish()

    def take_outcomes(self) -> tuple[str, ...]:
        """What the commands carried out since the last call have changed, one line for each, or why
        one could not be carried out. The log has the same lines."""
        found = []
        while self._outcomes:
            found.append(self._outcomes.popleft())
        return tuple(found)

    # ---------------------------------------------------------------- pictures

    @property
    def newest(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def snapshot(self) -> Snapshot:
        """The newest snapshot, at once; asking has a newer one prepared."""
        self._wanted = True
        return self._snapshot

    @property
    def progress(self) -> Progress:
        """The figures alone, fresh without the cost of a snapshot."""
        return self._progress

    def _publish(self, *, last: bool = False) -> None:
        self._wanted = False
        began = time.monotonic()
        self._snapshot = self._scan.publish(last=last)
        self._progress = self._snapshot.progress
        cost = time.monotonic() - began
        self._publish_after = began + max(_FASTEST_PUBLISH, cost * _PUBLISH_SHARE)

    def _publish_when_due(self) -> None:
        now = time.monotonic()
        if self._wanted and now >= self._publish_after:
            self._publish()
        elif now >= self._progress_after:
            self._progress = self._scan.progress()
            self._progress_after = now + _PROGRESS_EVERY

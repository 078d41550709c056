"""A companion thread that shares the sending.

A system call that sends hundreds of packets runs outside Python's lock, so two threads send on two
processors at once. On a veth pair, where the receiver's stack runs inside the sender's call, that
nearly halves the time. The companion begins at once, while the thread that gave the work reads
answers; when that one has nothing else to do, it takes part in what is left.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Generic, TypeVar

_T = TypeVar("_T")
_Job = Callable[[int], _T]
"""Is told the number of the thread that does it: 0 for the one that gave it, 1 for the other."""


class SharedWork(Generic[_T]):
    """Jobs that two threads do, each when it has time."""

    def __init__(self, jobs: Iterable[_Job[_T]]) -> None:
        self._jobs = deque(jobs)
        self._results: list[_T] = []
        self._errors: list[BaseException] = []
        self._left = threading.Event()

    def take_part(self) -> None:
        """Do jobs until the last: the companion has that to do while its next work is prepared."""
        self._work(0, leave=1)

    def finish(self) -> list[_T]:
        """Take part, and wait until all is done; the results of all jobs, in the order they ended.
        Raises what a job raised; no job is begun after that."""
        self._work(0)
        self._left.wait()
        if self._errors:
            raise self._errors[0]
        return self._results

    def assist(self) -> None:
        """The companion's part."""
        self._work(1)
        self._left.set()

    def _work(self, thread: int, leave: int = 0) -> None:
        while len(self._jobs) > leave:
            try:
                job = self._jobs.popleft()
            except IndexError:
                return
            try:
                self._results.append(job(thread))
            except BaseException as error:  # raised by finish(), to the thread that asked
                self._errors.append(error)
                self._jobs.clear()


class Companion(Generic[_T]):
    """One more thread, started when it is first needed and ended by close()."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[SharedWork[_T] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, jobs: Iterable[_Job[_T]]) -> SharedWork[_T]:
        """Let the companion begin with jobs. Whoever asks must finish() them."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="pyscan-sender", daemon=True)
            self._thread.start()
        work = SharedWork(jobs)
        self._tasks.put(work)
        return work

    def _serve(self) -> None:
        while (work := self._tasks.get()) is not None:
            work.assist()

    def wait(self) -> None:
        """Until the companion has nothing to do."""
        self.begin(()).finish()

    def close(self) -> None:
        """End the thread, after the work it has. Idempotent."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None

"""Admission: hosts that are scanned unasked whether they are up become work, window by window.

Up to HUGE cells (hosts x ports) all hosts are admitted at once, every one has its row in every view
and nothing is ever let go. A larger scan admits the next window of hosts, in the order of the
target set, when the probes that wait run low, and lets those go of which not one port answered
(engine.core.quiet_hosts): it begins at once and its memory stays that of the hosts under way and
of those that answered, however many addresses there are. Once huge, a scan stays so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.core.scan_core import ScanCore
from engine.results.store import Store

HUGE = 1 << 22
"""Cells from which a scan is admitted in windows: 48 MB, and as much again for pictures of them."""
_WINDOW = 1 << 18
"""Cells of a window: some seconds of work at the rates of a fast link."""
_LEAST_HOSTS = 256
"""Hosts of a window at least, so that slow hosts have others beside them."""
_MOST_OPEN = 1 << 23
"""Undecided cells beyond which no further hosts are admitted."""

_MOST_OFFERED = 1 << 16
"""Hosts that may be on offer before no further ones should be."""

Task = Callable[[NDArray[np.uint32]], None]
"""Makes hosts (uint32, each once) work."""


_NOTHING = np.empty(0, np.uint32)


class _Stretch(Struct):
    """A task for the hosts from ``next`` to before ``end``, but for ``done`` (ascending), that asks
    ``channels`` for the first time."""

    next: int
    end: int
    task: Task
    channels: NDArray[np.uint32]
    done: NDArray[np.uint32] = field(default_factory=_NOTHING.copy)

    def hosts(self, end: int) -> NDArray[np.uint32]:
        """Its hosts up to before ``end``."""
        hosts = np.arange(self.next, end, dtype=np.uint32)
        low, high = np.searchsorted(self.done, (self.next, end))
        return np.delete(hosts, self.done[low:high] - self.next) if high > low else hosts


class Admission:
    """Feeds a core with hosts.

    Attributes:
        huge: whether the scan is admitted in windows and quiet hosts are let go.
    """

    def __init__(self, core: ScanCore, store: Store, shards: int = 1) -> None:
        """``shards``: parts that the work is shared out to, of which this scan does one."""
        self._core = core
        self._store = store
        self._shards = shards
        core.quiet.owes = self.owes
        self._stretches: deque[_Stretch] = deque()
        self._offers: deque[tuple[NDArray[np.uint32], Task]] = deque()
        self.huge = False

    @property
    def full(self) -> bool:
        """Whether so many hosts are on offer that no further ones should be offered for now."""
        return self._offered > _MOST_OFFERED

    @property
    def waiting(self) -> bool:
        """Whether hosts wait to be admitted."""
        return bool(self._stretches or self._offers)

    @property
    def _offered(self) -> int:
        return sum(len(hosts) for hosts, _ in self._offers)

    def expect(self, hosts: int) -> None:
        """So many hosts will be scanned, wherever they come from."""
        self.huge = self.huge or hosts * len(self._store.channels) > HUGE

    @property
    def cells_left(self) -> int:
        """About how many cells of hosts that wait for admission are still to be asked."""
        cells = sum((one.end - one.next) * len(one.channels) for one in self._stretches)
        return cells // self._shards + self.cells_of(self._offered)

    def cells_of(self, hosts: int) -> int:
        """About how many cells of so many hosts this scan asks."""
        return hosts * len(self._store.channels) // self._shards

    def offer(self, hosts: NDArray[np.uint32], task: Task) -> None:
        """Give these hosts, which are new, to ``task`` as the core has room for them."""
        if len(hosts):
            self._offers.append((hosts, task))

    def add(self, first: int, end: int, task: Task) -> None:
        """Give the hosts from ``first`` to before ``end``, which are new, to ``task`` as the core
        has room for them. Raises StoreFullError."""
        channels = self._store.channels
        self.expect(end)
        self._stretches.append(_Stretch(first, end, task, channels))
        self.step()

    def again(self, task: Task, channels: NDArray[np.uint32] = _NOTHING) -> None:
        """Give the hosts that were let go to ``task``, which has to take them back, as the core has
        room for them; it asks ``channels`` of them that were not asked before. What concerns hosts
        with a row is the caller's business."""
        if self._store.released_below:
            done = np.sort(self._store.admitted)
            self._stretches.append(_Stretch(0, self._store.released_below, task, channels, done))

    def owes(self, hosts: NDArray[np.uint32], channels: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which cells (n,) are still to be asked for the first time by what waits here."""
        owed = np.zeros(len(hosts), bool)
        for one in self._stretches:
            owed |= (hosts >= one.next) & (hosts < one.end) & np.isin(channels, one.channels)
        return owed

    def step(self) -> None:
        """Admit what the core has room for. Positions obtained before are void. Raises
        StoreFullError when more hosts have answered than a scan can hold."""
        window = max(_WINDOW // max(len(self._store.channels), 1), _LEAST_HOSTS)
        while self.waiting and self._hungry(window):
            if self.huge:
                self._core.let_go_quiet_hosts()
            if self._offers:
                self._take_offer(window)
            else:
                self._take_stretch(window)
            self._core.expect_more = self.waiting

    def _take_offer(self, window: int) -> None:
        hosts, task = self._offers.popleft()
        if self.huge and len(hosts) > window:
            self._offers.appendleft((hosts[window:], task))
            hosts = hosts[:window]
        task(hosts)

    def _take_stretch(self, window: int) -> None:
        one = self._stretches[0]
        end = min(one.next + window, one.end) if self.huge else one.end
        hosts = one.hosts(end)
        if len(hosts):
            one.task(hosts)
        one.next = end
        if end == one.end:
            self._stretches.popleft()

    def _hungry(self, window: int) -> bool:
        if not self.huge:
            return True
        enough = window * len(self._store.channels) // 2
        return self._core.ready < enough and self._core.open_cells < _MOST_OPEN

    def finish(self) -> None:
        """The scan is over: let go what still can be."""
        if self.huge:
            self._core.let_go_quiet_hosts()

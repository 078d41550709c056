"""QuietHosts: lets hosts go that say nothing, and takes them back when they are spoken of again.

Of ten million addresses nearly all are dark. What is known of such a host fits one line, "all that
was asked met with silence", so the ledger need not keep its cells: the hosts under way have theirs,
and those that answered. A late answer or a rescan brings a host back as it was: every cell of it
that is this scan's business silent, with as many copies sent as silence takes.

Hosts that were dropped before anything was known of them (there is no route to them) are withdrawn
instead: they come back undecided.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.ledger import NONE_SILENT, Ledger, Positions
from engine.core.send_queue import SendQueue
from engine.spec.scan_type import ScanType
from engine.techniques.registry import technique

Copies = Callable[[NDArray[np.uint32]], NDArray[np.int64]]
"""How many copies silent ports of these hosts deserve."""

Owes = Callable[[NDArray[np.uint32], NDArray[np.uint32]], NDArray[np.bool_]]
Keeps = Callable[[NDArray[np.uint32]], NDArray[np.bool_]]


class QuietHosts:
    """The hosts of ``ledger`` that have their cells no more.

    Attributes:
        owes: which cells (hosts, channels) are still to be asked for the first time.
        keeps: which hosts are not let go however silent their ports are.
    """

    def __init__(self, ledger: Ledger, queue: SendQueue, copies: Copies) -> None:
        self._ledger = ledger
        self._queue = queue
        self._copies = copies
        self.owes: Owes = lambda hosts, channels: np.zeros(len(hosts), bool)
        self.keeps: Keeps = lambda hosts: np.zeros(len(hosts), bool)

    def let_go(self) -> NDArray[np.uint32]:
        """Let go the hosts all of whose cells are silent; returns them. Dropped hosts stay if a
        cell of theirs is, and so do those that got fewer copies than is now known to be needed,
        to be asked again at the end. Positions obtained before are void."""
        some = self._ledger.unsettled()
        busy = np.zeros(len(some.hosts), bool)
        busy[some.rows[self._queue.is_counted(some.waiting)]] = True
        quiet = some.quiet & ~busy
        dropped = self._queue.are_dropped(some.hosts)
        go = quiet & ~dropped & (some.tries >= self._copies(some.hosts))
        go &= ~self.keeps(some.hosts)
        withdraw = quiet & dropped & (some.tries == NONE_SILENT)
        self._ledger.settle(go, ~some.quiet & ~busy, withdraw)
        gone: NDArray[np.uint32] = some.hosts[go | withdraw]
        return gone

    def take_back(self, hosts: NDArray[np.uint32]) -> Positions:
        """Give those of the hosts that were let go their cells again; returns those cells that are
        silent."""
        hosts = self._ledger.released(hosts)
        if not len(hosts):
            return np.empty(0, np.int64)
        at = self._queue.counted(self._ledger.take_back(hosts))
        at = at[~self.owes(*self._ledger.name(at))]
        owners, channels = self._ledger.name(at)
        techniques = self._queue.assignment.of(owners, channels)
        self._ledger.silence(
            at,
            _SILENCE[techniques],
            techniques,
            np.minimum(self._copies(owners), 255).astype(np.uint8),
        )
        return at


_SILENCE = np.zeros(256, np.uint8)
"""The state that silence means to each scan type."""
for _scan_type in ScanType:
    _SILENCE[_scan_type] = technique(_scan_type).silence.state

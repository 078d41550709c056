"""QuietHosts: lets hosts go that say nothing, and takes them back when they are spoken of again.

Of ten million addresses nearly all are dark. What is known of such a host fits one line, "all that
was asked met with silence", so the ledger need not keep its cells: the hosts under way have theirs,
and those that answered. A late answer or a rescan brings a host back as it was: every cell of it
that is this scan's business silent, with as many copies sent as silence takes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.distinct import distinct
from engine.core.ledger import Ledger, Positions
from engine.core.send_queue import SendQueue
from engine.spec.scan_type import ScanType
from engine.techniques.registry import technique

Copies = Callable[[NDArray[np.uint32]], NDArray[np.int64]]
"""How many copies silent ports of these hosts deserve."""

Owes = Callable[[NDArray[np.uint32], NDArray[np.uint32]], NDArray[np.bool_]]


class QuietHosts:
    """The hosts of ``ledger`` that have their cells no more.

    Attributes:
        owes: which cells (hosts, channels) are still to be asked for the first time.
    """

    def __init__(self, ledger: Ledger, queue: SendQueue, copies: Copies) -> None:
        self._ledger = ledger
        self._queue = queue
        self._copies = copies
        self.owes: Owes = lambda hosts, channels: np.zeros(len(hosts), bool)

    def let_go(self) -> NDArray[np.uint32]:
        """Let go the hosts all of whose cells are silent; returns them. Dropped hosts stay, and
        those that got fewer copies than is now known to be needed, to be asked again at the
        end. Positions obtained before are void."""
        some = self._ledger.unsettled()
        busy = np.zeros(len(some.hosts), bool)
        busy[some.rows[self._queue.is_counted(some.waiting)]] = True
        go = some.quiet & ~busy & ~self._queue.are_dropped(some.hosts)
        go &= some.tries >= self._copies(some.hosts)
        self._ledger.settle(go, ~some.quiet & ~busy)
        return some.hosts[go]

    def gone(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the hosts that were let go, each once."""
        return self._ledger.released(hosts)

    def take_back(self, hosts: NDArray[np.uint32]) -> Positions:
        """Give hosts that were let go their cells again; returns those that are silent."""
        at = self._queue.counted(self._ledger.take_back(distinct(hosts)))
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

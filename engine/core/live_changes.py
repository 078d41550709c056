"""LiveChanges: what the user changes while the scan runs: its bounds, its types, what is asked
again."""

from __future__ import annotations

from engine.core.distinct import distinct
from engine.core.ending import Ending
from engine.core.expiry import Expiry
from engine.core.ledger import Positions
from engine.core.parts import ScanParts
from engine.core.walks import name_cells
from engine.spec.scan_type import ScanType
from engine.spec.timing import TimingTemplate


class LiveChanges:
    """Changes to one scan."""

    def __init__(self, parts: ScanParts, expiry: Expiry, ending: Ending) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._cells = parts.cells
        self._queue = parts.queue
        self._expiry = expiry
        self._ending = ending

    # ---------------------------------------------------------------- bounds

    def set_timing(self, timing: TimingTemplate) -> None:
        """Move everything not yet finished under another template's bounds, at once."""
        if timing.host_timeout and not self._parts.timing.host_timeout:
            self._begin_clocks()
        self._parts.set_timing(timing)
        self._expiry.follow_timing()

    def _begin_clocks(self) -> None:
        """A host timeout is asked for: it runs for the hosts that are being scanned."""
        waiting = self._ledger.pending()
        asked = waiting[self._ledger.tries(waiting) > 0]
        for at in (asked, self._ledger.positions()):
            self._parts.clock.begin(self._parts.polled_at, self._ledger.name(at)[0])

    # ---------------------------------------------------------------- what is asked

    def set_scan_types(self, scan_types: tuple[ScanType, ...]) -> None:
        """Probe what is not decided with these types from now on.

        Probes in flight finish under the old type. Undecided cells of protocols no longer scanned
        are given up; undecided cells of protocols that are new become work.
        """
        before = self._queue.protocols
        after = {int(scan_type.protocol) for scan_type in scan_types}
        for protocol in before - after:
            self._cells.give_up(self._idle_cells(protocol))
            self._queue.discard(protocol)
        self._queue.use(scan_types)
        self._parts.vigil.begin_anew(self._parts.polled_at)
        self._parts.sentinels.valid_from = self._parts.vigil.valid_from
        for protocol in after - before:
            self.take_up(self._idle_cells(protocol))

    def _idle_cells(self, protocol: int) -> Positions:
        """Undecided cells of a protocol without a probe out."""
        waiting = self._queue.counted(self._ledger.pending(protocol=protocol))
        return waiting[~self._ledger.flying(waiting)]

    def take_up(self, at: Positions) -> None:
        """Make undecided cells work again."""
        self._cells.open += len(at)
        self._queue.add_list(name_cells(*self._ledger.name(at)))
        self._ending.put_off()

    def rescan(self, at: Positions, scan_type: ScanType | None) -> int:
        """Probe decided cells again, but none of dropped hosts; returns how many that are.

        With ``scan_type`` (one of a protocol that is scanned, and all cells are of) they are probed
        with it, and so are those of ``at`` that are undecided; else with the scan's own.
        """
        self._queue.assignment.assign(*self._ledger.name(at), scan_type)
        at = self._queue.counted(distinct(at[~self._ledger.open_questions(at)]))
        self._cells.reopen(at, 0, new_pass=True)
        self._queue.add_list(name_cells(*self._ledger.name(at)))
        self._parts.silence.begin_anew()
        self._ending.put_off()
        return len(at)

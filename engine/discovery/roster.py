"""Roster: per-host and per-ping memory of discovery, in arrays.

A *cell* is one ping of one host; the cells of a host lie next to each other, in the order of its
suite. A host is *open* while its cells still have to be answered or to time out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import PROBE, UNKNOWN_ATTEMPT, ProbeBatch
from engine.core.distinct import distinct
from engine.discovery.suites import NO_SUITE, SUITE_NEIGHBOUR
from engine.spec.error import SpecError
from engine.spec.host_state import HostState
from engine.spec.ping import PingProbe
from engine.spec.reason import Reason

Cells = NDArray[np.int64]

FLYING = 1
"""Cell flag: a copy is out whose time is not up."""
DONE = 2
"""Cell flag: nothing more is asked."""
MOST_CELLS = 1 << 26
LAST_ATTEMPT = 15
"""Probes tell 16 copies apart; every later copy counts as the last."""
_HASTE = 0.05
"""Seconds an answer may seem to come before its ping: the times of pings sent by one system call
are interpolated."""
_FINEST = 1e-5
"""Shortest round trip, in seconds, that is told apart from none."""

_CELL = np.dtype(
    [("first", np.uint32), ("last", np.uint32), ("tries", np.uint8), ("flags", np.uint8)]
)
"""``first`` and ``last``: when the first and the last copy left, microseconds modulo 2**32."""
_HOST = np.dtype(
    [
        ("base", np.int64),
        ("left", np.uint32),
        ("suite", np.uint8),
        ("state", np.uint8),
        ("reason", np.uint8),
        ("tries", np.uint8),
        ("known", np.bool_),
        ("open", np.bool_),
        ("refused", np.bool_),
        ("dropped", np.bool_),
    ]
)
"""``base``: its first cell. ``left``: cells that are not DONE. ``tries``: most copies that any cell
had that is DONE because nothing came back. ``known``: it was added. ``refused``: somebody else
answered for it. ``dropped``: the user skipped it."""


class Expansion(NamedTuple):
    """The pings of some hosts and the cells they belong to, one entry per cell."""

    probes: ProbeBatch
    cells: Cells


class Roster:
    """What was asked of whom.

    Attributes:
        hosts: _HOST by host index.
        cells: _CELL by cell.
        sizes: pings of each suite.
        open_hosts: how many hosts are open.
        in_flight: how many cells are FLYING.
    """

    def __init__(self, suites: tuple[tuple[PingProbe, ...], ...]) -> None:
        """``suites``: the pings of each suite, by its number."""
        pings = [probe for suite in suites for probe in suite]
        self.sizes = np.array([len(suite) for suite in suites], np.int64)
        self._offsets = np.cumsum(self.sizes) - self.sizes
        self._pings = np.zeros(len(pings), PROBE)
        self._pings["port"] = [probe.port for probe in pings]
        self._pings["technique"] = [probe.kind for probe in pings]
        self._pings["protocol"] = [probe.kind.facts.protocol for probe in pings]
        keys = _keys(np.repeat(np.arange(len(suites)), self.sizes), self._pings)
        self._key_order = np.argsort(keys)
        self._sorted_keys = keys[self._key_order]
        self.hosts = np.zeros(0, _HOST)
        self.cells = np.zeros(0, _CELL)
        self._used = 0
        self.open_hosts = 0
        self.in_flight = 0

    def require_room(self, suite: NDArray[np.uint8]) -> None:
        """Raise SpecError when hosts with these suites are more than can be remembered."""
        wanted = self._used + int(self.sizes[suite].sum())
        if wanted > MOST_CELLS:
            raise SpecError(
                "host discovery",
                f"{wanted:,} pings",
                None,
                f"are more than the {MOST_CELLS:,} one scan can hold",
                "choose fewer pings or a smaller range",
            )

    def add(self, hosts: NDArray[np.uint32], suite: NDArray[np.uint8]) -> None:
        """Take in hosts that are not known yet, each once."""
        top = int(hosts.max(initial=0)) + 1
        if top > len(self.hosts):
            grown = np.zeros(max(top, len(self.hosts) * 5 // 4), _HOST)
            grown[: len(self.hosts)] = self.hosts
            self.hosts = grown
        sizes = self.sizes[suite]
        total = self._used + int(sizes.sum())
        if total > len(self.cells):
            more = np.zeros(max(total, len(self.cells) * 5 // 4), _CELL)
            more[: self._used] = self.cells[: self._used]
            self.cells = more
        self.hosts["base"][hosts] = self._used + np.cumsum(sizes) - sizes
        self.hosts["suite"][hosts] = suite
        self.hosts["known"][hosts] = True
        self._used = total

    def known(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """True for hosts that were added."""
        inside = hosts < len(self.hosts)
        known: NDArray[np.bool_] = inside.copy()
        known[inside] = self.hosts["known"][hosts[inside]]
        return known

    def expand(self, hosts: NDArray[np.uint32]) -> Expansion:
        """All pings of these hosts, host by host, each as its next copy."""
        suite = self.hosts["suite"][hosts]
        sizes = self.sizes[suite]
        row = np.repeat(np.arange(len(hosts)), sizes)
        index = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        probes = self._pings[self._offsets[suite][row] + index]
        cells = self.hosts["base"][hosts][row] + index
        probes["host"] = hosts[row]
        probes["attempt"] = np.minimum(self.cells["tries"][cells], LAST_ATTEMPT)
        return Expansion(probes, cells)

    def locate(self, records: NDArray[np.void]) -> Cells:
        """The cells that PROBE or REPLY records are about; -1 for strangers."""
        hosts = records["host"]
        found = np.full(len(records), -1, np.int64)
        mine = np.flatnonzero(self.known(hosts))
        if not len(mine) or not len(self._sorted_keys):
            return found
        suite = self.hosts["suite"][hosts[mine]]
        keys = _keys(suite, records[mine])
        at = np.minimum(np.searchsorted(self._sorted_keys, keys), len(self._sorted_keys) - 1)
        match = self._sorted_keys[at] == keys
        index = self._key_order[at] - self._offsets[suite]
        found[mine[match]] = (self.hosts["base"][hosts[mine]] + index)[match]
        return found

    def answered(self, records: NDArray[np.void]) -> tuple[NDArray[np.intp], Cells]:
        """Places of the REPLY records that answer copies that were sent, and their cells."""
        cells = self.locate(records)
        at = np.flatnonzero(cells >= 0)
        cells = cells[at]
        tries, attempt = self.cells["tries"][cells], records["attempt"][at]
        fits = (tries > 0) & ((attempt < tries) | (attempt == UNKNOWN_ATTEMPT))
        fits &= ~self.hosts["dropped"][records["host"][at]]
        return at[fits], cells[fits]

    def note_sent(self, cells: Cells, tries: NDArray[np.uint8], ticks: NDArray[np.uint32]) -> None:
        """Copies left at ``ticks``; with them each cell has had ``tries``."""
        first = tries == 1
        self.cells["first"][cells[first]] = ticks[first]
        self.cells["last"][cells] = ticks
        self.cells["tries"][cells] = tries
        self.cells["flags"][cells] |= FLYING
        self.in_flight += len(cells)

    def ages(self, cells: Cells, ticks: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Seconds from the cells' first copies to ``ticks`` (32-bit clocks: up to 35 minutes)."""
        return _seconds(ticks - self.cells["first"][cells])

    def round_trips(
        self, cells: Cells, attempt: NDArray[np.uint8], ticks: NDArray[np.uint32]
    ) -> NDArray[np.float64]:
        """Seconds from the answered copies to their answers at ``ticks``; NaN where ``attempt`` is
        not known or the times contradict each other. Copies leave at about equal distances."""
        last = _seconds(ticks - self.cells["last"][cells])
        copies = np.minimum(self.cells["tries"][cells], LAST_ATTEMPT + 1).astype(np.float64)
        behind = (copies - 1 - attempt) / np.maximum(copies - 1, 1)
        seconds: NDArray[np.float64] = last + (self.ages(cells, ticks) - last) * behind
        seconds[(attempt == UNKNOWN_ATTEMPT) | (seconds < -_HASTE)] = np.nan
        np.maximum(seconds, _FINEST, out=seconds)  # NaN stays NaN
        return seconds

    def land(self, cells: Cells) -> None:
        """The time of these cells' copies is up."""
        self.in_flight -= int(np.count_nonzero(self.cells["flags"][cells] & FLYING))
        self.cells["flags"][cells] &= 0xFF ^ FLYING

    def finish(
        self, hosts: NDArray[np.uint32], cells: Cells, *, refused: bool = False
    ) -> NDArray[np.uint32]:
        """Ask these cells (of these hosts, each cell once) no more. Returns the open hosts that
        have no cell left. ``refused``: somebody else said that it is no use."""
        fresh = self.cells["flags"][cells] & DONE == 0
        hosts, cells = hosts[fresh], cells[fresh]
        self.land(cells)
        self.cells["flags"][cells] |= DONE
        if refused:
            self.hosts["refused"][hosts] = True
        else:
            np.maximum.at(self.hosts["tries"], hosts, self.cells["tries"][cells])
        np.subtract.at(self.hosts["left"], hosts, np.uint32(1))
        touched = distinct(hosts)
        spent: NDArray[np.uint32] = touched[
            (self.hosts["left"][touched] == 0) & self.hosts["open"][touched]
        ]
        return spent

    def open(self, hosts: NDArray[np.uint32], *, afresh: bool) -> None:
        """Ask hosts that are not open: all their cells are in question. ``afresh`` forgets earlier
        copies."""
        cells = self.expand(hosts).cells
        self.cells["flags"][cells] = 0
        if afresh:
            self.cells["tries"][cells] = 0
            self.hosts["tries"][hosts] = 0
            self.hosts["refused"][hosts] = False
        self.hosts["left"][hosts] = self.sizes[self.hosts["suite"][hosts]]
        self.hosts["open"][hosts] = True
        self.open_hosts += len(hosts)

    def close(self, hosts: NDArray[np.uint32]) -> None:
        """Ask those of the hosts (each named once) that are open no more."""
        hosts = hosts[self.hosts["open"][hosts]]
        self.land(self.expand(hosts).cells)
        self.hosts["open"][hosts] = False
        self.open_hosts -= len(hosts)

    def exhaust(self, hosts: NDArray[np.uint32]) -> None:
        """Asking these hosts more often cannot help."""
        self.hosts["tries"][hosts] = 255

    def wanted(self, probes: ProbeBatch, cells: Cells) -> NDArray[np.bool_]:
        """Which copies are still to be sent: of open hosts, the next one of a cell in question."""
        wanted: NDArray[np.bool_] = self.hosts["open"][probes["host"]]
        wanted &= self.cells["flags"][cells] & (FLYING | DONE) == 0
        wanted &= np.minimum(self.cells["tries"][cells], LAST_ATTEMPT) == probes["attempt"]
        return wanted

    def neighbours(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """True for hosts that are asked as neighbours on the own link."""
        neighbours: NDArray[np.bool_] = self.hosts["suite"][hosts] == SUITE_NEIGHBOUR
        return neighbours

    def unasked(self, hosts: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """True for hosts whose cells are all DONE without a copy that left."""
        never: NDArray[np.bool_] = (self.hosts["tries"][hosts] == 0) & ~self.hosts["refused"][hosts]
        return never

    def silent(self) -> NDArray[np.uint32]:
        """The hosts that were asked and called down because nothing came back."""
        hosts = self.hosts
        silent = (hosts["state"] == HostState.DOWN) & (hosts["reason"] == Reason.NO_RESPONSE)
        silent &= (hosts["suite"] != NO_SUITE) & (hosts["tries"] > 0) & ~hosts["dropped"]
        return np.flatnonzero(silent).astype(np.uint32)


def _keys(suite: NDArray[np.integer], records: NDArray[np.void]) -> NDArray[np.int64]:
    keys = suite.astype(np.int64) << 24
    keys |= records["technique"].astype(np.int64) << 16
    keys |= records["port"]
    return keys


def _seconds(ticks: NDArray[np.uint32]) -> NDArray[np.float64]:
    """A difference of two 32-bit clocks in microseconds, as seconds of either sign."""
    seconds: NDArray[np.float64] = ticks.view(np.int32) / 1e6
    return seconds

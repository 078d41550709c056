"""Ledger: what the core needs from whoever keeps the per-cell state (engine.results.store)."""

from __future__ import annotations

from typing import Protocol as Interface

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Positions = NDArray[np.int64]

FOREIGN = 2
"""Flag: the answer came from an address other than the target's (a router, a firewall)."""


NONE_SILENT = 255
"""More copies than any port gets."""


class Unsettled(Struct, frozen=True):
    """Hosts with rows that are not settled.

    ``hosts`` (n,) uint32; ``quiet`` (n,): not one of their ports has answered; ``tries`` (n,):
    fewest copies that a silent port of theirs has got, NONE_SILENT without one. ``rows`` and
    ``waiting`` (m,): cells that wait for a decision, as places in ``hosts`` and as positions.
    """

    hosts: NDArray[np.uint32]
    quiet: NDArray[np.bool_]
    tries: NDArray[np.uint8]
    rows: NDArray[np.intp]
    waiting: NDArray[np.int64]


class Ledger(Interface):
    """Per-cell memory, addressed by positions (int64 arrays). See engine.results.store.Store."""

    @property
    def host_count(self) -> int:
        """Number of hosts, admitted or not."""

    @property
    def channels(self) -> NDArray[np.uint32]:
        """``protocol << 16 | port`` of each column."""

    def grow(self, host_count: int, channels: NDArray[np.uint32]) -> None:
        """Make room; positions obtained before are void."""

    def admit(self, hosts: NDArray[np.uint32]) -> None:
        """Give hosts that have none their cells; positions stay valid."""

    def locate(self, records: NDArray[np.void]) -> Positions:
        """Positions of cells named by host, protocol and port; -1 for strangers."""

    def name(self, at: Positions) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Host indices and channels of positions."""

    def open_questions(self, at: Positions) -> NDArray[np.bool_]:
        """Cells that wait for a decision."""

    def flying(self, at: Positions) -> NDArray[np.bool_]:
        """Cells with a probe out whose time is not up."""

    def states(self, at: Positions) -> NDArray[np.uint8]:
        """States."""

    def reasons(self, at: Positions) -> NDArray[np.uint8]:
        """Reasons."""

    def tries(self, at: Positions) -> NDArray[np.uint8]:
        """Copies sent in the current pass."""

    def clocks(self, at: Positions) -> NDArray[np.uint32]:
        """Time the last probe left, microseconds modulo 2**32, of open cells."""

    def note_sent(
        self,
        at: Positions,
        tries: NDArray[np.uint8],
        clock: NDArray[np.uint32],
        lost_lately: NDArray[np.bool_],
        spans: NDArray[np.float64] | float = 0.0,
    ) -> None:
        """A copy left: the cells fly. ``lost_lately``: the copy before was sent at this pace;
        ``spans``: seconds since the first copy, NaN unknown."""

    def spans(self, at: Positions) -> NDArray[np.float64]:
        """Seconds from the first copy to the last, of open cells; NaN unknown."""

    def lost_lately(self, at: Positions) -> NDArray[np.bool_]:
        """Cells whose copy before the last was sent at the pace of the last."""

    def land(self, at: Positions) -> None:
        """The probes' time is up: the cells fly no more."""

    def decide(
        self,
        at: Positions,
        *,
        state: NDArray[np.uint8] | int,
        reason: NDArray[np.uint8] | int,
        technique: NDArray[np.uint8] | int,
        ttl: NDArray[np.uint8] | int,
        flags: NDArray[np.uint8] | int,
        rtt: NDArray[np.float64] | float,
        clock: NDArray[np.uint32] | int,
    ) -> None:
        """Write decisions."""

    def reopen(
        self, at: Positions, tries: NDArray[np.uint8] | int, *, new_pass: bool = False
    ) -> None:
        """Send cells back to pending; the earlier answer stays visible, marked stale. In a
        ``new_pass`` it is what the next one is compared with, else it was only premature."""

    def close(self, at: Positions) -> None:
        """Stop asking about cells without a decision; a stale answer counts again."""

    def pending(self, protocol: int | None = None, host: int | None = None) -> Positions:
        """All cells that wait for a decision."""

    def pending_of(self, hosts: NDArray[np.uint32]) -> Positions:
        """Those of these hosts (each once)."""

    def silent(self) -> Positions:
        """All cells decided by the lack of an answer."""

    def positions(self, protocol: int | None = None, host: int | None = None) -> Positions:
        """All cells that are decided."""

    def unsettled(self) -> Unsettled:
        """The hosts whose cells may be let go or be found to stay."""

    def settle(
        self,
        go: NDArray[np.bool_],
        stay: NDArray[np.bool_],
        withdraw: NDArray[np.bool_] | None = None,
    ) -> None:
        """Let some of the unsettled() hosts go, settle that some stay, and ``withdraw`` some as if
        they had not been admitted; positions obtained before are void."""

    def released(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the hosts that were let go or withdrawn, each once."""

    def take_back(self, hosts: NDArray[np.uint32]) -> Positions:
        """Give hosts that were let go or withdrawn their cells again, undecided; returns those of
        hosts that were let go."""

    def silence(
        self,
        at: Positions,
        state: NDArray[np.uint8],
        technique: NDArray[np.uint8],
        tries: NDArray[np.uint8],
    ) -> None:
        """Cells of hosts that were taken back were decided by silence before."""

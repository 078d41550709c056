"""HostView: an immutable picture of what is known about whole hosts, cheap to hand to a thread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.core.frozen_pages import Choose, FrozenPages
from engine.core.paged import PagedArray
from engine.spec.host_state import HostState
from engine.spec.ping import PingKind
from engine.spec.reason import Reason

HOST_RECORD = np.dtype(
    [
        ("state", np.uint8),
        ("reason", np.uint8),
        ("ttl", np.uint8),
        ("kind", np.uint8),
        ("port", np.uint16),
        ("stale", np.bool_),
        ("rtt", np.float32),
    ]
)
"""One host: fields as in HOST_VERDICT; ``stale`` while it is being asked again. All zero for a host
nobody asked yet."""
HOSTS_PER_BLOCK = 4_096


def found_up(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which HOST_RECORDs are of hosts that are up, and not because the user said so."""
    up: NDArray[np.bool_] = records["state"] == HostState.UP
    up &= records["reason"] != Reason.USER_SET
    return up


class KnownHost(Struct, frozen=True):
    """What discovery knows about one host.

    Attributes:
        reason: why it has its state; NONE while UNKNOWN.
        ttl: of the answer, 0 when unknown.
        kind: the kind of probe that was answered; None when no answer decided.
        port: that probe's port (PROTOCOL: its protocol number), 0 for kinds without.
        rtt: of that answer in seconds, None when unknown.
        stale: it is being asked again; the rest is what was known before.
        name: its name looked up in the DNS; empty if none.
        hardware: its hardware (MAC) address; empty if unknown.
    """

    state: HostState = HostState.UNKNOWN
    reason: Reason = Reason.NONE
    ttl: int = 0
    kind: PingKind | None = None
    port: int = 0
    rtt: float | None = None
    stale: bool = False
    name: str = ""
    hardware: bytes = b""


class HostBlock(Struct, frozen=True):
    """Names and hardware addresses of HOSTS_PER_BLOCK consecutive hosts, by host index."""

    names: Mapping[int, str] = field(default_factory=dict)
    hardware: Mapping[int, bytes] = field(default_factory=dict)


NO_NAMES = HostBlock()
_NOTHING = PagedArray(0, HOST_RECORD).frozen()


class HostView(Struct, frozen=True, dict=True):
    """All hosts as they were at one moment. The empty view knows nothing: every host is UNKNOWN.

    Attributes:
        version: grows whenever something changes.
        values: a HOST_RECORD for every host.
        blocks: names and hardware addresses, of HOSTS_PER_BLOCK hosts in each block.
        decided: hosts of each HostState, by its number.
    """

    version: int = 0
    values: FrozenPages = _NOTHING
    blocks: tuple[HostBlock, ...] = ()
    decided: tuple[int, ...] = (0,) * len(HostState)

    @property
    def count(self) -> int:
        """Number of hosts the view has records of."""
        return len(self.values)

    @cached_property
    def records(self) -> NDArray[np.void]:
        """HOST_RECORD of every host, read-only. Large for millions of hosts."""
        records = self.values.all()
        records.setflags(write=False)
        return records

    def where(self, choose: Choose) -> NDArray[np.int64]:
        """The hosts whose HOST_RECORDs ``choose`` says yes to, ascending."""
        return self.values.where(choose)

    def take(self, hosts: NDArray[np.integer]) -> NDArray[np.void]:
        """HOST_RECORDs of these hosts (n,); zeros for those the view does not know."""
        records = np.zeros(len(hosts), HOST_RECORD)
        known = hosts < self.count
        records[known] = self.values.take(hosts[known])
        return records

    def reasons_of(self, state: HostState) -> NDArray[np.int64]:
        """How many hosts have a state for each Reason, by the reason's number (256,)."""

        def code(hosts: NDArray[np.void]) -> NDArray[np.int64]:
            return np.where(hosts["state"] == state, hosts["reason"].astype(np.int64), 256)

        counts = np.zeros(257, np.int64)  # the last one: of other states
        tally = self.values.tally(code)
        counts[: len(tally)] = tally
        return counts[:256]

    @cached_property
    def counts(self) -> Mapping[HostState, int]:
        """Hosts per state."""
        return {state: self.decided[state] for state in HostState}

    @property
    def up(self) -> int:
        """Hosts that are up."""
        return self.counts[HostState.UP]

    @property
    def down(self) -> int:
        """Hosts that are down."""
        return self.counts[HostState.DOWN]

    @property
    def unknown(self) -> int:
        """Hosts that nobody asked, or that have not been decided."""
        return self.counts[HostState.UNKNOWN]

    def line(self, host: int) -> KnownHost:
        """What is known about host number ``host``."""
        if not 0 <= host < self.count:
            return KnownHost()
        state, reason, ttl, kind, port, stale, rtt = self.values[host].item()
        return KnownHost(
            state=HostState(state),
            reason=Reason(reason),
            ttl=ttl,
            kind=PingKind(kind) if kind else None,
            port=port,
            rtt=rtt if rtt > 0 else None,
            stale=stale,
            name=self.name(host),
            hardware=self.hardware(host),
        )

    def state(self, host: int) -> HostState:
        """State of host number ``host``."""
        known = 0 <= host < self.count
        return HostState(int(self.values[host]["state"])) if known else HostState.UNKNOWN

    def name(self, host: int) -> str:
        """The name looked up for a host; empty if none."""
        return self._block(host).names.get(host, "")

    def hardware(self, host: int) -> bytes:
        """The hardware address of a host; empty if unknown."""
        return self._block(host).hardware.get(host, b"")

    def _block(self, host: int) -> HostBlock:
        number = host // HOSTS_PER_BLOCK
        return self.blocks[number] if 0 <= number < len(self.blocks) else NO_NAMES


NO_HOSTS = HostView()
"""The view of a scan that asked nobody."""

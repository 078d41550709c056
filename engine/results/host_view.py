"""HostView: an immutable picture of what is known about whole hosts, cheap to hand to a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class KnownHost:
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


@dataclass(frozen=True)
class HostBlock:
    """Consecutive hosts: read-only HOST_RECORDs, names and hardware addresses by host index."""

    records: NDArray[np.void]
    names: Mapping[int, str] = field(default_factory=dict)
    hardware: Mapping[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records.setflags(write=False)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many hosts have each HostState."""
        return np.bincount(self.records["state"], minlength=len(HostState))


@dataclass(frozen=True)
class HostView:
    """All hosts as they were at one moment. The empty view knows nothing: every host is UNKNOWN.

    Attributes:
        version: grows whenever something changes.
        blocks: the hosts in order, HOSTS_PER_BLOCK in each but the last.
    """

    version: int = 0
    blocks: tuple[HostBlock, ...] = ()

    @cached_property
    def records(self) -> NDArray[np.void]:
        """HOST_RECORD of every host, read-only."""
        if not self.blocks:
            return np.empty(0, HOST_RECORD)
        if len(self.blocks) == 1:
            return self.blocks[0].records
        joined = np.concatenate([block.records for block in self.blocks])
        joined.setflags(write=False)
        return joined

    @property
    def count(self) -> int:
        """Number of hosts the view has records of."""
        full = max(len(self.blocks) - 1, 0) * HOSTS_PER_BLOCK
        return full + (len(self.blocks[-1].records) if self.blocks else 0)

    @property
    def states(self) -> NDArray[np.uint8]:
        """HostState of each host."""
        return self.records["state"]

    @property
    def reasons(self) -> NDArray[np.uint8]:
        """Reason of each host's state."""
        return self.records["reason"]

    @property
    def ttls(self) -> NDArray[np.uint8]:
        """Time to live of each host's answer, 0 unknown."""
        return self.records["ttl"]

    @property
    def kinds(self) -> NDArray[np.uint8]:
        """PingKind that was answered, 0 for none."""
        return self.records["kind"]

    @property
    def rtts(self) -> NDArray[np.float32]:
        """Round-trip time of each host's answer in seconds, NaN or 0 unknown."""
        return self.records["rtt"]

    @cached_property
    def counts(self) -> Mapping[HostState, int]:
        """Hosts per state."""
        sums = sum((block.counts for block in self.blocks), np.zeros(len(HostState), np.int64))
        return {state: int(sums[state]) for state in HostState}

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
        block, place = self._find(host)
        if block is None:
            return KnownHost()
        state, reason, ttl, kind, port, stale, rtt = block.records[place].item()
        return KnownHost(
            state=HostState(state),
            reason=Reason(reason),
            ttl=ttl,
            kind=PingKind(kind) if kind else None,
            port=port,
            rtt=rtt if rtt > 0 else None,
            stale=stale,
            name=block.names.get(host, ""),
            hardware=block.hardware.get(host, b""),
        )

    def state(self, host: int) -> HostState:
        """State of host number ``host``."""
        block, place = self._find(host)
        return HostState.UNKNOWN if block is None else HostState(int(block.records["state"][place]))

    def name(self, host: int) -> str:
        """The name looked up for a host; empty if none."""
        block, _ = self._find(host)
        return "" if block is None else block.names.get(host, "")

    def hardware(self, host: int) -> bytes:
        """The hardware address of a host; empty if unknown."""
        block, _ = self._find(host)
        return b"" if block is None else block.hardware.get(host, b"")

    def _find(self, host: int) -> tuple[HostBlock | None, int]:
        """The block that holds a host, and the host's place in it."""
        number, place = divmod(host, HOSTS_PER_BLOCK)
        if not 0 <= number < len(self.blocks) or place >= len(self.blocks[number].records):
            return None, 0
        return self.blocks[number], place


NO_HOSTS = HostView()
"""The view of a scan that asked nobody."""

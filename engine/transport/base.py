"""The interface every way out and back in fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol as Interface
from typing import runtime_checkable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, ReplyBatch, SendReport
from engine.spec.ping import PingKind
from engine.spec.scan_type import ScanType


class TransportUnavailable(Exception):  # noqa: N818 - it reads as the state it is
    """The wanted way to the network cannot be had. The text says why and what to do, in lines."""


class Recorder(Interface):
    """Is shown what a scan sends and receives. None in its place costs nothing.

    Packets come in batches: rows (n, width) of bytes that start with the IP header, their
    ``lengths`` (n,) in bytes (more than the width for packets that were cut) and ``times`` (n,) in
    seconds on the monotonic clock. The arrays are reused afterwards: copy what is to be kept.
    Methods may be called by several threads at once and must not raise.
    """

    def sent(
        self,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        """Packets that left."""

    def received(
        self,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        times: NDArray[np.float64],
    ) -> None:
        """Packets that came in and answer a probe, or were rejected as forged or mangled."""

    def asked(self, probes: ProbeBatch, times: NDArray[np.float64], book: AddressBook) -> None:
        """PROBE records that left through sockets whose packets the operating system makes."""

    def answered(self, records: NDArray[np.void], book: AddressBook) -> None:
        """REPLY records: what such sockets reported."""


class Sending(Interface):
    """A batch on its way out."""

    @property
    def under_way(self) -> bool:
        """Whether probes may still be leaving."""

    def take_part(self) -> NDArray[np.float64] | None:
        """Help until the last probes are on their way: when those left that have (n,), NaN for the
        others. None when only a report can tell."""

    def report(self) -> SendReport:
        """What became of the batch; waits until everything has left that can. Ask once."""


class Departed(Struct, frozen=True):
    """A batch that has left already."""

    outcome: SendReport
    under_way = False

    def take_part(self) -> None:
        """Nothing is under way."""

    def report(self) -> SendReport:
        """What became of it."""
        return self.outcome


class Transport(Interface):
    """What the session drives. All methods but ``wake`` belong to the engine thread."""

    @property
    def name(self) -> str:
        """Short name for logs, e.g. ``packet``."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know before the scan, in lines for the log."""

    @property
    def scan_types(self) -> frozenset[ScanType]:
        """The scan types this transport can perform."""

    @property
    def pings(self) -> frozenset[PingKind]:
        """The kinds of ping this transport can send."""

    def whereabouts(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Where hosts (n,) are: a Whereabouts value each. Quick for tens of thousands of hosts."""

    def hardware(self, host: int) -> bytes:
        """The Ethernet address (6 bytes) by which a neighbour on the link answered; empty when
        none is known."""

    def now(self) -> float:
        """The transport's clock in seconds: monotonic, or virtual in a simulation."""

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send probes. Never raises for what a network can do; problems are in the report."""

    def begin(self, batch: ProbeBatch) -> Sending:
        """As send(), but many probes may leave while the caller goes on; until it has the report,
        it may receive(), and nothing else, but send() and begin() once it has taken part. Answers
        to them may come before the report."""

    def receive(self, until: float, rest: float = 0.0) -> ReplyBatch:
        """Answers that have arrived; waits for the first one, a wake() or the time ``until``. What
        comes within ``rest`` seconds comes together, and nothing is returned before."""

    def probe_packet(self, probe: np.void) -> bytes:
        """The IP packet of one PROBE as it was or would be sent, to be shown to the user; empty
        when the transport sends none of its own (connect sockets)."""

    def await_answers_for(self, seconds: float) -> None:
        """Keep what is held per probe, such as an open socket, for so long: more than the longest
        timeout in use."""

    def record(self, recorder: Recorder | None) -> None:
        """From now on show what is sent and received to this recorder, or to nobody."""

    def wake(self) -> None:
        """Make a waiting receive() return. Callable from any thread."""

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""


@runtime_checkable
class Overlapping(Interface):
    """A channel whose probes may leave while the caller goes on."""

    def begin(self, batch: ProbeBatch) -> Sending:
        """As in Transport."""


class Channel(Interface):
    """A member of the live transport: something with descriptors that can be polled.

    ``send`` as in Transport. ``drain`` returns what has arrived without waiting.
    """

    @property
    def name(self) -> str:
        """Short name for logs."""

    @property
    def scan_types(self) -> frozenset[ScanType]:
        """The scan types this channel can perform."""

    @property
    def pings(self) -> frozenset[PingKind]:
        """The kinds of ping this channel can send."""

    def hardware(self, host: int) -> bytes:
        """As in Transport."""

    def filenos(self) -> Sequence[int]:
        """Descriptors that become readable when drain() has something to do. May change after
        every send() or drain()."""

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send probes (all of this channel's scan types and pings)."""

    def probe_packet(self, probe: np.void) -> bytes:
        """As in Transport."""

    def await_answers_for(self, seconds: float) -> None:
        """As in Transport."""

    def record(self, recorder: Recorder | None) -> None:
        """As in Transport."""

    def drain(self, now: float) -> ReplyBatch:
        """Answers that have arrived, never waiting."""

    def close(self) -> None:
        """Give back every descriptor. Idempotent."""

"""The live transport: every channel to the real network behind one interface."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, ReplyBatch, SendProblem, SendReport, no_replies
from engine.core.distinct import distinct_bytes
from engine.core.token import ProbeTokens
from engine.discovery.whereabouts import Whereabouts
from engine.spec.ping import PingKind
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import ScanType
from engine.transport.base import (
    Channel,
    Departed,
    Overlapping,
    Recorder,
    Sending,
    TransportUnavailable,
)
from engine.transport.locator import Locator, locator_for
from engine.transport.merging import merge_replies
from engine.transport.offers import (
    RAW,
    Offer,
    channel_offers,
    idle_offers,
    raw_channel,
    why_not,
)
from engine.transport.wishes import check_wishes

__all__ = [
    "STRAGGLERS",
    "LiveTransport",
    "Offer",
    "TransportUnavailable",
    "open_transport",
    "without_packets",
]

STRAGGLERS = 1.0
"""Seconds that answers are awaited beyond the longest timeout: a Linux target re-sends its SYN/ACK
after one second."""

_FINEST_POLL = 0.001


class LiveTransport:
    """Sends each probe through the channel that has its scan type, and merges what comes back.

    Args:
        channels: channels open from the start. For a scan type that several have, the first wins.
        offers: channels to open on first use, for scan types no open channel has.
        max_age: seconds that channels with sockets of their own await an answer.
        notes: what the user should know before the scan.
        locator: says where hosts are; without one they count as routed. Closed with the transport.
    """

    name = "live"

    def __init__(
        self,
        channels: Sequence[Channel] = (),
        offers: Sequence[Offer] = (),
        max_age: float = 10.0 + STRAGGLERS,
        locator: Locator | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.notes = notes
        self._channels: list[Channel] = []
        self._route: dict[int, Channel] = {}
        self._locator = locator
        self._offers = list(offers)
        self._max_age = max_age
        self._recorder: Recorder | None = None
        self._closed = False
        self._wake_lock = threading.Lock()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._polled: frozenset[int] = frozenset()
        for channel in channels:
            self._add(channel)

    @property
    def scan_types(self) -> frozenset[ScanType]:
        """What can be done: by the open channels and by those that can be opened."""
        members: list[Channel | Offer] = [*self._channels, *self._offers]
        return frozenset[ScanType]().union(*(member.scan_types for member in members))

    @property
    def pings(self) -> frozenset[PingKind]:
        """As scan_types."""
        members: list[Channel | Offer] = [*self._channels, *self._offers]
        return frozenset[PingKind]().union(*(member.pings for member in members))

    def whereabouts(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """A Whereabouts value for each host (n,)."""
        if self._locator is None:
            return np.full(len(hosts), Whereabouts.ROUTED, np.uint8)
        return self._locator.whereabouts(hosts)

    def hardware(self, host: int) -> bytes:
        """The Ethernet address by which a neighbour answered; empty when none is known."""
        return next(filter(None, (channel.hardware(host) for channel in self._channels)), b"")

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def open(self, technique: ScanType | PingKind) -> Channel:
        """The channel for a scan type or a ping, opened now if need be. Raises
        TransportUnavailable, or OSError when a descriptor cannot be had."""
        channel = self._route.get(technique)
        if channel is None:
            offer = next((o for o in self._offers if technique in o.techniques), None)
            if offer is None:
                what = technique.facts.option or technique.facts.title
                raise TransportUnavailable(f"{what} cannot be done here")
            channel = offer.open()
            self._offers.remove(offer)
            self._add(channel)
        return channel

    def await_answers_for(self, max_age: float) -> None:
        """Set how long channels with sockets of their own await an answer, in seconds: more than
        the longest timeout in use."""
        self._max_age = max_age
        for channel in self._channels:
            channel.await_answers_for(max_age)

    def record(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody; those of channels that are
        opened later too."""
        self._recorder = recorder
        for channel in self._channels:
            channel.record(recorder)

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send each probe through its channel."""
        kinds = distinct_bytes(batch["technique"])
        if len(kinds) == 1:
            return self._send_kind(kinds[0], batch)
        sent_at = np.full(len(batch), np.nan)
        problems: list[SendProblem] = []
        for kind in kinds:
            rows = np.flatnonzero(batch["technique"] == kind)
            report = self._send_kind(kind, batch[rows])
            sent_at[rows] = report.sent_at
            problems.extend(report.problems)
        return SendReport(sent_at, tuple(problems))

    def begin(self, batch: ProbeBatch) -> Sending:
        """As send(); probes that all go through one channel may leave while the caller goes on."""
        kinds = distinct_bytes(batch["technique"])
        channel = self._route.get(kinds[0]) if len(kinds) == 1 else None
        return (
            channel.begin(batch) if isinstance(channel, Overlapping) else Departed(self.send(batch))
        )

    def receive(self, until: float, rest: float = 0.0) -> ReplyBatch:
        """Answers; waits for the first, a wake(), or the time ``until``."""
        if rest:
            time.sleep(rest)
        rejected = 0
        while True:
            replies = self._drain()
            rejected += replies.rejected
            wait = until - time.monotonic()
            if len(replies) or wait <= 0 or self._woken():
                replies.rejected = rejected
                return replies
            self._pause(wait)

    def probe_packet(self, probe: np.void) -> bytes:
        """The IP packet of one probe; empty when its channel leaves packets to the kernel."""
        channel = self._route.get(int(probe["technique"]))
        return b"" if channel is None else channel.probe_packet(probe)

    def wake(self) -> None:
        """Make a waiting receive() return, or the next one if none waits. From any thread."""
        with self._wake_lock:
            if not self._closed:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Close every channel. Idempotent."""
        with self._wake_lock:
            if self._closed:
                return
            self._closed = True
            os.close(self._wake)
        for channel in self._channels:
            channel.close()
        if self._locator is not None:
            self._locator.close()

    def _add(self, channel: Channel) -> None:
        self._channels.append(channel)
        for technique in (*channel.scan_types, *channel.pings):
            self._route.setdefault(technique, channel)
        channel.await_answers_for(self._max_age)
        channel.record(self._recorder)

    def _send_kind(self, kind: int, batch: ProbeBatch) -> SendReport:
        try:
            channel = self._route.get(kind) or self.open(_technique(kind))
        except (TransportUnavailable, OSError, ValueError) as problem:
            return _nothing_sent(batch, problem)
        return channel.send(batch)

    def _drain(self) -> ReplyBatch:
        if not self._channels:
            return no_replies()
        now = time.monotonic()
        return merge_replies([channel.drain(now) for channel in self._channels])

    def _woken(self) -> bool:
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return False
        return True

    def _pause(self, wait: float) -> None:
        if wait < _FINEST_POLL:  # poll() counts whole milliseconds and would oversleep
            time.sleep(wait)
            return
        self._watch()
        self._poll.poll(wait * 1000)

    def _watch(self) -> None:
        """Keep poll()'s descriptors equal to the channels'."""
        wanted = frozenset(fd for channel in self._channels for fd in channel.filenos())
        if wanted == self._polled:
            return
        for fd in self._polled - wanted:
            self._poll.unregister(fd)
        for fd in wanted - self._polled:
            self._poll.register(fd, select.POLLIN)
        self._polled = wanted


def _technique(number: int) -> ScanType | PingKind:
    """What a probe's technique number stands for. Raises ValueError."""
    return PingKind(number) if number >= min(PingKind) else ScanType(number)


def open_transport(
    spec: ScanSpec, book: AddressBook, tokens: ProbeTokens, recorder: Recorder | None = None
) -> LiveTransport:
    """The way to the network that a scan asked for, its channels opened.

    Channels for pings are opened when one is first sent; pings that cannot be had are left to
    discovery, which takes others. ``recorder`` is shown all that is sent and received. Raises
    TransportUnavailable.
    """
    notes = check_wishes(spec)
    transport = LiveTransport(
        offers=[
            *channel_offers(spec, book, tokens),
            *idle_offers(spec, book),
        ],
        max_age=spec.timing.max_timeout + STRAGGLERS,
        locator=locator_for(book, spec.packets.interface),
        notes=notes,
    )
    transport.record(recorder)
    try:
        for scan_type in spec.scan_types if spec.scan_ports else ():
            if scan_type not in transport.scan_types:
                raise TransportUnavailable(why_not(scan_type, spec.transport))
            transport.open(scan_type)
    except OSError as problem:
        transport.close()
        raise TransportUnavailable(f"cannot open sockets: {problem.strerror}") from problem
    except TransportUnavailable:
        transport.close()
        raise
    return transport


def without_packets(spec: ScanSpec) -> tuple[ScanType, ...]:
    """The scan types of a scan whose packets the operating system makes, so that no capture can
    have them. Raises TransportUnavailable."""
    if raw_channel(spec.transport) is None:
        return spec.scan_types
    return tuple(one for one in spec.scan_types if one not in RAW | {ScanType.IDLE})


def _nothing_sent(batch: ProbeBatch, problem: Exception) -> SendReport:
    number = getattr(problem, "errno", None) or errno.EPERM
    pressure = number in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
    text = (getattr(problem, "strerror", None) or str(problem)).partition("\n")[0]
    report = SendProblem(number, (), f"cannot send: {text}", lasting=not pressure)
    return SendReport(np.full(len(batch), np.nan), (report,))

"""Dispatch: packets of a batch on their way out, by two threads when there are many."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.batch import REFUSED, ProbeBatch, SendProblem, gather
from engine.core.distinct import distinct, distinct_bytes
from engine.transport.base import Recorder
from engine.transport.packet.companion import Companion, SharedWork
from engine.transport.packet.messages import PacketSender
from engine.transport.packet.neighbour_messages import ETHERTYPES
from engine.transport.packet.outlets import Outlet
from engine.transport.packet.paths import HostPaths
from engine.transport.packet.probe_packets import ProbePackets
from engine.transport.packet.socket_names import socket_names
from engine.transport.packet.trouble import Trouble, pressure, refused

_PIECE, _LEAST_PIECE = 4_096, 512
"""Probes built together: many, because each visit to the kernel empties the processor's caches of
our code and what Python and numpy do per call is slow at first. The last pieces of a batch are
smaller, so that two threads end at about the same time."""
_WORTH_SHARING = 256
"""Probes worth waking a second thread for."""
_LOOKS_APART = 0.1
"""Seconds between looks whether an interface is still plugged in."""
_ETHERNET = 14
_PRESSURE = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM})
_LINK_LOST = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO})

Troubles = list[tuple[int, Trouble]]
"""Hosts and what is wrong with them."""


class Dispatch:
    """One batch on its way. What happens to each probe is written to ``sent_at``."""

    def __init__(
        self, dispatcher: Dispatcher, batch: ProbeBatch, sent_at: NDArray[np.float64]
    ) -> None:
        self._dispatcher = dispatcher
        self._batch = batch
        self._sent_at = sent_at
        self._rows: dict[int, NDArray[np.intp]] = {}
        self._lost: dict[int, Trouble] = {}
        self._troubles: Troubles = []
        self._full: SendProblem | None = None
        self._work: SharedWork[None] | None = None

    def begin(self, rows: NDArray[np.intp]) -> None:
        """Let the probes ``rows`` leave: a few at once, many while the caller goes on."""
        paths = self._dispatcher.paths
        outlets = paths.outlets(self._batch["host"][rows])
        self._rows = {int(one): rows[outlets == one] for one in distinct(outlets)}
        for number in self._rows:
            broken = self._dispatcher.unplugged(number)
            if broken is not None:
                self._lost[number] = broken
        jobs = [
            partial(self._send, number, some)
            for number, mine in self._rows.items()
            for some in _of_one_technique(self._batch, mine)
        ]
        if len(rows) >= _WORTH_SHARING:
            self._work = self._dispatcher.companion.begin(jobs)
        else:
            for job in jobs:
                job(0)

    @property
    def under_way(self) -> bool:
        """Whether probes may still be leaving."""
        return self._work is not None

    def take_part(self) -> bool:
        """Send until the last pieces are being sent. False when only finish() can tell more."""
        if self._work is None:
            return False
        self._work.take_part()
        return not (self._lost or self._troubles or self._full is not None)

    def finish(self) -> tuple[Troubles, SendProblem | None]:
        """Take part until all has left that can; the troubles met, and why sending stopped."""
        if self._work is not None:
            self._work.finish()
            self._work = None
        if self._full is not None:
            self._look_again()
        if self._lost:
            self._dispatcher.companion.wait()  # the next batch may be leaving by the same outlet
        hosts = self._batch["host"]
        for number, refusal in self._lost.items():
            trouble = self._dispatcher.paths.broken(number) or refusal
            rows = self._rows[number]
            left = distinct(hosts[rows[np.isnan(self._sent_at[rows])]])
            self._troubles += [(host, trouble) for host in left.tolist()]
            self._dispatcher.paths.drop(number)
        return self._troubles, self._full

    def _look_again(self) -> None:
        """A queue seems to be full, too, where an interface has no carrier any more."""
        for number in self._rows:
            broken = self._dispatcher.paths.broken(number)
            if broken is not None:
                self._lost[number] = broken
                self._full = None

    def _send(self, number: int, rows: NDArray[np.intp], thread: int) -> None:
        """Send probes of one technique; what the kernel refuses, a host or a port, is left out."""
        if self._full is not None or number in self._lost:
            return
        outlet = self._dispatcher.paths.outlet(number)
        sender = self._dispatcher.senders[thread]
        packets, lengths, names = self._dispatcher.wire(outlet, gather(self._batch, rows))
        while len(rows):
            now = time.monotonic()
            try:
                taken = sender.send(outlet.sender.fileno(), packets, lengths, names)
            except OSError as error:
                if error.errno in _PRESSURE:
                    self._full = pressure(error)
                    return
                if outlet.link is not None and error.errno in _LINK_LOST:
                    self._lost[number] = refused(error)
                    return
                left = self._refuse(rows, refused(error))
            else:
                self._sent_at[rows[:taken]] = times = np.linspace(now, time.monotonic(), taken)
                self._dispatcher.show(outlet, packets[:taken], lengths[:taken], times)
                left = slice(taken, None)
            rows, packets, lengths = rows[left], packets[left], lengths[left]
            names = None if names is None else names[left]

    def _refuse(self, rows: NDArray[np.intp], trouble: Trouble) -> NDArray[np.intp] | slice:
        """The kernel does not take the first of ``rows``; which places of them are left to try."""
        hosts = self._batch["host"][rows]
        host = int(hosts[0])
        self._troubles.append((host, trouble))
        if trouble.whole_host:
            return np.flatnonzero(hosts != host)
        self._sent_at[rows[0]] = REFUSED
        return slice(1, None)


class Dispatcher:
    """Sends batches by the ways that ``paths`` knows, as packets that ``packets`` makes.

    Attributes:
        recorder: is shown what leaves; None for nobody.
    """

    def __init__(self, paths: HostPaths, packets: ProbePackets) -> None:
        self.paths = paths
        self.senders = (PacketSender(), PacketSender())
        self.companion: Companion[None] = Companion()
        self.recorder: Recorder | None = None
        self._packets = packets
        self._looked_at: dict[int, float] = {}  # by outlet

    def wire(
        self, outlet: Outlet, probes: ProbeBatch
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint32], NDArray[np.void] | None]:
        """What the outlet's socket takes: rows, their lengths, and a socket address for each
        (None for Ethernet frames, which carry their address)."""
        hosts = probes["host"]
        if outlet.link is None:
            packets, lengths = self._packets.build(probes, outlet.version)
            destinations = self._packets.destinations(hosts, outlet.version)
            return packets, lengths, socket_names(destinations, self.paths.interfaces(hosts))
        packets, lengths = self._packets.build(probes, outlet.version, _ETHERNET)
        packets[:, :6] = self.paths.hardware(hosts)
        packets[:, 6:12] = np.frombuffer(outlet.link.hardware, np.uint8)
        packets[:, 12:14] = divmod(ETHERTYPES[outlet.version], 256)
        return packets, lengths, None

    def unplugged(self, number: int) -> Trouble | None:
        """Why nothing can leave by an outlet, as of a moment ago: the kernel takes packets without
        complaint where there is no carrier, and asking it costs as much as sending ten."""
        now = time.monotonic()
        if now < self._looked_at.get(number, -_LOOKS_APART) + _LOOKS_APART:
            return None
        self._looked_at[number] = now
        return self.paths.broken(number)

    def show(
        self,
        outlet: Outlet,
        packets: NDArray[np.uint8],
        lengths: NDArray[np.uint32],
        times: NDArray[np.float64],
    ) -> None:
        """Show the recorder packets that left."""
        if self.recorder is not None:
            start = 0 if outlet.link is None else _ETHERNET
            self.recorder.sent(packets[:, start:], lengths - start, times)

    def close(self) -> None:
        """End the second thread. Idempotent."""
        self.companion.close()


def _of_one_technique(batch: ProbeBatch, rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """``rows`` cut into pieces whose probes have one technique."""
    techniques = batch["technique"][rows]
    for number in distinct_bytes(techniques):
        chosen = rows[techniques == number]
        start = 0
        while start < len(chosen):
            left = len(chosen) - start
            size = min(_PIECE, max(_LEAST_PIECE, left // 4))
            yield chosen[start : start + size]
            start += size

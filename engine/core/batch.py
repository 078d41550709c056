"""Batches: how probes and replies travel through the engine, as numpy structured arrays.

A *cell* is one (host, protocol, port). ``host`` is the index of an address in the scan's
AddressBook. Times are seconds on the transport's clock (monotonic, float).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.core.verdict import Verdicts, classify

PROBE = np.dtype(
    [
        ("host", np.uint32),
        ("port", np.uint16),
        ("protocol", np.uint8),
        ("technique", np.uint8),
        ("attempt", np.uint8),
    ]
)
"""One probe to send. ``technique`` is a ScanType value; ``attempt`` is 0 for the first copy."""

REPLY = np.dtype(
    [
        ("host", np.uint32),
        ("port", np.uint16),
        ("protocol", np.uint8),
        ("technique", np.uint8),
        ("attempt", np.uint8),
        ("ttl", np.uint8),
        ("answer", np.uint32),
        ("time", np.float64),
    ]
)
"""One answer that matched a probe. ``answer`` is an engine.techniques.answer code; ``attempt`` is
the copy it answers (255: unknown); ``ttl`` as received (0: unknown); ``time`` when it arrived."""

UNKNOWN_ATTEMPT = 255
REFUSED = float("-inf")
"""In SendReport.sent_at: our own machine refuses this probe, now and later."""
SNAP = 128
"""Bytes of each reply packet kept as evidence, counted from its IP header."""

ProbeBatch = NDArray[np.void]
"""A one-dimensional array of PROBE."""


class ReplyBatch(Struct, eq=False, dict=True):
    """Answers received together.

    Attributes:
        records: one REPLY per answer.
        raw: uint8 array (n, width), at most SNAP wide: the packet from its IP header on,
            zero-padded. No rows when the transport sees no packets (connect sockets).
        raw_length: uint16 array (n,): bytes of ``raw`` that are real; empty like ``raw``.
        rejected: packets that came to us but matched no probe (forged, stray or mangled).
    """

    records: NDArray[np.void]
    raw: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, SNAP), np.uint8))
    raw_length: NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, np.uint16))
    rejected: int = 0

    def __len__(self) -> int:
        return len(self.records)

    def only(self, chosen: NDArray[np.bool_]) -> ReplyBatch:
        """The answers that ``chosen`` (n,) is True for; nothing counts as rejected."""
        if chosen.all():
            return ReplyBatch(self.records, self.raw, self.raw_length)
        records = gather(self.records, chosen)
        if len(self.raw) != len(self.records):
            return ReplyBatch(records)
        return ReplyBatch(records, self.raw[chosen], self.raw_length[chosen])

    @cached_property
    def verdicts(self) -> Verdicts:
        """What the answers mean, worked out once: ``records`` must not change after that."""
        return classify(self.records)


def as_bytes(records: NDArray[np.void]) -> NDArray[np.void]:
    """Structured records (n,) as so many bytes each, in the same memory. numpy copies these at
    once, but structured records field by field, up to ten times slower."""
    return records.view(np.dtype((np.void, records.dtype.itemsize)))


def gather(
    records: NDArray[np.void], places: NDArray[np.intp] | NDArray[np.bool_]
) -> NDArray[np.void]:
    """A copy of the records at ``places``: numbers, or True for each that is wanted."""
    return as_bytes(records)[places].view(records.dtype)


def joined(parts: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """Records of one kind, one part after the other; the part itself where there is only one with
    records."""
    full = [part for part in parts if len(part)] or parts[:1]
    if len(full) == 1:
        return full[0]
    return np.concatenate([as_bytes(part) for part in full]).view(full[0].dtype)


def empty_probes() -> ProbeBatch:
    """A batch of no probes."""
    return np.empty(0, PROBE)


def no_replies(rejected: int = 0) -> ReplyBatch:
    """A batch of no answers."""
    return ReplyBatch(np.empty(0, REPLY), rejected=rejected)


class SendProblem(Struct, frozen=True):
    """Why some probes of a batch did not leave.

    Attributes:
        errno: the operating system's error number.
        hosts: indices of the hosts concerned; empty when the problem is ours, not a host's.
        text: one plain line for the log, saying what to do where something can be done.
        lasting: True when trying again cannot help (no route, no ARP answer): the hosts are given
            up as "could not be probed". False for pressure (ENOBUFS, EMFILE): the probes are sent
            again later, at a lower rate.
        whole_host: False when only the probes marked REFUSED in the report are given up, because
            other ports of the hosts may fare better (a local firewall's rule for one port).
    """

    errno: int
    hosts: tuple[int, ...]
    text: str
    lasting: bool
    whole_host: bool = True


class SendReport(Struct):
    """What became of a batch handed to a transport.

    Attributes:
        sent_at: float64 array (n,): when each probe left; NaN for a probe that did not leave,
            REFUSED for one that never will.
        problems: why probes did not leave. Probes that did not leave and whose host is in no
            lasting problem go back to the queue; they are never counted as unanswered.
    """

    sent_at: NDArray[np.float64]
    problems: tuple[SendProblem, ...] = ()

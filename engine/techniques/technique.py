"""Technique: what a scan type sends, and the table that turns answers into port states."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.techniques.answer import AnswerKind, split_answer


class Outcome(NamedTuple):
    """A port state and the reason for it."""

    state: PortState
    reason: Reason


class Rule(Struct, frozen=True):
    """One row of a state table: an answer of ``kind`` whose ``detail & mask == value`` means
    ``outcome``. ``from_target`` None accepts any sender."""

    kind: AnswerKind
    mask: int
    value: int
    outcome: Outcome
    from_target: bool | None = None

    def matches(self, kind: AnswerKind, detail: int, from_target: bool) -> bool:
        """Whether an answer falls under this row."""
        return (
            kind is self.kind
            and detail & self.mask == self.value
            and self.from_target in (None, from_target)
        )


class Segments(Struct):
    """Transport-layer bytes of a batch of probes, checksums still zero.

    Attributes:
        data: uint8 array (n, width), each row zero-padded behind its length.
        length: uint16 array (n,), bytes of each segment (header and payload).
    """

    data: NDArray[np.uint8]
    length: NDArray[np.uint16]


SegmentBuilder = Callable[[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint32]], Segments]
"""``build(ports, source_ports, tokens)``: destination ports, our source ports, and a 32-bit token
per probe that the answer must carry back (the TCP sequence number)."""


class Technique(Struct, frozen=True):
    """One scan type in action.

    Attributes:
        scan_type: which type this is.
        rules: the state table; the first matching row decides. An answer no row matches is not an
            answer to this technique and is ignored.
        silence: the outcome for a port that never answers.
        build: makes the probes' segments, over IPv4 where the versions differ; None for a
            technique the operating system performs (connect).
        patience: seconds an answer may take beyond the round trip, because more has to happen than
            one packet there and one back.
    """

    scan_type: ScanType
    rules: tuple[Rule, ...]
    silence: Outcome
    build: SegmentBuilder | None
    patience: float = 0.0

    @property
    def protocol(self) -> Protocol:
        """The protocol whose ports the technique probes."""
        return self.scan_type.protocol

    @property
    def awaits_syn_ack(self) -> bool:
        """Whether an open port answers with a SYN/ACK."""
        return any(rule.outcome.reason is Reason.SYN_ACK for rule in self.rules)

    def classify(self, code: int) -> Outcome | None:
        """The outcome of an answer code, or None when the answer says nothing."""
        return _classify(self, code)


@lru_cache(maxsize=4096)
def _classify(technique: Technique, code: int) -> Outcome | None:
    try:
        kind, detail, from_target = split_answer(code)
    except ValueError:
        return None
    for rule in technique.rules:
        if rule.matches(kind, detail, from_target):
            return rule.outcome
    return None

"""Neighbour pings: one ARP request (RFC 826) or neighbour solicitation (RFC 4861) per probe.

Asking again is up to whoever makes the probes. What answers is known to the resolver from then on,
so probes to the host's ports need no second question.
"""

from __future__ import annotations

import errno
import time

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.core.batch import (
    REFUSED,
    REPLY,
    SNAP,
    UNKNOWN_ATTEMPT,
    ProbeBatch,
    ReplyBatch,
    SendProblem,
    no_replies,
)
from engine.spec.ping import PingKind
from engine.spec.scan_type import Protocol
from engine.techniques.answer import AnswerKind, answer_code
from engine.transport.base import Recorder
from engine.transport.packet.paths import HostPaths
from engine.transport.packet.resolver import Answered, Hop
from engine.transport.packet.trouble import Trouble, pressure, refused

_ETHERNET = 14
_PRESSURE = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM})


class _Question(Struct):
    """The host a hop stands for, and which copy of the probe asked: unknown once there are two."""

    host: int
    attempt: int


class NeighbourPings:
    """Asks and listens through the resolver of ``paths``."""

    def __init__(self, paths: HostPaths) -> None:
        self._paths = paths
        self._recorder: Recorder | None = None
        self._questions: dict[Hop, _Question] = {}

    def record(self, recorder: Recorder | None) -> None:
        """Show solicitations and what answers them from now on; ARP is no IP, so it cannot be."""
        self._recorder = recorder

    def send(
        self, batch: ProbeBatch, rows: NDArray[np.intp], sent_at: NDArray[np.float64]
    ) -> tuple[list[tuple[int, Trouble]], SendProblem | None]:
        """Ask for the hosts of ``rows``; the troubles met, and the pressure that ended it early."""
        troubles: list[tuple[int, Trouble]] = []
        hosts = batch["host"][rows]
        for row, host, found in zip(
            rows.tolist(), hosts.tolist(), self._paths.neighbours(hosts), strict=True
        ):
            if isinstance(found, Trouble):
                troubles.append((host, found))
                if not found.whole_host:
                    sent_at[row] = REFUSED
                continue
            now = time.monotonic()
            try:
                frame = self._paths.resolver.ask_once(found.hop, found.asker)
            except OSError as error:
                if error.errno in _PRESSURE:
                    return troubles, pressure(error)
                trouble = self._paths.broken(found.outlet) or refused(error)
                troubles.append((host, trouble))
                if not trouble.whole_host:
                    sent_at[row] = REFUSED
                continue
            sent_at[row] = now
            if self._recorder is not None and len(found.hop.address) == 16:
                packet = np.frombuffer(frame, np.uint8)[None, _ETHERNET:]
                self._recorder.sent(packet, np.array([packet.shape[1]]), np.array([now]))
            attempt = int(batch["attempt"][row])
            known = self._questions.get(found.hop)
            if known is not None and known.attempt != attempt:
                attempt = UNKNOWN_ATTEMPT
            self._questions[found.hop] = _Question(host, attempt)
        return troubles, None

    def drain(self) -> ReplyBatch:
        """The neighbours that have answered, once each; read by the resolver's step()."""
        rejected = self._paths.resolver.strangers()
        answered = self._paths.resolver.answered()
        if not answered:
            return no_replies(rejected)
        records = np.zeros(len(answered), REPLY)
        raw = np.zeros((len(answered), SNAP), np.uint8)
        raw_length = np.zeros(len(answered), np.uint16)
        for row, answer in enumerate(answered):
            question = self._questions.pop(answer.hop)
            records[row] = _record(question, answer)
            if _is_ip(answer):
                kept = np.frombuffer(answer.packet[:SNAP], np.uint8)
                raw[row, : len(kept)], raw_length[row] = kept, len(kept)
        if self._recorder is not None:
            shown = np.flatnonzero(raw_length)
            self._recorder.received(raw[shown], raw_length[shown], records["time"][shown])
        return ReplyBatch(records, raw, raw_length, rejected)


def _is_ip(answer: Answered) -> bool:
    """An ARP packet is no IP packet, so it cannot be shown as one."""
    return len(answer.hop.address) == 16


def _record(question: _Question, answer: Answered) -> tuple[int | float, ...]:
    version = 6 if _is_ip(answer) else 4
    code = answer_code(AnswerKind.NEIGHBOUR, version)
    kind = int(PingKind.NEIGHBOUR)
    ttl = answer.packet[7] if version == 6 else 0
    return (
        question.host, 0, int(Protocol.IP), kind, question.attempt, ttl, code, answer.arrived,
    )  # fmt: skip

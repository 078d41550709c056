"""Idle (-sI): the target is asked in another host's name, the zombie, and never hears of us.

An open port answers the forged SYN with a SYN/ACK to the zombie, which resets it and so takes one
more number from its counter of IP identifications (RFC 791 section 3.1); a closed port's reset it
ignores. The counter is read before and after. Firewalls see the zombie, so what is found open is
open to the zombie.
"""

from __future__ import annotations

from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.techniques.answer import DETAIL, AnswerKind
from engine.techniques.technique import Outcome, Rule, Technique

UNCHANGED, CHANGED = 0, 1
"""Details of an IPID answer."""

TCP_IDLE = Technique(
    scan_type=ScanType.IDLE,
    rules=(
        Rule(AnswerKind.IPID, DETAIL, CHANGED, Outcome(PortState.OPEN, Reason.IPID_CHANGE)),
        Rule(
            AnswerKind.IPID,
            DETAIL,
            UNCHANGED,
            Outcome(PortState.CLOSED_FILTERED, Reason.NO_IPID_CHANGE),
        ),
    ),
    # Not even a measurement: that must not look like one that saw no change.
    silence=Outcome(PortState.CLOSED_FILTERED, Reason.NO_RESPONSE),
    build=None,
    patience=60.0,
)
"""The idle scan. A whole group of ports is measured before any of them is decided."""

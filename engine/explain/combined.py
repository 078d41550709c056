"""What two techniques on one port say together, as a table.

It is often said that SYN ``filtered`` and ACK ``unfiltered`` mean a stateful filter. The opposite
is true: a filter that knows connections drops the ACK as well, for it belongs to none. One that
lets it through goes by the packet's flags. Two facts keep the conclusions careful:

- Linux connection tracking takes a stray ACK for a connection it missed the beginning of and calls
  it new (``nf_conntrack_tcp_loose``, on unless switched off), so a rule that lets new connections
  in lets that ACK in too. A stray FIN, NULL or Xmas packet it always calls invalid.
- A filter may refuse with a reset (nft ``reject with tcp reset``), which looks as if the host
  itself had answered, whatever the flags of the probe.

What hosts do: a closed port resets everything, a listening one resets an ACK and ignores FIN, NULL
and Xmas (RFC 9293 section 3.10.7). An SCTP endpoint ignores a COOKIE ECHO it did not sign (RFC 9260
section 5.1.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from itertools import combinations

from engine.results.layers import EarlierResult
from engine.results.row import Row
from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType


class Finding(Enum):
    """What one technique learned, as far as it matters beside another."""

    SYN_OPEN = auto()
    SYN_CLOSED = auto()
    SYN_STOPPED = auto()
    ACK_RESET = auto()
    ACK_STOPPED = auto()
    MAIMON_SILENT = auto()
    FIN_RESET = auto()
    FIN_SILENT = auto()
    FIN_STOPPED = auto()
    IDLE_OPEN = auto()
    IDLE_SHUT = auto()
    INIT_OPEN = auto()
    INIT_CLOSED = auto()
    INIT_STOPPED = auto()
    ECHO_ABORTED = auto()
    ECHO_SILENT = auto()
    ECHO_STOPPED = auto()


_OPENING = {
    PortState.OPEN: Finding.SYN_OPEN,
    PortState.CLOSED: Finding.SYN_CLOSED,
    PortState.FILTERED: Finding.SYN_STOPPED,
}
_FIN = {
    PortState.CLOSED: Finding.FIN_RESET,
    PortState.OPEN_FILTERED: Finding.FIN_SILENT,
    PortState.FILTERED: Finding.FIN_STOPPED,
}

FINDINGS: Mapping[ScanType, Mapping[PortState, Finding]] = {
    ScanType.SYN: _OPENING,
    ScanType.CONNECT: _OPENING,
    ScanType.ACK: {
        PortState.UNFILTERED: Finding.ACK_RESET,
        PortState.FILTERED: Finding.ACK_STOPPED,
    },
    ScanType.WINDOW: {
        PortState.OPEN: Finding.ACK_RESET,
        PortState.CLOSED: Finding.ACK_RESET,
        PortState.FILTERED: Finding.ACK_STOPPED,
    },
    # FIN and ACK: most hosts reset it on every port because of the ACK; old BSDs ignore it where
    # they listen.
    ScanType.MAIMON: {
        PortState.CLOSED: Finding.ACK_RESET,
        PortState.OPEN_FILTERED: Finding.MAIMON_SILENT,
        PortState.FILTERED: Finding.ACK_STOPPED,
    },
    ScanType.NULL: _FIN,
    ScanType.FIN: _FIN,
    ScanType.XMAS: _FIN,
    ScanType.IDLE: {
        PortState.OPEN: Finding.IDLE_OPEN,
        PortState.CLOSED_FILTERED: Finding.IDLE_SHUT,
    },
    ScanType.SCTP_INIT: {
        PortState.OPEN: Finding.INIT_OPEN,
        PortState.CLOSED: Finding.INIT_CLOSED,
        PortState.FILTERED: Finding.INIT_STOPPED,
    },
    ScanType.SCTP_ECHO: {
        PortState.CLOSED: Finding.ECHO_ABORTED,
        PortState.OPEN_FILTERED: Finding.ECHO_SILENT,
        PortState.FILTERED: Finding.ECHO_STOPPED,
    },
}
"""What each state means under each technique. UDP and IP protocol scans have no second technique
to be seen beside."""

_CHANGED = (
    "Two attempts to connect had different ends: the port changed in between, packets were lost, "
    "or something on the way limits or picks connections. Rescan to see which."
)
_NEITHER = (
    "Neither gets an answer that says more than 'filtered': whatever stops the probes stops both. "
)

CONCLUSIONS: Mapping[tuple[Finding, Finding], str] = {
    (Finding.SYN_OPEN, Finding.SYN_CLOSED): _CHANGED,
    (Finding.SYN_OPEN, Finding.SYN_STOPPED): _CHANGED,
    (Finding.SYN_CLOSED, Finding.SYN_STOPPED): _CHANGED,
    (Finding.SYN_OPEN, Finding.ACK_RESET): (
        "New connections and a stray ACK both get through: no filter guards this port, or it takes "
        "the ACK for a new connection, as Linux does unless told not to."
    ),
    (Finding.SYN_OPEN, Finding.ACK_STOPPED): (
        "New connections get in, a stray ACK does not: a stateful filter, or a SYN proxy that "
        "answers for the host."
    ),
    (Finding.SYN_CLOSED, Finding.ACK_RESET): (
        "Both are reset: nothing listens and no filter hides it, or a filter refuses with resets "
        "in the host's name. A TTL unlike that of other ports would betray it."
    ),
    (Finding.SYN_CLOSED, Finding.ACK_STOPPED): (
        "A SYN is refused, a stray ACK is lost: a stateful filter lets new connections to this "
        "port in but nothing listens there, or the filter itself sends the reset."
    ),
    (Finding.SYN_STOPPED, Finding.ACK_RESET): (
        "New connections are stopped, yet a stray ACK gets through: the filter goes by flags and "
        "does not keep track of connections (stateless). Unless it answers ACKs with resets of its "
        "own."
    ),
    (Finding.SYN_STOPPED, Finding.ACK_STOPPED): (
        _NEITHER + "A stateful filter closed to new connections looks like this, and so does one "
        "that lets nothing to the port at all."
    ),
    (Finding.SYN_OPEN, Finding.MAIMON_SILENT): (
        "The open port gave no reset for a FIN with an ACK, as most systems would: a stateful "
        "filter dropped it, or the host is an old BSD."
    ),
    (Finding.SYN_CLOSED, Finding.MAIMON_SILENT): (
        "A closed port resets any packet, so a filter dropped this one: it keeps track of "
        "connections, or goes by flags."
    ),
    (Finding.SYN_OPEN, Finding.FIN_SILENT): (
        "As expected of an open port, which ignores such a packet. It tells nothing of a filter."
    ),
    (Finding.SYN_OPEN, Finding.FIN_RESET): (
        "An open port should ignore such a packet, but it was reset. Windows and some other "
        "systems do so on every port; there, 'closed' from this kind of scan means nothing."
    ),
    (Finding.SYN_CLOSED, Finding.FIN_RESET): (
        "Both are reset: nothing listens, and no filter drops either packet on its way."
    ),
    (Finding.SYN_CLOSED, Finding.FIN_SILENT): (
        "A closed port resets any packet, so a filter dropped this one: it keeps track of "
        "connections, or drops packets with odd flags. The port is closed."
    ),
    (Finding.SYN_OPEN, Finding.FIN_STOPPED): (
        "New connections get in, a packet with odd flags is refused: the filter keeps track of "
        "connections or looks at flags."
    ),
    (Finding.SYN_CLOSED, Finding.FIN_STOPPED): (
        "A SYN is refused by a reset, a packet with odd flags by a filter that keeps track of "
        "connections or looks at flags. Nothing listens."
    ),
    (Finding.SYN_STOPPED, Finding.FIN_RESET): (
        "SYNs are stopped, this packet got through and was reset: the filter goes by flags and "
        "does not keep track of connections (stateless). Nothing listens, unless the host is one "
        "that resets such packets on open ports too."
    ),
    (Finding.SYN_STOPPED, Finding.FIN_SILENT): (
        "Nothing learned beyond the SYN: the filter drops both, or it drops SYNs only and the port "
        "is open. An ACK scan (-sA) tells whether anything gets through."
    ),
    (Finding.SYN_STOPPED, Finding.FIN_STOPPED): _NEITHER.strip(),
    (Finding.ACK_RESET, Finding.FIN_RESET): (
        "Packets without a connection reach the host, and it resets a kind that open ports ignore: "
        "the port is closed, unless the host resets on every port."
    ),
    (Finding.ACK_RESET, Finding.FIN_SILENT): (
        "An ACK reaches the host, and a packet that open ports ignore got no answer: the port is "
        "likely open, unless the filter drops such packets alone, as Linux can."
    ),
    (Finding.ACK_RESET, Finding.FIN_STOPPED): (
        "An ACK gets through where a packet with odd flags is refused: the filter looks at flags."
    ),
    (Finding.ACK_STOPPED, Finding.FIN_RESET): (
        "An ACK is stopped, yet a packet with odd flags got through and was reset: the filter goes "
        "by flags."
    ),
    (Finding.ACK_STOPPED, Finding.FIN_SILENT): (
        "Nothing came back from either: packets without a connection do not pass, so the silence "
        "does not speak for an open port."
    ),
    (Finding.ACK_STOPPED, Finding.FIN_STOPPED): _NEITHER.strip(),
    (Finding.ACK_RESET, Finding.ACK_STOPPED): (
        "One packet with an ACK was reset and the other stopped: packets were lost, or the filter "
        "looks at the other flags as well."
    ),
    (Finding.FIN_RESET, Finding.FIN_SILENT): (
        "One packet was reset, so the port is closed; the other was dropped, so a filter goes by "
        "their flags, or it was lost."
    ),
    (Finding.SYN_OPEN, Finding.IDLE_OPEN): (
        "Open to this machine and to the zombie alike: no filter tells the two addresses apart."
    ),
    (Finding.SYN_OPEN, Finding.IDLE_SHUT): (
        "Open to this machine but not to the zombie: a filter goes by the sender's address, or the "
        "idle scan missed the answer."
    ),
    (Finding.SYN_CLOSED, Finding.IDLE_OPEN): (
        "Open to the zombie but refused to this machine: a filter goes by the sender's address."
    ),
    (Finding.SYN_CLOSED, Finding.IDLE_SHUT): (
        "Neither this machine nor the zombie finds it open: nothing listens."
    ),
    (Finding.SYN_STOPPED, Finding.IDLE_OPEN): (
        "Open to the zombie but filtered from here: a filter goes by the sender's address and "
        "trusts the zombie's."
    ),
    (Finding.SYN_STOPPED, Finding.IDLE_SHUT): (
        "Filtered from here, and not open to the zombie either: the zombie's address is no better "
        "trusted than this one, or nothing listens."
    ),
    (Finding.INIT_OPEN, Finding.ECHO_SILENT): (
        "As expected of an open port, which ignores a cookie it did not sign. It tells nothing of "
        "a filter."
    ),
    (Finding.INIT_OPEN, Finding.ECHO_ABORTED): (
        "The host aborts what belongs to no association even where it listens: its answers to "
        "COOKIE ECHO tell nothing."
    ),
    (Finding.INIT_CLOSED, Finding.ECHO_ABORTED): (
        "Both are aborted: nothing listens, and no filter drops either packet on its way."
    ),
    (Finding.INIT_CLOSED, Finding.ECHO_SILENT): (
        "A closed port aborts both, so a filter dropped the COOKIE ECHO: it keeps track of "
        "associations. The port is closed."
    ),
    (Finding.INIT_STOPPED, Finding.ECHO_ABORTED): (
        "INIT is stopped, a stray COOKIE ECHO gets through and is aborted: the filter looks for "
        "INIT only and does not keep track of associations. Nothing listens."
    ),
    (Finding.INIT_STOPPED, Finding.ECHO_SILENT): (
        "Nothing learned beyond the INIT: the filter drops both, or INIT only and the port is open."
    ),
    (Finding.INIT_STOPPED, Finding.ECHO_STOPPED): _NEITHER.strip(),
}
"""What two findings mean together. Pairs without an entry add nothing to what each says alone."""


def combine(row: Row, earlier: Sequence[EarlierResult]) -> str:
    """What the results of several techniques on one port say together: a line for each pair that
    says more than its halves, empty when none does."""
    results = list(earlier)
    if row.technique is not None:
        results.append(EarlierResult(row.technique, row.state, row.reason))
    lines = []
    for one, other in combinations(results, 2):
        text = _conclusion(one, other)
        if text:
            lines.append(f"{_name(one)} and {_name(other)}: {text}")
    return "\n".join(lines)


def _conclusion(one: EarlierResult, other: EarlierResult) -> str:
    first = FINDINGS.get(one.technique, {}).get(one.state)
    second = FINDINGS.get(other.technique, {}).get(other.state)
    if first is None or second is None:
        return ""
    return CONCLUSIONS.get((first, second)) or CONCLUSIONS.get((second, first), "")


def _name(result: EarlierResult) -> str:
    return f"{result.technique.title} {result.state.label}"

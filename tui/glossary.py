"""What the signs and short words on the screen mean, for the help screen."""

from __future__ import annotations

from engine.spec.port_state import PortState
from tui.widgets.detail_text import STATE_WORDS
from tui.widgets.host_cells import LOOKS, PROBLEM, SKIPPED

Entry = tuple[str, str]
"""A sign or a word, and what it means."""

STATES: tuple[Entry, ...] = tuple(
    (f"{state.glyph} {state.label}", f"{STATE_WORDS[state].capitalize()}.") for state in PortState
)
"""What is known of a port."""

SIGNS: tuple[Entry, ...] = (
    *((look.glyph, f"State of the host: {look.word}.") for look in LOOKS.values()),
    (PROBLEM.glyph, "The host cannot be probed; its line below the list says why."),
    (SKIPPED.glyph, "The host was skipped."),
    ("~", "Being asked again; until the answer comes, the old one stands."),
    ("*", "Asked again, and in another state than before; the detail says in which."),
    ("▸", "The cursor. It stays on its port or host when the list changes."),
    ("»", "The host whose results are shown."),
    ("✓", "The row is marked."),
    ("+  -", "Before a heading: its rows are folded away, or shown."),
    ("▲  ▼", "The list is in the order of this column, upwards or downwards."),
    ("▁▂▃▄▅▆▇█", "Figures over time, now at the right; at a host, the share that is decided."),
    ("…", "Something was cut; a wider pane or screen shows it."),
    ("● REC", "Packets are being written to a capture file."),
)
"""Marks on the screen."""

WORDS: tuple[Entry, ...] = (
    ("-sS, -sT, -sU …", "Scan types, under the names nmap gives them."),
    ("T0 to T5", "Timing templates, from the slowest to the fastest."),
    ("reason", "What decided the state: the answer, or that none came."),
    ("RTT", "Round-trip time: from a probe to its answer."),
    ("p95", "95 of 100 answers took no longer than this."),
    ("TTL", "Time to live of the answer's packet: each router on its way took one off."),
    ("tries", "Probes that were sent to the port."),
    ("scan", "The scan type that decided the port."),
    ("time", "When it was decided, from the start of the scan."),
    ("in flight", "Probes that were sent and may still be answered."),
    ("re-sent", "Probes that were sent again because no answer came."),
    ("loss", "The share of probes and answers that get lost on the way."),
    ("pace", "Probes a second that PyScan allows itself, and what keeps it from more."),
    ("left", "The time the scan is going to take from now on, as far as can be told."),
    ("strangers", "Packets that came here and answered none of our probes."),
    ("changed", "Ports in another state now than before they were probed again."),
    ("undecided", "Ports that were skipped, given up, or not asked yet."),
    ("49k, 1.2M", "49 thousand, 1.2 million."),
)
"""Short words and figures."""

SECTIONS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("States of ports", STATES),
    ("Signs", SIGNS),
    ("Words", WORDS),
)

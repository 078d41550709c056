"""What is known of one port, as styled text for the detail pane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol as Interface

from rich.style import Style
from rich.text import Text

from engine.results.layers import EarlierResult
from engine.results.row import Row
from engine.spec.port_state import PortState
from tui import format as fmt
from tui.widgets.reason_words import REASON_WORDS

STATE_WORDS: Mapping[PortState, str] = {
    PortState.PENDING: "nothing is known yet",
    PortState.OPEN: "something answers here",
    PortState.CLOSED: "the host answers, but nothing listens on this port",
    PortState.FILTERED: "something on the way keeps us from knowing",
    PortState.UNFILTERED: "it can be reached, but may be open or closed",
    PortState.OPEN_FILTERED: "open, or something swallows our probes",
    PortState.CLOSED_FILTERED: "closed, or something swallows our probes",
}

BOLD = Style(bold=True)
DIM = Style(dim=True)
LABEL = 8
"""Cells of the words before a fact."""


class Explained(Interface):
    """The parts of an explanation that are shown; plain text from the engine."""

    @property
    def meaning(self) -> str:
        """What the state means here."""

    @property
    def sent(self) -> str:
        """The probe, decoded."""

    @property
    def reply(self) -> str:
        """The answer, decoded."""

    @property
    def rule(self) -> str:
        """What turned the answer into the state."""

    @property
    def advice(self) -> str:
        """What to try next."""

    @property
    def combined(self) -> str:
        """What several techniques say together."""


def detail_text(
    row: Row,
    explanation: Explained | None,
    state_style: Style,
    *,
    doubt: str = "",
    earlier: Sequence[EarlierResult] = (),
) -> Text:
    """The whole text for one port. Nothing in it is read as markup.

    ``doubt``: why the host's open ports are not to be believed; ``earlier``: what other techniques
    found at the port.
    """
    text = Text(end="")
    text.append(f"{row.port}/{row.protocol.label}", BOLD)
    text.append(f"  {row.service}" if row.service else "")
    text.append(f"\n{row.name + ' ' if row.name else ''}{row.address}", DIM)
    text.append(f"\n{row.state.glyph} {row.state.label}", state_style)
    text.append(f": {STATE_WORDS[row.state]}")
    if row.reason in REASON_WORDS:
        text.append(f"; {REASON_WORDS[row.reason]}")
    if row.stale:
        text.append("\n~ being probed again; this is the earlier answer", DIM)
    if row.was:
        text.append(f"\n* was {row.was.label} before it was probed again", BOLD)
    if row.doubted:
        text.append(f"\n! doubted: {doubt}" if doubt else "\n! doubted", BOLD)
    text.append("\n")
    for label, value in _facts(row):
        text.append(f"\n{label:<{LABEL}}", DIM).append(value)
    if earlier:
        text.append("\n\nEarlier\n", BOLD)
        text.append("\n".join(_earlier_line(one) for one in earlier))
    if explanation is not None:
        for title, body in _sections(explanation):
            text.append(f"\n\n{title}\n", BOLD).append(body)
    return text


def _earlier_line(one: EarlierResult) -> str:
    reason = f", {one.reason.label}" if one.reason else ""
    return f"{one.technique.option} {one.technique.title}: {one.state.label}{reason}"


def _facts(row: Row) -> list[tuple[str, str]]:
    if row.state is PortState.PENDING:
        return [("tries", str(row.tries))] if row.tries else []
    facts = [("reason", row.reason.label or fmt.UNKNOWN)]
    if row.foreign:
        facts.append(("from", "another address"))
    if row.technique is not None:
        facts.append(("scan", f"{row.technique.title} ({row.technique.option})"))
    facts.append(("RTT", fmt.latency(row.rtt)))
    facts.append(("TTL", str(row.ttl) if row.ttl else fmt.UNKNOWN))
    facts.append(("tries", str(row.tries)))
    facts.append(("time", f"{fmt.moment(row.time)} after the start"))
    return facts


def _sections(explanation: Explained) -> list[tuple[str, str]]:
    """Headings with their text; empty ones are left out."""
    sections = [
        ("What it means", explanation.meaning),
        ("Together", explanation.combined),
        ("Sent", explanation.sent),
        ("Came back", explanation.reply),
        ("Rule", explanation.rule),
        ("What to try next", explanation.advice),
    ]
    return [(title, body) for title, body in sections if body]

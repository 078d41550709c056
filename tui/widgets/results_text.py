"""What the results table says about its rows: counts, headings, and where a port is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from engine.results.cell import split_key
from engine.results.query import Query, RowSet
from engine.results.snapshot import Snapshot
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol
from engine.spec.services import service_name
from tui.widgets.row_groups import Grouping, RowGroups


def state_counts(counts: Mapping[PortState, int]) -> str:
    """``980 closed, 8 filtered``, most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{number:,} {state.label}" for state, number in ordered if number)


def state_glyphs(counts: Mapping[PortState, int]) -> str:
    """``○980 ▒8``: the same with the glyphs the states have in the rows."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return " ".join(f"{state.glyph}{number:,}" for state, number in ordered if number)


def counts_line(rows: RowSet, marked: int, width: int = 1000, before: Sequence[str] = ()) -> str:
    """How many rows are shown of how many results, and where the others are.

    ``before`` is told first. Where the whole is longer than ``width``, words are left out, then
    what is ``before``: that closed and filtered ports are hidden is never what is left out.
    """
    for shown, hidden, lead in (
        (" shown", f"hidden: {state_counts(rows.hidden)}", before),
        ("", f"hidden: {state_counts(rows.hidden)}", before),
        ("", f"hidden {state_glyphs(rows.hidden)}", before),
        ("", f"hidden {state_glyphs(rows.hidden)}", ()),
    ):
        parts = [*lead, f"{len(rows):,}{shown} of {rows.decided:,}"]
        if marked:
            parts.append(f"{marked:,} marked")
        if rows.hidden:
            parts.append(hidden)
        if rows.changed:
            parts.append(f"{rows.changed:,} changed")
        if rows.decided > rows.matching:
            parts.append(f"{rows.decided - rows.matching:,} not matching")
        line = " · ".join(parts)
        if cell_len(line) <= width:
            break
    return line


def group_title(groups: RowGroups, group: int, snapshot: Snapshot) -> str:
    """What the rows of a group have in common: a host, or a service."""
    if groups.kind is Grouping.HOST:
        address, name = snapshot.names.text(group), snapshot.names.name(group)
        return f"{name} ({address})" if name else address
    _, protocol, port = split_key(int(groups.keys_of(group)[0]))
    return service_name(Protocol(protocol), port) or "no known service"


def heading_text(groups: RowGroups, group: int, snapshot: Snapshot) -> str:
    """The heading of a group: its title, and how many of its rows have which state."""
    return f"{group_title(groups, group, snapshot)} · {state_counts(groups.tally(group))}"


class Absence(NamedTuple):
    """Why no row shows a port; ``decided`` when there is a result that could be shown."""

    why: str
    decided: bool


def absence(snapshot: Snapshot, query: Query, port: int, protocol: Protocol | None) -> Absence:
    """Why no row shows a port."""
    what = f"{port}/{protocol.label}" if protocol is not None else f"{port}"
    channels = snapshot.view.channels
    fits = channels & 0xFFFF == port
    if protocol is not None:
        fits &= channels >> 16 == protocol
    if not fits.any():
        return Absence(f"Port {what} is not part of this scan.", decided=False)
    counts = dict.fromkeys(PortState, 0)
    for hosts, cells in snapshot.view.parts():
        rows = slice(None) if query.host is None else hosts == query.host
        numbers = np.bincount(cells["state"][rows][:, fits].reshape(-1), minlength=len(counts))
        for state in PortState:
            counts[state] += int(numbers[state])
    pending = counts.pop(PortState.PENDING)
    known = state_counts(counts)
    if not known:
        return Absence(f"Port {what} has no answer yet.", decided=False)
    said = f"Port {what}: {known}" + (f", {pending:,} without an answer" if pending else "")
    return Absence(f"{said}; not among the rows shown.", decided=True)

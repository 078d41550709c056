"""What the results table says about its rows: counts, headings, and where a port is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

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


def counts_line(rows: RowSet, marked: int) -> str:
    """How many rows are shown of how many results, and where the others are."""
    parts = [f"{len(rows):,} shown of {rows.decided:,}"]
    if marked:
        parts.append(f"{marked:,} marked")
    if rows.hidden:
        parts.append(f"hidden: {state_counts(rows.hidden)}")
    if rows.decided > rows.matching:
        parts.append(f"{rows.decided - rows.matching:,} not matching")
    return " · ".join(parts)


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


def absent_text(
    snapshot: Snapshot,
    query: Query,
    port: int,
    protocol: Protocol | None,
    keys: Mapping[str, str],
) -> str:
    """Why no row shows a port, and what to do about it. ``keys``: of open_only and clear."""
    what = f"{port}/{protocol.label}" if protocol is not None else f"{port}"
    channels = snapshot.view.channels
    fits = channels & 0xFFFF == port
    if protocol is not None:
        fits &= channels >> 16 == protocol
    if not fits.any():
        return f"Port {what} is not part of this scan."
    counts = dict.fromkeys(PortState, 0)
    for hosts, cells in snapshot.view.parts():
        rows = slice(None) if query.host is None else hosts == query.host
        numbers = np.bincount(cells["state"][rows][:, fits].reshape(-1), minlength=len(counts))
        for state in PortState:
            counts[state] += int(numbers[state])
    pending = counts.pop(PortState.PENDING)
    known = state_counts(counts)
    if not known:
        return f"Port {what} has no answer yet."
    said = f"Port {what}: {known}" + (f", {pending:,} without an answer" if pending else "")
    ways = [f"{keys['open_only']} shows every state"] if query.open_only else []
    ways += [f"{keys['clear']} clears the filter"] if query.filter.terms else []
    return f"{said}; not among the rows shown. " + " and ".join(ways) + "." * bool(ways)

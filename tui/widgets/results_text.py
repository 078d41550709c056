"""What the results table says about its rows: the counts, and why there are none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.results.cell import split_key
from engine.results.query import Query, RowSet
from engine.results.snapshot import Phase, Snapshot
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol
from engine.spec.services import service_name
from tui import format as fmt
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


def heading_text(groups: RowGroups, group: int, snapshot: Snapshot) -> str:
    """The heading of a group: what its rows have in common, and how many have which state."""
    if groups.kind is Grouping.HOST:
        address, name = snapshot.names.text(group), snapshot.names.name(group)
        title = f"{name} ({address})" if name else address
    else:
        _, protocol, port = split_key(int(groups.keys_of(group)[0]))
        title = service_name(Protocol(protocol), port) or "no known service"
    return f"{title} · {state_counts(groups.tally(group))}"


def empty_text(snapshot: Snapshot, query: Query, rows: RowSet, show_all_key: str) -> str:
    """Why the table has no rows, and what to do about it, in a sentence or two."""
    if not rows.decided:
        return _nothing_decided(snapshot)
    if not rows.matching:
        return (
            f"Nothing matches the filter: none of the {fmt.plural(rows.decided, 'result')}. "
            "Change or clear the filter."
        )
    hidden = state_counts(rows.hidden)
    what = "No open ports match the filter" if query.filter.terms else "No open ports"
    more = "" if snapshot.phase.over else " so far"
    return f"{what}{more}: {hidden} hidden. Press {show_all_key} to show them."


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


def _nothing_decided(snapshot: Snapshot) -> str:
    match snapshot.phase:
        case Phase.WAITING:
            return "The scan has not started yet."
        case Phase.FAILED:
            return f"The scan failed: {snapshot.failure or 'the log has the reason'}"
        case Phase.CANCELLED:
            return "The scan was cancelled before any port was decided."
        case Phase.FINISHED:
            return "The scan is over and no port could be decided; the log says why."
        case Phase.PAUSED:
            return "Paused before any port was decided."
    return f"No answers yet: {fmt.plural(snapshot.progress.total, 'port')} to decide."

"""Why the results table has no rows, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.results.filter import CHANGED
from engine.results.query import Query, RowSet
from engine.results.snapshot import Phase, Snapshot
from engine.sanitize import clean
from engine.spec.port_state import PortState
from tui import format as fmt
from tui.widgets.results_text import state_counts
from tui.widgets.scan_share import finding

Keys = Mapping[str, str]
"""Keys as they are written for people, by the names of actions."""


def no_scan_text(refusal: str, keys: Keys, awaited: str = "") -> str:
    """What to do when there is no scan; ``refusal`` is why one could not start, ``awaited`` what is
    known of one that will."""
    choose = keys["targets"]
    if refusal:
        return f"The scan could not start: {clean(refusal, 500)}. {choose} starts another."
    if awaited:
        return awaited
    return f"No scan yet. Press {choose} to choose what to scan; {keys['help']} shows all keys."


def awaited_text(targets: str, queued: bool, keys: Keys) -> str:
    """When the scan of ``targets`` begins."""
    when = "in a moment"
    if queued:
        when = f"when no other scan runs; {keys['tabs']} and then s begins it now"
    return f"The scan of {clean(targets, 200)} begins {when}."


def empty_text(snapshot: Snapshot, query: Query, rows: RowSet, keys: Keys) -> str:
    """Why there are no rows, in a few sentences."""
    if not rows.decided:
        return _nothing_decided(snapshot, query.host, keys)
    if not rows.matching:
        if str(query.filter) == f"state:{CHANGED}":
            return (
                "No port is in another state than before it was probed again. "
                f"{keys['rescan_all']} probes all of them again, {keys['probe_again']} some."
            )
        return (
            f"Nothing matches the filter: none of the {fmt.plural(rows.decided, 'result')}. "
            "Change or clear the filter."
        )
    hidden = state_counts(rows.hidden)
    what = "No open ports match the filter" if query.filter.terms else "No open ports"
    more = "" if snapshot.phase.over else " so far"
    text = f"{what}{more}: {hidden} hidden. Press {keys['open_only']} to show them."
    if snapshot.phase.over and not query.filter.terms:
        text += _lesson({state for state, number in rows.hidden.items() if number}, keys)
    return text


def _lesson(states: set[PortState], keys: Keys) -> str:
    """What a finished scan without an open port means when all its ports are alike."""
    if states <= {PortState.CLOSED, PortState.UNFILTERED}:
        return f" Nothing listens on the ports asked, and nothing hides them; {keys['ports']} adds."
    if states <= {PortState.FILTERED, PortState.OPEN_FILTERED}:
        return (
            " Not one port let an answer out: a firewall drops or rejects the probes, or nobody is "
            f"there. The reasons tell which; {keys['scan_type']} tries another scan type."
        )
    return ""


def _nothing_decided(snapshot: Snapshot, host: int | None, keys: Keys) -> str:
    match snapshot.phase:
        case Phase.WAITING:
            return "The scan has not started yet."
        case Phase.FAILED:
            why = snapshot.failure or "the log has the reason"
            return f"The scan failed: {clean(why, 500)} Press {keys['targets']} to start another."
        case Phase.CANCELLED:
            return (
                "The scan was cancelled before any port was decided. "
                f"{keys['rescan_all']} begins again."
            )
        case Phase.FINISHED:
            return _why_finished(snapshot, host, keys)
        case Phase.PAUSED:
            return f"Paused before any port was decided. {keys['pause']} goes on."
    if not snapshot.progress.total:
        so_far = finding(snapshot) or "finding hosts"
        return f"No ports yet, {so_far}. The ports of a host are asked as soon as it is found."
    return f"No answers yet: {fmt.plural(snapshot.progress.total, 'port')} to decide."


def _why_finished(snapshot: Snapshot, host: int | None, keys: Keys) -> str:
    """A scan that is over and decided nothing: what stood in the way of its hosts."""
    if not len(snapshot.view.channels):
        return f"This scan asked no ports. {keys['hosts_wide']} shows what was learnt of the hosts."
    problems = snapshot.problems
    at = host if host in problems else next(iter(problems), None)
    if at is not None:
        others = f" {fmt.plural(len(problems) - 1, 'more host')} too." if len(problems) > 1 else ""
        why = clean(problems[at], 300)
        return f"{snapshot.names.text(at)} cannot be probed: {why}.{others}"
    if snapshot.skipped:
        return f"Hosts were skipped: {keys['rescan_host']} takes the one under the cursor up again."
    down = snapshot.hosts.down
    if down and not snapshot.hosts.up:
        who = "The host" if down == 1 else f"None of {down:,} hosts"
        answered = "did not answer" if down == 1 else "answered"
        return (
            f"{who} {answered}, so no port was asked: down, or a firewall drops pings. "
            f"{keys['assume_up']} scans a host all the same, {keys['ping_again']} asks again; "
            f"{keys['show_down']} lists them among the hosts."
        )
    return "The scan is over and no port could be decided; the log says why."

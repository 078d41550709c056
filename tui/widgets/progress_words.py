"""What the progress pane says in words: time, the path, and what holds the scan back."""

from __future__ import annotations

from engine.results.snapshot import Phase, Snapshot
from tui import format as fmt
from tui.widgets.scan_share import amount, share_done


def bar_words(snapshot: Snapshot) -> list[str]:
    """What stands behind the bar, the longest wording first: share, amount, elapsed, left."""
    progress = snapshot.progress
    share, counted = f" {fmt.percent(share_done(snapshot))}", amount(snapshot)
    elapsed, short = fmt.clock(progress.elapsed), counted.removesuffix(" ports")
    left = None if snapshot.phase.over else progress.remaining
    rest = "" if left is None else f"{fmt.clock(left)} left"
    wordings = (
        (share, counted, f"{elapsed} elapsed", rest),
        (share, short, f"{elapsed} elapsed", rest),
        (share, short, rest or elapsed),
        (share, rest or elapsed),
    )
    return ["  ".join(filter(None, words)) for words in wordings]


def path_figures(snapshot: Snapshot, *, drawn: bool) -> list[str]:
    """Figures of probes and path, most wanted first. ``drawn``: loss and RTT are shown already."""
    progress, figures = snapshot.progress, []
    figures.append(f"in flight {progress.in_flight:,}")
    p95 = "" if progress.rtt_p95 is None else f"p95 {fmt.latency(progress.rtt_p95)}"
    if not drawn:
        figures.append(f"loss {fmt.loss(progress.loss)}")
        rtt = f"RTT {fmt.latency(progress.rtt_median)}"
        figures.append(f"{rtt}, {p95}" if p95 else rtt)
    figures.append(f"re-sent {progress.resent:,}")
    if drawn and p95:
        figures.append(f"RTT {p95}")
    if progress.rejected:
        figures.append(f"strangers {progress.rejected:,}")
    return figures


def holding_back(snapshot: Snapshot) -> str:
    """What keeps the scan from going faster, in a sentence; empty when it does not go at all."""
    if snapshot.phase is Phase.PAUSED:
        return "Paused: no probe leaves; answers to probes in flight still count."
    why, pace = limit(snapshot), snapshot.progress.pace
    if snapshot.phase is not Phase.RUNNING or not pace:
        return why
    return f"Pace {fmt.rate(pace)}: {why or 'no limit met yet'}"


def limit(snapshot: Snapshot) -> str:
    """The limit alone, while there is one."""
    return snapshot.progress.limit if snapshot.phase is Phase.RUNNING else ""

"""How far a scan is, hosts and ports together, and what is said while hosts are being found."""

from __future__ import annotations

from engine.results.snapshot import Phase, Snapshot


def share_done(snapshot: Snapshot) -> float:
    """The share (0..1) of the work done. While hosts are being found, only the ports of those found
    so far are counted, so that their share is taken of the share of hosts."""
    progress = snapshot.progress
    ports = progress.fraction if progress.total else float(progress.hosts_total > 0)
    if snapshot.phase is Phase.FINISHED or not progress.hosts_total:
        return ports
    return ports * (1 - _hosts_left(snapshot) / progress.hosts_total)


def _hosts_left(snapshot: Snapshot) -> int:
    """Hosts that may still turn out to be up; there is no way to those with a problem."""
    progress = snapshot.progress
    known = progress.hosts_up + progress.hosts_down + len(snapshot.problems)
    return max(progress.hosts_total - known, 0)


def finding(snapshot: Snapshot) -> str:
    """``finding hosts: 40 up, 12 down, 204 left`` while hosts are being found; else empty."""
    progress, left = snapshot.progress, _hosts_left(snapshot)
    if snapshot.phase.over or not left or not progress.sent:
        return ""
    return f"finding hosts: {progress.hosts_up:,} up, {progress.hosts_down:,} down, {left:,} left"


def amount(snapshot: Snapshot) -> str:
    """What is decided of what there is to decide: ports, or hosts where no ports are asked."""
    progress = snapshot.progress
    if progress.total or not progress.hosts_total:
        return f"{progress.decided:,} of {progress.total:,} ports"
    hosts = "host" if progress.hosts_total == 1 else "hosts"
    if snapshot.phase.over and len(snapshot.problems) == progress.hosts_total:
        return f"no way to {progress.hosts_total:,} {hosts}"
    return f"{progress.hosts_up:,} of {progress.hosts_total:,} {hosts} up"

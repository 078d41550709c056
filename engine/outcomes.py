"""What a command to a running scan has changed, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from engine.narrator import counted
from engine.spec.scan_type import ScanType
from engine.spec.timing import TimingTemplate


def timing_changed(
    before: TimingTemplate,
    after: TimingTemplate,
    rates: tuple[float, float],
    left: int,
    hosts: int = 0,
) -> str:
    """Another template: ``timing T5 insane: rate 300 -> 5,000/s, retries 10 -> 2; 412 ports left``.

    ``rates``: probes per second that the pace allowed before and allows now.
    """
    figures = [
        _rates(*rates),
        _change("retries", before.max_retries, after.max_retries),
    ]
    if before.max_parallelism != after.max_parallelism:
        most = (one.max_parallelism or "any number" for one in (before, after))
        figures.append(_change("in flight", *most))
    return f"timing {after.label}: {', '.join(figures)}; {ports_left(left, hosts)}"


def types_changed(
    before: Sequence[ScanType], after: Sequence[ScanType], left: int, redone: int, hosts: int = 0
) -> str:
    """Other scan types, and how many ports that were decided are probed again."""
    again = f", {redone:,} of them decided before" if redone else ""
    change = _change("scan type", _titles(before), _titles(after))
    return f"{change}; {ports_left(left, hosts)}{again}"


def ports_left(left: int, hosts: int = 0) -> str:
    """How many ports wait for a decision, and how many ``hosts`` are still to be found."""
    parts = [f"{counted(left, 'port')} left"] if left else []
    parts += [f"{counted(hosts, 'host')} to find"] if hosts else []
    return " and ".join(parts) or "no port left"


def _change(name: str, before: object, after: object) -> str:
    return f"{name} {before} -> {after}".strip() if before != after else f"{name} {after}".strip()


def _rates(before: float, after: float) -> str:
    """``rate 300 -> 5,000/s``; less than one in a second is ``1 in 15 s``."""
    if min(before, after) >= 1:
        return _change("rate", _rate(before), _rate(after)) + "/s"
    words = (f"{_rate(r)}/s" if r >= 1 else f"1 in {1 / r:.3g} s" for r in (before, after))
    return _change("rate", *words)


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.3g}"


def _titles(scan_types: Sequence[ScanType]) -> str:
    return " and ".join(scan_type.title for scan_type in scan_types)

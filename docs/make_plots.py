"""Draw how the pace develops, from scans of simulated networks: docs/pictures/pacing-*.svg.

``python docs/make_plots.py`` makes the pictures, with ``--check`` it says which of them are out of
date (exit code 1). The networks are simulated on a virtual clock with fixed seeds, so every run
draws the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, SendReport
from engine.core.progress import Progress
from engine.results.log import ScanLog
from engine.spec.ports import parse_ports
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import ScanType
from engine.spec.targets import parse_targets, resolve_targets
from engine.spec.timing import TEMPLATES
from engine.steering import SteeredScan
from engine.transport.scenario import load_scenario
from engine.transport.simulated import SimulatedTransport

PICTURES = Path(__file__).parent / "pictures"
PROBES_PER_SECOND = 40_000
"""What the simulated scanner's machine can send."""
SAMPLES = 160
WIDTH, HEIGHT, LEFT, TOP, GAP = 720, 92, 70, 40, 26


@dataclass(frozen=True)
class Situation:
    """A network, and what is scanned there."""

    name: str
    title: str
    host: str
    ports: str
    kind: ScanType = ScanType.SYN


SITUATIONS = (
    Situation("clean", "clean path, 30,000 ports", "delay = 0.001", "1-30000"),
    Situation("loss", "5 % lost each way, 30,000 ports", "delay = 0.02\nloss = 0.05", "1-30000"),
    Situation(
        "queue",
        "a queue of 100 packets drained at 2,000/s, 4,000 ports",
        "delay = 0.04\nqueue = 100\nrate = 2000",
        "1-4000",
    ),
    Situation("rst", "150 RSTs per second, 1,000 ports", "delay = 0.001\nrst_rate = 150", "1-1000"),
    Situation(
        "dropped",
        "a firewall that drops 1,000 ports",
        'delay = 0.02\n[host.tcp]\ndefault = "filtered"',
        "1-1000",
    ),
    Situation(
        "icmp",
        "one ICMP error per second, 60 UDP ports",
        "delay = 0.001\nicmp_rate = 1",
        "1-60",
        ScanType.UDP,
    ),
)


@dataclass(frozen=True)
class Curve:
    """One line of a picture: what it shows, and how it is read off the progress."""

    label: str
    value: Callable[[Progress], float]


CURVES = (
    Curve("probes/s", lambda progress: progress.send_rate),
    Curve("loss, %", lambda progress: 100 * progress.loss),
    Curve("in flight", lambda progress: progress.in_flight),
    Curve("ports decided", lambda progress: progress.decided),
)


class BusyTransport(SimulatedTransport):
    """A network in front of which the machine needs time to send."""

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send, and let the time pass that this takes."""
        report = super().send(batch)
        self._clock += len(batch) / PROBES_PER_SECOND
        return report


def watched(it: Situation) -> list[Progress]:
    """The progress of a scan at about SAMPLES equal steps of its time."""
    scenario = load_scenario(f'[[host]]\naddress = "10.0.0.1"\n{it.host}\n')
    targets = resolve_targets(parse_targets("10.0.0.1")).targets
    ports = parse_ports(it.ports, (it.kind.protocol,))
    spec = ScanSpec(targets, ports, (it.kind,), TEMPLATES[4], seed=1)

    def network(book: AddressBook) -> BusyTransport:
        return BusyTransport(book, scenario)

    scan = SteeredScan(spec, ScanLog(), make_transport=network)
    scan.start()
    seen: list[Progress] = []
    while not scan.phase.over:
        scan.turn()
        if not seen or scan.elapsed >= seen[-1].elapsed + 0.01:
            seen.append(scan.progress())
    seen.append(scan.progress())
    return list(_thinned(seen))


def _thinned(seen: Sequence[Progress]) -> Iterator[Progress]:
    step, wanted = seen[-1].elapsed / SAMPLES, 0.0
    for one in seen:
        if one.elapsed >= wanted or one is seen[-1]:
            wanted = one.elapsed + step
            yield one


def picture(it: Situation) -> str:
    """The SVG of one situation: its curves, one below the other."""
    seen = watched(it)
    end = seen[-1].elapsed
    tall = TOP + len(CURVES) * (HEIGHT + GAP) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 20} {tall}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(it.title)}</text>',
    ]
    for place, curve in enumerate(CURVES):
        parts += _panel(seen, end, curve, TOP + place * (HEIGHT + GAP))
    parts.append(f'<text x="{LEFT}" y="{tall - 8}">0 s</text>')
    parts.append(f'<text x="{LEFT + WIDTH}" y="{tall - 8}" text-anchor="end">{end:.2f} s</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(seen: Sequence[Progress], end: float, curve: Curve, top: int) -> list[str]:
    values = [float(curve.value(one)) for one in seen]
    most = max(*values, 1e-9)
    points = " ".join(
        f"{LEFT + WIDTH * one.elapsed / end:.1f},{top + HEIGHT * (1 - value / most):.1f}"
        for one, value in zip(seen, values, strict=True)
    )
    edge = LEFT - 6
    return [
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="#f6f6f6"/>',
        f'<text x="{LEFT + 6}" y="{top - 4}">{escape(curve.label)}</text>',
        f'<text x="{edge}" y="{top + 10}" text-anchor="end">{max(values):,.0f}</text>',
        f'<text x="{edge}" y="{top + HEIGHT}" text-anchor="end">0</text>',
        f'<polyline points="{points}" fill="none" stroke="#0060a8" stroke-width="1.5"/>',
    ]


def main(words: Sequence[str]) -> int:
    """Make the pictures, or compare them; returns the exit code."""
    stale = []
    for it in SITUATIONS:
        path, drawn = PICTURES / f"pacing-{it.name}.svg", picture(it)
        if "--check" not in words:
            path.write_text(drawn)
        elif not path.exists() or path.read_text() != drawn:
            stale.append(path.name)
    if stale:
        print(f"out of date: {', '.join(stale)}; run python docs/make_plots.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Draw how the pace develops, PyScan's beside nmap's: docs/pictures/pacing-*.svg.

``python docs/make_plots.py`` makes the pictures, with ``--check`` it says which of them are out of
date (exit code 1). PyScan's curves are of simulated networks on a virtual clock with fixed seeds,
nmap's are read from docs/nmap_pace.json, so every run draws the same.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

import numpy as np

from benchmarks.pace_situations import SITUATIONS, Course, Situation
from engine.core.addressing import AddressBook
from engine.core.batch import ProbeBatch, SendReport
from engine.core.progress import Progress
from engine.results.log import ScanLog
from engine.spec.ports import parse_ports
from engine.spec.scan import ScanSpec
from engine.spec.targets import parse_targets, resolve_targets
from engine.spec.timing import TEMPLATES
from engine.steering import SteeredScan
from engine.transport.scenario import load_scenario
from engine.transport.simulated import SimulatedTransport

PICTURES = Path(__file__).parent / "pictures"
MEASURED = Path(__file__).parent / "nmap_pace.json"
PROBES_PER_SECOND = 120_000
"""What the simulated scanner's machine can send: about what PyScan sent over a veth pair of the
machine on which nmap was measured."""
SAMPLES, STEPS = 160, 60
WIDTH, HEIGHT, LEFT, TOP, GAP = 720, 80, 70, 62, 26
OURS, THEIRS = "#0060a8", "#c25700"
DASHES = {OURS: "none", THEIRS: "5 2"}

Points = Sequence[tuple[float, float]]
"""A curve: seconds since the first probe, and a value."""


@dataclass(frozen=True)
class Line:
    """A curve as it is drawn. ``done``: its last point is marked as the end of a scan."""

    points: Points
    colour: str = OURS
    done: bool = False


def rates(course: Course) -> Points:
    """Packets per second in every step."""
    step = course.seconds / len(course.sent)
    per_second = [
        (now - then) / step for then, now in zip((0, *course.sent), course.sent, strict=False)
    ]
    return [(number * step, rate) for number, rate in enumerate((per_second[0], *per_second))]


def answers(course: Course) -> Points:
    """Ports that had answered."""
    step = course.seconds / len(course.answered)
    return [(number * step, count) for number, count in enumerate((0, *course.answered))]


COMPARED = (("packets per second, logarithmic", rates), ("ports that have answered", answers))
ALONE: Sequence[tuple[str, Callable[[Progress], float]]] = (
    ("probes per second", lambda progress: progress.send_rate),
    ("measured loss, %", lambda progress: 100 * progress.loss),
    ("probes in flight", lambda progress: progress.in_flight),
    ("ports decided", lambda progress: progress.decided),
)


class BusyTransport(SimulatedTransport):
    """A network in front of which the machine needs time to send."""

    def send(self, batch: ProbeBatch) -> SendReport:
        """Send, and let the time pass that this takes."""
        report = super().send(batch)
        self._clock += len(batch) / PROBES_PER_SECOND
        return report


def watched(it: Situation) -> list[Progress]:
    """The progress of a simulated scan, every hundredth of a second."""
    scenario = load_scenario(it.scenario)
    targets = resolve_targets(parse_targets("10.0.0.1")).targets
    ports = parse_ports(f"1-{it.ports}", (it.kind.protocol,))
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
    return seen


def course_of(seen: Sequence[Progress]) -> Course:
    """A watched scan in STEPS equal steps. A batch takes its time to leave, so totals grow evenly
    between one look and the next."""
    times = [one.elapsed for one in seen]
    steps = np.linspace(0.0, times[-1], STEPS + 1)[1:]
    sent = np.interp(steps, times, [one.sent for one in seen])
    answered = np.interp(steps, times, [one.answered for one in seen])
    return Course(times[-1], False, sent.tolist(), answered.tolist())


def measured(it: Situation) -> tuple[str, Course]:
    """nmap's name with its version, and how it did. Ends the program when that is not known."""
    known = json.loads(MEASURED.read_text()).get(it.name)
    if known is None or known["situation"] != asdict(it):
        sys.exit(f"measure nmap first: python -m docs.measure_nmap_pace {it.name} (as root)")
    return f"nmap {known['measured']['nmap']}", Course(**known["course"])


def _thinned(seen: Sequence[Progress]) -> Iterator[Progress]:
    step, wanted = seen[-1].elapsed / SAMPLES, 0.0
    for one in seen:
        if one.elapsed >= wanted or one is seen[-1]:
            wanted = one.elapsed + step
            yield one


def picture(it: Situation) -> str:
    """The SVG of one situation: both programs over the same time, then PyScan over its own."""
    seen = watched(it)
    ours, (nmap, theirs) = course_of(seen), measured(it)
    thinned, both = list(_thinned(seen)), max(ours.seconds, theirs.seconds)
    parts: list[str] = []
    top = TOP
    for label, points in COMPARED:
        lines = (Line(points(theirs), THEIRS, not theirs.stopped), Line(points(ours), done=True))
        parts += _panel(label, lines, both, top, logarithmic=points is rates)
        top += HEIGHT + GAP
    parts += _time(both, top)
    top += GAP + 20
    parts.append(f'<text x="{LEFT}" y="{top - 22}" font-size="14">PyScan alone</text>')
    for label, value in ALONE:
        line = Line([(one.elapsed, float(value(one))) for one in thinned])
        parts += _panel(label, (line,), ours.seconds, top)
        top += HEIGHT + GAP
    parts += _time(ours.seconds, top)
    return "\n".join([*_head(it, top, ours, nmap, theirs), *parts, "</svg>", ""])


def _head(it: Situation, tall: int, ours: Course, nmap: str, theirs: Course) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 20} {tall}" '
        'font-family="sans-serif" font-size="12">'
    )
    yield '<rect width="100%" height="100%" fill="#ffffff"/>'
    yield f'<text x="{LEFT}" y="20" font-size="15">{escape(it.title)}</text>'
    end = "stopped, not done, after" if theirs.stopped else "done after"
    legend = (
        (f"PyScan, simulated: done after {ours.seconds:.2f} s", OURS),
        (f"{nmap}, measured: {end} {theirs.seconds:.2f} s", THEIRS),
    )
    for place, (words, colour) in enumerate(legend):
        left = LEFT + place * WIDTH // 2
        yield f'<path d="M{left} 36h24" {_stroke(colour)}/>'
        yield f'<text x="{left + 30}" y="40">{escape(words)}</text>'


def _panel(
    label: str, lines: Sequence[Line], end: float, top: int, *, logarithmic: bool = False
) -> Iterator[str]:
    """Curves over one another. The foot of a logarithmic panel is 1, and so is all below."""
    peak = max(value for line in lines for _, value in line.points)
    most = max(peak, 10.0 if logarithmic else 1e-9)

    def place(seconds: float, value: float) -> tuple[float, float]:
        share = math.log(max(value, 1.0), most) if logarithmic else value / most
        return LEFT + WIDTH * seconds / end, top + HEIGHT * (1 - share)

    edge = LEFT - 6
    yield f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="#f6f6f6"/>'
    yield f'<text x="{LEFT + 6}" y="{top - 4}">{escape(label)}</text>'
    yield f'<text x="{edge}" y="{top + 10}" text-anchor="end">{peak:,.0f}</text>'
    yield f'<text x="{edge}" y="{top + HEIGHT}" text-anchor="end">{int(logarithmic)}</text>'
    for line in lines:
        spots = [place(*point) for point in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        yield f'<polyline points="{path}" {_stroke(line.colour)}/>'
        if line.done:
            x, y = spots[-1]
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#ffffff" stroke="{line.colour}"/>'


def _stroke(colour: str) -> str:
    dashes = DASHES[colour]
    return f'fill="none" stroke="{colour}" stroke-dasharray="{dashes}" stroke-width="1.5"'


def _time(end: float, top: int) -> Iterator[str]:
    """The time axis of the panel that ends above ``top``."""
    low = top - GAP + 14
    yield f'<text x="{LEFT}" y="{low}">0 s</text>'
    yield f'<text x="{LEFT + WIDTH}" y="{low}" text-anchor="end">{end:.2f} s</text>'


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

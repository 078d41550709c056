"""Write docs/agreement.md: every technique on every lab host, PyScan beside Debian's nmap.

Run as root from the repository: ``python -m tests.lab.agreement``. The page holds no times and no
addresses, so two runs on one machine differ only where the programs do.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from engine import __version__
from tests.lab import idle
from tests.lab.diff import words
from tests.lab.discovery import nmap_finder, ping_view_of, pyscan_finder
from tests.lab.edge import LOOPING
from tests.lab.liars import SYN_PROXY, TARPIT
from tests.lab.namespace import LabError
from tests.lab.network import ROOT
from tests.lab.nmap_oracle import Outcomes, nmap_sweep, nmap_version
from tests.lab.ping_cases import CASES
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import (
    ALL_PLANS,
    FAMILIES,
    ICMP_HOSTS,
    SCANS,
    Grounds,
    grounds,
    icmp_alone,
    view_of,
)

PAGE = ROOT / "docs" / "agreement.md"

INTRODUCTION = """# Agreement with nmap

Made by `python -m tests.lab.agreement` (as root) and checked by the tests in `tests/lab`: every
scan type on every host of the lab, over IPv4 and IPv6, by PyScan and by Debian's nmap. A port
agrees when state and reason are the same.
"""


class Score(NamedTuple):
    """How many ports were compared, and the lines that differ."""

    compared: int
    differing: tuple[str, ...]

    @property
    def cell(self) -> str:
        agreeing = self.compared - len(self.differing)
        return str(agreeing) if not self.differing else f"**{agreeing} of {self.compared}**"


def compare(theirs: Outcomes, ours: Outcomes) -> Score:
    """Two views of the same ports."""
    keys = sorted(theirs.keys() | ours.keys())
    differing = tuple(
        f"{port}/{protocol}: nmap {words(theirs, (protocol, port))}, "
        f"PyScan {words(ours, (protocol, port))}"
        for protocol, port in keys
        if theirs.get((protocol, port)) != ours.get((protocol, port))
    )
    return Score(len(keys), differing)


def port_scores(built: Grounds) -> dict[tuple[str, str, int], Score]:
    """(scan, host, family) -> score, the ICMP protocol and the idle scan at the end."""
    theirs, ours = view_of(built, nmap_sweep), view_of(built, pyscan_sweep)
    scores = {
        (scan, plan.name, family): compare(
            theirs(plan.name, scan, family), ours(plan.name, scan, family)
        )
        for scan, plan, family in product(SCANS, ALL_PLANS, FAMILIES)
    }
    for family in FAMILIES:
        found = [icmp_alone(built, scanner, family) for scanner in (nmap_sweep, pyscan_sweep)]
        for name, one, other in zip(ICMP_HOSTS[family], *found, strict=True):
            scores["-sO, ICMP alone", name, family] = compare(one, other)
        one, other = (
            idle.outcomes(built, scanner, family) for scanner in (nmap_sweep, pyscan_sweep)
        )
        scores["-sI", idle.TARGET.name, family] = compare(one, other)
    return scores


def port_tables(scores: Mapping[tuple[str, str, int], Score]) -> Iterator[str]:
    """A table per family: techniques down, hosts across, ports that agree in the cells."""
    compared = sum(score.compared for score in scores.values())
    agreeing = compared - sum(len(score.differing) for score in scores.values())
    yield f"## Ports\n\n{agreeing:,} of {compared:,} ports agree.\n"
    names = [plan.name for plan in ALL_PLANS]
    for family in FAMILIES:
        yield f"### IPv{family}\n\nPorts compared and found the same.\n"
        scans = dict.fromkeys(scan for scan, _, where in scores if where == family)
        rows = [
            (f"`{scan}`", *(_cell(scores.get((scan, name, family))) for name in names))
            for scan in scans
        ]
        yield from table(("", *names), rows)
    differing = [
        f"- `{scan}` on `{name}`, IPv{family}: {line}"
        for (scan, name, family), score in scores.items()
        for line in score.differing
    ]
    yield "### Differences\n\n" + ("\n".join(differing) or "None.") + "\n"


def _cell(score: Score | None) -> str:
    return score.cell if score else ""


def discovery_table(built: Grounds) -> Iterator[str]:
    """Ways of asking down; hosts that agree, those where nmap is wrong, and those that differ."""
    theirs, ours = ping_view_of(built, nmap_finder), ping_view_of(built, pyscan_finder)
    rows, differing = [], []
    pairs = [(case, family) for case in CASES for family in case.families]
    for case, family in pairs:
        seen, found = theirs(case.title, family), ours(case.title, family)
        truth = case.corrected(seen, family)
        corrected = {name for name, where in case.corrections if where == family}
        wrong = [name for name in truth if not case.same(found.get(name), truth[name])]
        agreeing = len(truth.keys() - corrected - set(wrong))
        rows.append((case.title, f"IPv{family}", *map(str, (len(truth), agreeing,
                     len(corrected - set(wrong)), len(wrong)))))  # fmt: skip
        differing += [
            f"- {case.title}, IPv{family}, `{name}`: nmap {words(seen, name)}, "
            f"PyScan {words(found, name)}"
            for name in wrong
        ]
    yield "## Host discovery\n\nHosts asked, and the state and reason they were given.\n"
    heads = ("asked by", "", "hosts", "the same", "nmap not to be followed", "differing")
    yield from table(heads, rows)
    yield "### Differences\n\n" + ("\n".join(differing) or "None.") + "\n"


def notes() -> Iterator[str]:
    """Where nmap's answer is not the truth."""
    yield "## Where nmap's answer is not the truth\n"
    lines = [
        *(f"- {case.title}: {case.note}." for case in CASES if case.note),
        f"- `{LOOPING.name}`: {LOOPING.note}.",
        "- `-sO` with several protocols: nmap gives ICMP the reason of whatever ICMP came in "
        "first, so both are asked about ICMP alone.",
        *(f"- `{plan.name}`, a host that accepts everything: {plan.note}; nmap calls all of its "
          "ports open." for plan in (TARPIT, SYN_PROXY)),
    ]  # fmt: skip
    yield "\n".join(lines) + "\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table and an empty one behind it."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def page(built: Grounds) -> str:
    """The whole page."""
    programs = f"PyScan {__version__}, nmap {nmap_version()}, Linux {platform.release()}.\n"
    parts = (
        INTRODUCTION,
        programs,
        *port_tables(port_scores(built)),
        *discovery_table(built),
        *notes(),
    )
    return "\n".join(parts)


def main() -> None:
    try:
        with grounds() as built:
            text = page(built)
    except LabError as error:
        sys.exit(str(error))
    PAGE.write_text(text)
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""Run a case: its host is built once, and the programs scan it in turn."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.measure import Measurement, measure
from tests.lab.hosts import protocol_of
from tests.lab.namespace import LabError, ip_batch
from tests.lab.network import ROOT, Lab, LabHost
from tests.lab.nmap_oracle import Outcomes, host_outcomes


@dataclass(frozen=True)
class Run:
    """One scan by one program.

    Attributes:
        tool: ``pyscan`` or ``nmap``.
        measurement: what it took.
        found: open ports reported that are open.
        total: open ports there are.
        wrong: ports whose state is not the true one, missing ones included; None when no complete
            report was written.
    """

    tool: str
    measurement: Measurement
    found: int
    total: int
    wrong: int | None

    @property
    def failed(self) -> bool:
        """No report, and not because its time was over: its figures mean nothing."""
        return self.wrong is None and not self.measurement.stopped


def run_case(case: Case, pairs: int, note: Callable[[str], None]) -> list[Run]:
    """Measure a case ``pairs`` times, the programs in turn. ``note`` hears of every run."""
    runs: list[Run] = []
    with Lab() as lab, tempfile.TemporaryDirectory() as folder:
        host = lab.add(case.plan, case.quality)
        targets = tuple(_addresses(host, case.addresses))
        rounds = min(pairs, case.rounds)
        for number in range(rounds):
            output = Path(folder) / f"{number}.xml"
            for tool, words in case.tools(targets, str(output)).items():
                output.unlink(missing_ok=True)
                taken = measure(lab.scan_command(*words), case.timeout, ROOT)
                run = judge(case, tool, taken, output, len(targets))
                note(f"{case.name} {number + 1}/{rounds} {tool}: {describe(run)}")
                runs.append(run)
    return runs


def describe(run: Run) -> str:
    """One line about a run, for whoever waits."""
    taken = run.measurement
    if run.wrong is None:
        end = "stopped" if taken.stopped else f"exit {taken.exit_code}: {taken.complaint}"
        return f"{taken.wall:.2f} s, no report ({end})"
    return f"{taken.wall:.2f} s, {run.found}/{run.total} open, {run.wrong} wrong"


def judge(case: Case, tool: str, taken: Measurement, output: Path, hosts: int) -> Run:
    """Hold a report against what the lab knows of its host."""
    truth = {port: case.plan.truth(case.scan, port, 4).state for port in case.ports}
    total = hosts * sum(state == "open" for state in truth.values())
    try:
        reports = list(_reports(output))
    except (OSError, ET.ParseError):
        return Run(tool, taken, 0, total, None)
    protocol = protocol_of(case.scan)
    found, wrong = 0, (hosts - len(reports)) * len(truth)
    for seen in reports:
        states = {port: seen[protocol, port].state for port in truth if (protocol, port) in seen}
        wrong += sum(states.get(port) != state for port, state in truth.items())
        found += sum(truth[port] == state == "open" for port, state in states.items())
    return Run(tool, taken, found, total, wrong)


def _reports(output: Path) -> Iterator[Outcomes]:
    for _, element in ET.iterparse(output):
        if element.tag == "host":
            yield host_outcomes(element)
            element.clear()


def _addresses(host: LabHost, count: int) -> list[str]:
    """``count`` IPv4 addresses of the host, made where it has fewer. Raises LabError."""
    first = ip_address(host.ipv4)
    wanted = [str(first + offset) for offset in range(count)]
    if len(wanted) > 250:
        raise LabError("a lab subnet has room for 250 addresses")
    if wanted[1:]:
        ip_batch([f"addr add {address}/24 dev up0" for address in wanted[1:]], host.namespace)
    return wanted

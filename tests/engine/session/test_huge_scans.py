"""Scans of millions of addresses: they begin at once, take little memory, and find what answers.

Windows are made small here, so that small networks have many of them; one test scans 10.0.0.0/8.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from engine import admission
from engine.core.batch import ProbeBatch, SendProblem, SendReport
from engine.formats.registry import EXPORT_FORMATS
from engine.formats.style import Style
from engine.results import store
from engine.results.cell import cell_key
from engine.results.report import ScanReport
from engine.results.snapshot import Phase
from engine.spec.ping import DiscoverySpec, Mode, Names
from engine.spec.port_state import PortState
from engine.spec.scan import Shard
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from tests.engine.core.simulated_scan import MeasuredTransport, SimulatedScan, ports

NETWORK = """
[[host]]
address = "10.0.0-3.5,77"
delay = 0.02
[host.tcp]
open = "80"
filtered = "22"
"""
LATE = '[[host]]\naddress = "10.0.0.9"\ndelay = 1.6\n[host.tcp]\nopen = "80"\n'
HOSTS, LIVING = 1_024, 8


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "HUGE", 100)
    monkeypatch.setattr(admission, "_WINDOW", 64)
    monkeypatch.setattr(admission, "_LEAST_HOSTS", 16)


UNASKED = DiscoverySpec(mode=Mode.ASSUME_UP, names=Names.NEVER)


def scan(toml: str = NETWORK, **options: Any) -> SimulatedScan:
    return SimulatedScan(toml, "10.0.0-3.0-255", "22,80,443", **options)


def totals(run: SimulatedScan) -> dict[PortState, int]:
    found = run.runner.publish().view.totals
    return {state: number for state, number in found.items() if number}


FOUND = {
    PortState.OPEN: LIVING,
    PortState.CLOSED: LIVING,
    PortState.FILTERED: 3 * HOSTS - 2 * LIVING,
}


def test_all_hosts_are_asked_and_only_those_that_answered_have_rows() -> None:
    run = scan()
    run.turn()
    assert len(run.runner.publish().view.hosts) <= 32
    assert run.progress.total == 3 * HOSTS
    run.run()
    view = run.runner.publish().view
    assert len(view.hosts) == LIVING and view.released_hosts == HOSTS - LIVING
    assert totals(run) == FOUND
    assert run.progress.decided == run.progress.total == 3 * HOSTS
    assert {cell[0] for cell in run.network.copies()} == set(range(HOSTS))
    assert len(run.rows()) == 3 * LIVING


def test_reports_count_the_silent_hosts_and_list_the_others() -> None:
    run = scan().run()
    report = ScanReport(run.runner.spec, run.runner.publish(), 0.0)
    for detail in (0, 2):
        text = io.BytesIO()
        EXPORT_FORMATS["text"].write(report, text, Style(detail=detail))
        said = text.getvalue().decode()
        assert f"Not shown: {HOSTS - LIVING} hosts x 3 ports: no answer" in said
        assert said.count("PyScan scan report for 10.") == LIVING
    everything = io.BytesIO()
    EXPORT_FORMATS["json"].write(report, everything)
    summary = json.loads(everything.getvalue())["summary"]
    assert summary["ports"] == {state.label: number for state, number in FOUND.items()}
    assert summary["pending"] == 0 and summary["hosts_up"] == LIVING


def test_an_answer_that_comes_after_the_host_was_let_go_still_counts() -> None:
    run = scan(NETWORK + LATE)
    late, missed = 9, False
    while not run.runner.phase.over:
        run.turn()
        missed |= run.runner.publish().view.row(late) < 0
    assert missed
    row = run.runner.publish().row(cell_key(late, Protocol.TCP, 80))
    assert row is not None and row.state is PortState.OPEN
    assert run.progress.decided == run.progress.total == 3 * HOSTS
    assert sum(totals(run).values()) == 3 * HOSTS


def test_the_parts_of_a_huge_scan_are_the_scan() -> None:
    asked: list[tuple[int, int, int]] = []
    for index in (1, 2, 3):
        run = scan(shard=Shard(index, 3)).run()
        asked += run.network.copies()
        assert len(run.runner.publish().view.hosts) <= LIVING
    assert len(asked) == len(set(asked)) == 3 * HOSTS


def test_a_rescan_admits_hosts_again_that_were_let_go() -> None:
    run = scan().run()
    before = sum(run.network.copies().values())
    run.runner.rescan_all()
    run.run()
    assert sum(run.network.copies().values()) >= before + 3 * HOSTS
    assert totals(run) == FOUND and len(run.runner.publish().view.hosts) == LIVING
    assert run.progress.decided == run.progress.total == 3 * HOSTS
    run.runner.rescan_host(3)
    run.run()
    assert totals(run) == FOUND and run.progress.decided == 3 * HOSTS


def test_ports_added_to_a_huge_scan_are_asked_of_all_hosts() -> None:
    run = scan()
    while not run.runner.publish().view.released_hosts:
        run.turn()
    run.runner.add_ports(ports("8080"))
    run.run()
    assert {cell[0] for cell in run.network.copies() if cell[2] == 8080} == set(range(HOSTS))
    assert sum(totals(run).values()) == run.progress.decided == run.progress.total == 4 * HOSTS


def test_another_protocol_is_asked_of_all_hosts() -> None:
    run = scan().run()
    run.runner.set_scan_types((ScanType.SYN, ScanType.UDP), redo_decided=False)
    run.run()
    udp = {cell for cell in run.network.copies() if cell[1] == Protocol.UDP}
    assert len(udp) == 3 * HOSTS
    assert sum(totals(run).values()) == run.progress.decided == run.progress.total == 6 * HOSTS


@pytest.mark.parametrize("timing", [TEMPLATES[4], replace(TEMPLATES[4], max_rate=2_000.0)])
def test_hosts_scanned_unasked_are_admitted_in_windows(timing: TimingTemplate) -> None:
    run = scan(discovery=UNASKED, timing=timing)
    rows = 0
    while not run.runner.phase.over:
        run.turn()
        rows = max(rows, len(run.runner.publish().view.hosts))
    view = run.runner.publish().view
    assert rows < HOSTS / 2 and len(view.hosts) == LIVING
    assert view.released_hosts == HOSTS - LIVING
    assert totals(run) == FOUND
    assert run.progress.decided == run.progress.total == 3 * HOSTS
    report = ScanReport(run.runner.spec, run.runner.publish(), 0.0)
    everything = io.BytesIO()
    EXPORT_FORMATS["json"].write(report, everything)
    assert json.loads(everything.getvalue())["summary"]["pending"] == 0


def test_hosts_that_answer_a_ping_keep_their_rows() -> None:
    quiet = '[[host]]\naddress = "10.0.0-3.7"\ndelay = 0.02\n[host.tcp]\ndefault = "filtered"\n'
    run = scan(quiet, discovery=DiscoverySpec(names=Names.NEVER)).run()
    view = run.runner.publish().view
    assert len(view.hosts) == 4 and not view.released_hosts


def test_more_hosts_that_answer_than_fit_end_the_scan_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "MAX_CELLS", 6)
    run = scan(discovery=DiscoverySpec(names=Names.NEVER)).run()
    assert run.runner.phase is Phase.FAILED
    assert run.runner.failure.endswith("scan fewer ports or a smaller range")


class NoRoute(MeasuredTransport):
    """A network in which some hosts cannot be reached until ``there`` is set."""

    there = False

    def send(self, batch: ProbeBatch) -> SendReport:
        lost = (batch["host"] >= 512) & (not self.there)
        report = super().send(batch[~lost])
        sent_at = np.full(len(batch), np.nan)
        sent_at[~lost] = report.sent_at
        hosts = tuple(sorted(set(batch["host"][lost].tolist())))
        problem = SendProblem(101, hosts, "no route", lasting=True)
        return SendReport(sent_at, (*report.problems, problem) if hosts else report.problems)


def test_hosts_that_cannot_be_probed_take_no_row_until_they_can() -> None:
    run = scan(discovery=UNASKED)
    run.network.__class__ = NoRoute
    run.run()
    view = run.runner.publish().view
    reached = FOUND[PortState.FILTERED] // 2
    assert len(view.hosts) == LIVING // 2 and view.released_hosts == 512 - LIVING // 2
    assert totals(run) == {
        PortState.OPEN: LIVING // 2, PortState.CLOSED: LIVING // 2, PortState.FILTERED: reached
    }  # fmt: skip
    assert len(run.runner.publish().problems) == 512
    run.network.there = True
    run.runner.rescan_states(frozenset({PortState.PENDING}))
    run.run()
    assert totals(run) == FOUND and len(run.runner.publish().view.hosts) == LIVING


_WHOLE_NET = """
import re, time
from msgspec.structs import replace
from pathlib import Path
import numpy as np
from engine.results.log import ScanLog
from engine.runner import ScanRunner
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.ports import parse_ports
from engine.spec.targets import parse_targets, resolve_targets
from engine.spec.timing import TEMPLATES
from engine.transport.scenario import load_scenario
from engine.transport.simulated import SimulatedTransport

network = load_scenario('[[host]]\\naddress="10.0-255.7.9"\\ndelay=0.02\\n[host.tcp]\\nopen="80"')
class Sluggish(SimulatedTransport):
    def receive(self, until, rest=0.0):  # so that whole batches leave at a time
        return super().receive(max(until, self.now() + 0.01))

began = time.process_time()
targets = resolve_targets(parse_targets("10.0.0.0/8")).targets
fast = replace(TEMPLATES[5], min_rate=200_000.0)
wanted = parse_ports("21-25,53,80,110,143,443", (Protocol.TCP,))
spec = ScanSpec(targets, wanted, (ScanType.SYN,), fast, 3)
run = ScanRunner(spec, ScanLog(), make_transport=lambda book: Sluggish(book, network))
run.start()
while not run.progress().sent:
    run.turn()
begun = time.process_time() - began

def most_memory():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

start = most_memory()
while run.progress().sent < PROBES:
    for _ in range(100):
        run.turn()
    run.publish()
print(begun, most_memory() - start, run.publish().view.released_hosts)
"""


def test_a_class_a_network_begins_within_a_second_and_memory_stays() -> None:
    program = _WHOLE_NET.replace("PROBES", "2_000_000")
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True, timeout=100
    )
    begun, grown, released = map(float, done.stdout.split())
    assert begun < 1.0 and grown < 64 and released > 10_000


def test_small_scans_keep_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "HUGE", 3 * HOSTS)
    run = scan()
    assert len(run.runner.publish().view.hosts) == HOSTS
    run.run()
    assert run.runner.publish().view.released_hosts == 0
    assert np.array_equal(run.runner.publish().view.hosts, np.arange(HOSTS))

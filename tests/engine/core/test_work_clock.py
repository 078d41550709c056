"""How long a scan took: time in which nothing was worked on does not count."""

from __future__ import annotations

import io
import json

import pytest

from engine.formats.registry import EXPORT_FORMATS
from engine.results.report import ScanReport
from engine.work_clock import WorkClock
from tests.engine.core.simulated_scan import SimulatedScan, ports

SILENT = '[[host]]\naddress="10.0.0.0/24"\ndelay=0.02\n[host.tcp]\ndefault="filtered"\n'
LONG = 1200.0
"""Seconds."""


def idle(scan: SimulatedScan, seconds: float) -> None:
    """Nobody asks for anything."""
    until = scan.network.now() + seconds
    while scan.network.now() < until:
        scan.network.receive(until)


def written(scan: SimulatedScan, name: str) -> str:
    report = ScanReport(scan.runner.spec, scan.runner.publish(), 0.0)
    stream = io.BytesIO()
    EXPORT_FORMATS[name].write(report, stream)
    return stream.getvalue().decode()


def test_the_clock_stands_for_what_is_left_out() -> None:
    clock = WorkClock()
    clock.look(10.0)
    assert clock.at(12.0) == 12.0
    clock.leave_out(15.0)
    assert (clock.at(15.0), clock.at(17.0)) == (10.0, 12.0)
    assert clock.at(11.0) == 10.0


@pytest.mark.parametrize("again", ["rescan_all", "add_ports", "cancelled"])
def test_the_time_between_the_end_and_a_rescan_does_not_count(again: str) -> None:
    scan = SimulatedScan(SILENT)
    if again == "cancelled":
        scan.turn()
        scan.runner.cancel()
    else:
        scan.run()
    took, ended = scan.runner.elapsed, scan.network.now()
    idle(scan, LONG)
    assert scan.runner.elapsed == took
    if again == "add_ports":
        scan.runner.add_ports(ports("30-40"))
    else:
        scan.runner.rescan_all()
        scan.runner.rescan_host(0)
    worked = took + scan.run().network.now() - ended - LONG
    assert took < scan.runner.elapsed == pytest.approx(worked, abs=1e-3)
    document = json.loads(written(scan, "json"))
    assert document["summary"]["elapsed"] == pytest.approx(worked, abs=1e-3)
    assert f'elapsed="{worked:.2f}"' in written(scan, "xml")


def test_the_log_tells_when_things_happened() -> None:
    scan = SimulatedScan(SILENT).run()
    idle(scan, LONG)
    scan.runner.rescan_all()
    assert scan.log.lines(0, 3)[-1].time > LONG

"""How long a scan took: time in which nothing was worked on does not count."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from engine.formats.registry import EXPORT_FORMATS
from engine.results.report import ScanReport
from engine.work_clock import WorkClock
from tests.engine.core.simulated_scan import SimulatedScan, ports

HOST = '[[host]]\naddress="10.0.0.0/24"\ndelay=0.02\n'
SLOW_HOST = HOST + "rate=100\n"
SILENT = HOST + '[host.tcp]\ndefault="filtered"\n'
LONG = 1200.0
"""Seconds."""


def idle(scan: SimulatedScan, seconds: float) -> None:
    """Nobody asks for anything."""
    until = scan.network.now() + seconds
    while scan.network.now() < until:
        scan.network.receive(until)


def pause(scan: SimulatedScan, seconds: float) -> None:
    """The user lets the scan wait."""
    until = scan.network.now() + seconds
    scan.runner.pause()
    while scan.network.now() < until:
        scan.turn()
    scan.runner.resume()


def stop(scan: SimulatedScan, seconds: float) -> None:
    """The process is stopped, and answers wait in the kernel."""
    scan.network._clock += seconds


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


def test_a_process_that_was_stopped_worked_on_nothing_meanwhile() -> None:
    clock = WorkClock()
    for now, used, worked in (
        (10.0, 0.5, 10.0),
        (10.5, 0.5, 10.5),
        (70.5, 0.6, 10.5),  # stopped
        (75.5, 5.5, 15.5),  # busy
        (76.0, 5.5, 16.0),
    ):
        clock.look(now, used)
        assert clock.at(now) == worked


@pytest.mark.parametrize("how", [stop, pause])
def test_time_without_work_does_not_count_as_slowness(
    how: Callable[[SimulatedScan, float], None],
) -> None:
    scan = SimulatedScan(SLOW_HOST, which="1-2000")
    while scan.progress.decided < 1200:
        scan.turn()
    before, elapsed = scan.progress.remaining, scan.runner.elapsed
    how(scan, 60.0)
    scan.turn()
    assert before is not None
    assert scan.progress.remaining == pytest.approx(before, rel=0.05)
    took = scan.runner.elapsed - elapsed
    assert took < 0.2 if how is stop else took > 60.0
    scan.run(1_000_000).assert_settled()


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
    began = scan.runner.elapsed
    scan.run()
    assert f"decided in {scan.runner.elapsed - began:.2f} s with" in scan.log.lines(0, 3)[-1].text

"""The benchmarks judge reports by what the lab built, and say so when there is nothing to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cases import Case
from benchmarks.compare import Run, judge
from benchmarks.measure import Measurement, measure
from benchmarks.report import ratios, section
from tests.lab.hosts import HostPlan

CASE = Case("tiny", "Ports 1 to 4", HostPlan("tiny", tcp_open=(1, 2)), "-sS", "right", last_port=4)
REPORT = """<?xml version="1.0"?><nmaprun><host><ports>
<extraports state="closed" count="{n}"><extrareasons reason="reset" count="{n}" proto="tcp"
 ports="{closed}"/></extraports>
<port protocol="tcp" portid="1"><state state="{first}" reason="syn-ack" reason_ttl="64"/></port>
<port protocol="tcp" portid="2"><state state="open" reason="syn-ack" reason_ttl="64"/></port>
</ports></host></nmaprun>"""


def taken(wall: float = 1.0, stopped: bool = False) -> Measurement:
    return Measurement(wall, 0.1, 0.1, 20_000_000, -9 if stopped else 0, stopped, "")


@pytest.mark.parametrize(
    ("closed", "first", "found", "wrong"),
    [("3-4", "open", 2, 0), ("3", "open", 2, 1), ("3,4", "filtered", 1, 1)],
)
def test_a_report_is_held_against_the_plan(
    tmp_path: Path, closed: str, first: str, found: int, wrong: int
) -> None:
    output = tmp_path / "report.xml"
    output.write_text(REPORT.format(n=2, closed=closed, first=first))
    run = judge(CASE, "nmap", taken(), output, hosts=1)
    assert (run.found, run.total, run.wrong) == (found, 2, wrong)


def test_a_missing_host_counts_with_all_its_ports(tmp_path: Path) -> None:
    output = tmp_path / "report.xml"
    output.write_text(REPORT.format(n=2, closed="3-4", first="open"))
    run = judge(CASE, "pyscan", taken(), output, hosts=2)
    assert (run.found, run.total, run.wrong) == (2, 4, 4)


@pytest.mark.parametrize("text", [None, "<nmaprun><host>"])
def test_no_complete_report_is_a_failure_not_a_time(tmp_path: Path, text: str | None) -> None:
    output = tmp_path / "report.xml"
    if text is not None:
        output.write_text(text)
    ours = judge(CASE, "pyscan", taken(0.01), output, hosts=1)
    assert ours.failed
    theirs = Run("nmap", taken(1.0), 2, 2, 0)
    assert "No ratio" in ratios([ours, theirs])
    assert "1 failed" in section(CASE, [ours, theirs])


def test_a_stopped_program_bounds_the_ratio() -> None:
    ours = Run("pyscan", taken(1.0), 2, 2, 0)
    text = ratios([ours, Run("nmap", taken(4.0, True), 0, 2, None),
                   ours, Run("nmap", taken(2.0), 2, 2, 0)])  # fmt: skip
    assert "<0.25, 0.50; median 0.38" in text


def test_a_program_is_measured_and_stopped_in_time(tmp_path: Path) -> None:
    quick = measure(("sh", "-c", "echo gone wrong >&2; exit 3"), 30.0, tmp_path)
    assert (quick.exit_code, quick.stopped, quick.complaint) == (3, False, "gone wrong")
    assert quick.peak_rss > 0
    endless = measure(("sleep", "60"), 0.2, tmp_path)
    assert endless.stopped
    assert endless.exit_code < 0

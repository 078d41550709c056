"""The benchmarks judge reports by what the lab built, and say so when there is nothing to judge."""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.cases import CASES, Case
from benchmarks.compare import Result
from benchmarks.goal import Goal
from benchmarks.measure import Measurement, finish, start
from benchmarks.report import report, section
from benchmarks.run import Run
from benchmarks.scenes import ICMP_LIMIT, OneHost, icmp_floor
from benchmarks.verdict import HostTruth, PortTruth, Verdict
from tests.lab import namespace
from tests.lab.hosts import HostPlan
from tests.lab.namespace import command
from tests.lab.network import Lab, inside

PLAN = HostPlan("tiny", tcp_open=(1, 2))
CASE = Case("tiny", "Ports 1 to 4", OneHost(PLAN), Goal(ratio=0.5), ports=4)
STATES = {("tcp", port): PLAN.truth("-sS", port, 4).state for port in CASE.port_range}
TRUTH = PortTruth({"10.77.1.2": STATES})
REPORT = """<?xml version="1.0"?><nmaprun><host><address addr="10.77.1.2" addrtype="ipv4"/><ports>
<extraports state="closed" count="{n}"><extrareasons reason="reset" count="{n}" proto="tcp"
 ports="{closed}"/></extraports>
<port protocol="tcp" portid="1"><state state="{first}" reason="syn-ack" reason_ttl="64"/></port>
<port protocol="tcp" portid="2"><state state="open" reason="syn-ack" reason_ttl="64"/></port>
</ports></host></nmaprun>"""
OPENS = """<nmaprun scanner="masscan">{}</nmaprun>"""
ONE_OPEN = """<host><address addr="10.77.1.2" addrtype="ipv4"/><ports><port protocol="tcp"
 portid="{}"><state state="open" reason="syn-ack" reason_ttl="64"/></port></ports></host>"""
UP = '<host><status state="{}" reason="reset"/><address addr="{}" addrtype="ipv4"/></host>'


def taken(wall: float = 1.0, stopped: bool = False, cpu: float = 0.2) -> Measurement:
    return Measurement(wall, cpu / 2, cpu / 2, 20_000_000, -9 if stopped else 0, stopped, "")


def run(tool: str, wall: float = 1.0, wrong: int = 0, found: int = 2, cpu: float = 0.2) -> Run:
    return Run(tool, taken(wall, cpu=cpu), 4, Verdict(found, wrong), 2, 4)


def stopped(tool: str, wall: float) -> Run:
    return Run(tool, taken(wall, stopped=True), 4, None, 2, 4)


def written(folder: Path, text: str) -> Path:
    path = folder / "report.xml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("closed", "first", "found", "wrong"),
    [("3-4", "open", 2, 0), ("3", "open", 2, 1), ("3,4", "filtered", 1, 1)],
)
def test_a_report_is_held_against_the_plan(
    tmp_path: Path, closed: str, first: str, found: int, wrong: int
) -> None:
    report = written(tmp_path, REPORT.format(n=2, closed=closed, first=first))
    assert TRUTH.judge(report, only_open=False) == (found, wrong)
    assert (TRUTH.total, TRUTH.size) == (2, 4)


def test_a_missing_host_counts_with_all_its_ports(tmp_path: Path) -> None:
    report = written(tmp_path, REPORT.format(n=2, closed="3-4", first="open"))
    two = PortTruth({"10.77.1.2": STATES, "10.77.1.3": STATES})
    assert two.judge(report, only_open=False) == (2, 4)


@pytest.mark.parametrize(
    ("ports", "verdict"), [((1, 2), (2, 0)), ((2,), (1, 1)), ((1, 2, 4), (2, 1)), ((), (0, 2))]
)
def test_a_program_that_names_open_ports_only_is_judged_by_those(
    tmp_path: Path, ports: tuple[int, ...], verdict: tuple[int, int]
) -> None:
    report = written(tmp_path, OPENS.format("".join(map(ONE_OPEN.format, ports))))
    assert TRUTH.judge(report, only_open=True) == verdict


def test_hosts_missed_and_hosts_invented_are_wrong(tmp_path: Path) -> None:
    seen = (("up", "10.0.0.1"), ("down", "10.0.0.2"), ("up", "10.0.0.3"))
    report = written(tmp_path, OPENS.format("".join(UP.format(*each) for each in seen)))
    truth = HostTruth(frozenset({"10.0.0.1", "10.0.0.2"}), 256)
    assert truth.judge(report, only_open=False) == (1, 2)


@pytest.mark.parametrize("text", [None, "<nmaprun><host>"])
def test_no_complete_report_is_a_failure_not_a_time(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "report.xml" if text is None else written(tmp_path, text)
    assert TRUTH.judge(path, only_open=False) is None
    assert TRUTH.judge(path, only_open=True) is None
    ours = Run("pyscan", taken(0.01), 0, None, 2, 4)
    assert ours.failed
    runs = [ours, run("nmap")]
    assert CASE.goal.missed(runs, 0.0) == ["no report"]
    text = section(CASE, Result(runs, 0.0))
    assert "No ratio" in text
    assert "1 failed" in text


def test_a_stopped_program_bounds_the_ratio() -> None:
    runs = [run("pyscan"), stopped("nmap", 4.0), run("pyscan"), run("nmap", 2.0)]
    text = section(CASE, Result(runs, 0.0))
    assert "<0.25, 0.50; median <0.38" in text
    assert CASE.goal.missed(runs, 0.0) == []


def test_a_stopped_nmap_does_not_prove_that_we_are_too_slow() -> None:
    runs = [run("pyscan", 3.0), stopped("nmap", 4.0)]
    assert CASE.goal.missed(runs, 0.0) == ["wall ratio at most 0.75, not known to be 0.50"]


GOALS = (
    (Goal(ratio=0.5), 1.0, []),
    (Goal(ratio=0.2), 1.0, ["wall ratio 0.25 over 0.20"]),
    (Goal(cpu_ratio=1), 1.0, ["cpu ratio 2.00 over 1.00"]),
    (Goal(seconds=0.5), 1.0, ["1.0 s of 0.5 s"]),
    (Goal(floors=1.3), 1.0, []),
    (Goal(floors=1.3), 0.5, ["1.0 s of 0.7 s"]),
    (Goal(megabytes=10), 1.0, ["20 MB"]),
)


@pytest.mark.parametrize(("goal", "floor", "missed"), GOALS)
def test_a_goal_says_what_was_missed(goal: Goal, floor: float, missed: list[str]) -> None:
    runs = [run("pyscan", 1.0, cpu=0.4), run("nmap", 4.0)]
    assert goal.missed(runs, floor) == missed


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal(), "all right"),
        (Goal(ratio=1 / 1.5), "at least 1.5 x faster than nmap, all right"),
        (Goal(ratio=1), "no slower than nmap, all right"),
        (Goal(seconds=12, right=0.9999), "at most 12 s, 99.99% right, all open ports found"),
    ],
)
def test_a_goal_reads_like_a_sentence(goal: Goal, text: str) -> None:
    assert str(goal) == text


def test_the_worst_round_decides_what_is_right() -> None:
    runs = [run("pyscan", 1.0), run("pyscan", 1.0, wrong=1, found=1)]
    assert Goal().missed(runs, 0.0) == ["1 of 2 found", "75.0000% right"]
    lenient = Goal(right=0.7)
    assert lenient.missed([run("pyscan", wrong=1)], 0.0) == []


def test_the_whole_report_names_every_case() -> None:
    slower = [run("pyscan", 2.0), run("nmap", 1.0)]
    alone = replace(CASE, name="alone", nmap=0)
    results = [(CASE, Result(slower, 0.0)), (alone, Result([run("pyscan")], 3.0))]
    results += [(case, Result(slower, 1.0)) for case in CASES]
    text = report(results, ["## store\n"], "Nmap 0")
    assert all(f"\n## {case.name}\n" in text for case in CASES)
    assert "| tiny | 1.00 | 2.00 | 2.00 | 2/2 | 100.0000% |" in text
    assert "no: wall ratio 2.00 over 0.50" in text
    assert "| alone | - | 1.00 | - |" in text
    assert "The ration alone takes 3.0 s." in text
    assert text.endswith("## store\n")


def test_cases_have_names_of_their_own_and_programs_to_run() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.tools[0].name == "pyscan" and case.tools[0].timeout for case in CASES)
    assert all(case.nmap for case in CASES if case.goal.ratio or case.goal.cpu_ratio)


@pytest.mark.root
def test_the_floor_of_an_icmp_limit_follows_from_the_kernels_settings() -> None:
    with Lab() as lab:
        host = lab.new_namespace("host")
        command(*inside(host, "sysctl", "-qw", *ICMP_LIMIT))
        assert icmp_floor(host, 200) == 194.0
        command(*inside(host, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0"))
        assert icmp_floor(host, 200) == pytest.approx(0.15)


@pytest.mark.root
def test_a_reset_ration_is_kept() -> None:
    """60 refused connections at once: the burst and what is due by then are refused, the rest hang
    until the kernel repeats its SYN after a second."""
    with Lab() as lab:
        ground = OneHost(HostPlan("rationed"), resets=10)(lab, "-sS", range(1, 61))
        refused = namespace.inside(lab.scanner, lambda: refusals(ground.targets[0], 60))
    assert ground.floor == 6.0
    assert 1 <= refused < 60


def refusals(address: str, count: int) -> int:
    """How many of so many ports have refused a connection when the last was asked."""
    asked = []
    for port in range(1, count + 1):
        asked.append(socket.socket())
        asked[-1].setblocking(False)
        asked[-1].connect_ex((address, port))
    time.sleep(0.2)
    errors = [each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for each in asked]
    for each in asked:
        each.close()
    return errors.count(errno.ECONNREFUSED)


def test_a_program_is_measured_and_stopped_in_time(tmp_path: Path) -> None:
    quick = finish(start(("sh", "-c", "echo gone wrong >&2; exit 3"), 30.0, tmp_path))
    assert (quick.exit_code, quick.stopped, quick.complaint) == (3, False, "gone wrong")
    assert quick.peak_rss > 0
    endless = finish(start(("sh", "-c", "sleep 60 & sleep 60"), 0.2, tmp_path))
    assert endless.stopped
    assert endless.exit_code < 0

"""What commands say they have changed is what they have changed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.outcomes import ports_left, timing_changed
from engine.results.cell import cell_key
from engine.spec.ping import DiscoverySpec, Mode
from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan, ports, targets

NETWORK = '[[host]]\naddress="10.0.0.0/24"\ndelay=0.02\n[host.tcp]\nopen="5"\nfiltered="7-9"\n'


def said(scan: SimulatedScan) -> str:
    return scan.log.lines()[-1].text


def left(scan: SimulatedScan) -> str:
    progress = scan.progress
    return f"; {progress.total - progress.decided} ports left"


def told_rate(text: str) -> float:
    """Probes per second of ``5,000/s``, ``300`` or ``1 in 15 s``."""
    if text.startswith("1 in "):
        return 1 / float(text.removeprefix("1 in ").removesuffix(" s"))
    return float(text.removesuffix("/s").replace(",", ""))


@pytest.mark.parametrize("number", range(6))
def test_timing(number: int) -> None:
    scan = SimulatedScan(NETWORK, "10.0.0.1-2", "1-300", timing=TEMPLATES[3])
    for _ in range(5):
        scan.turn()
    before, slow = TEMPLATES[3], scan.progress.pace
    scan.runner.set_timing(TEMPLATES[number])
    after, fast = TEMPLATES[number], scan.progress.pace
    line = said(scan)
    assert line.startswith(f"timing {after.label}: rate ")
    assert line.endswith(left(scan)) and "600" not in line
    rates = line.partition("rate ")[2].partition(", retries")[0].split(" -> ")
    assert told_rate(rates[-1]) == pytest.approx(fast, rel=0.01, abs=0.5)
    if len(rates) > 1:
        assert told_rate(rates[0]) == pytest.approx(slow, rel=0.01, abs=0.5)
    if before.max_retries != after.max_retries:
        assert f"retries {before.max_retries} -> {after.max_retries}" in line
    assert ("in flight" in line) == (before.max_parallelism != after.max_parallelism)


def test_the_line_of_the_manual() -> None:
    line = timing_changed(TEMPLATES[2], TEMPLATES[5], (300.0, 5_000.0), 412)
    assert line.startswith("timing T5 insane: rate 300 -> 5,000/s, retries ")
    assert line.endswith("; 412 ports left")
    assert ports_left(1) == "1 port left" and ports_left(0) == "no port left"
    assert ports_left(0, 128) == "128 hosts to find"
    assert ports_left(412, 1) == "412 ports left and 1 host to find"


@pytest.mark.parametrize(("mode", "tail"), [(Mode.PING, "to find"), (Mode.ASSUME_UP, "ports left")])
def test_hosts_still_to_be_found_are_told(mode: Mode, tail: str) -> None:
    scan = SimulatedScan(NETWORK, "10.0.0.1-9", "1-10", discovery=DiscoverySpec(mode=mode))
    scan.turn()
    scan.runner.pause()
    assert said(scan).endswith(f"; {'9 hosts' if mode is Mode.PING else '90'} {tail}")


def test_other_commands() -> None:
    scan = SimulatedScan(NETWORK, "10.0.0.1-2", "1-100")
    scan.runner.pause()
    assert said(scan).startswith("paused: ") and said(scan).endswith("; 200 ports left")
    scan.runner.resume()
    assert said(scan) == "resumed; 200 ports left"
    scan.runner.add_ports(ports("101-110"))
    assert said(scan) == "added 10 ports on every host; 220 ports left"
    scan.runner.add_targets(targets("10.0.0.3"))
    assert said(scan) == "added 1 address; 330 ports left"
    scan.runner.skip_host(2)
    assert said(scan) == "skipped 10.0.0.3: what is known stays; 220 ports left"
    scan.runner.set_scan_types((ScanType.CONNECT,), False)
    assert said(scan) == "scan type TCP SYN -> TCP connect; 220 ports left"
    scan.run()
    scan.runner.rescan_states(frozenset({PortState.FILTERED}), ScanType.ACK)
    assert said(scan) == "probing 6 ports again with -sA TCP ACK; 6 ports left"
    scan.runner.set_scan_types((ScanType.CONNECT,), True)
    assert said(scan) == "scan type TCP connect; 220 ports left, 214 of them decided before"
    scan.run()
    scan.runner.rescan(np.array([cell_key(0, 0, 5)]))
    assert said(scan) == "probing 1 port again; 1 port left"
    assert left(scan) == "; 1 ports left"


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ((300.0, 5000.0), "rate 300 -> 5,000/s, "),
        ((300.0, 300.0), "rate 300/s, "),
        ((2.5, 300.0), "rate 2.5 -> 300/s, "),
        ((3000.0, 1 / 15), "rate 3,000/s -> 1 in 15 s, "),
        ((1 / 300, 1 / 15), "rate 1 in 300 s -> 1 in 15 s, "),
        ((1 / 300, 1 / 300), "rate 1 in 300 s, "),
    ],
)
def test_rates_below_one_in_a_second_are_told_in_seconds(
    rates: tuple[float, float], words: str
) -> None:
    line = timing_changed(TEMPLATES[3], TEMPLATES[5], rates, 1)
    assert line.startswith("timing T5 insane: " + words)

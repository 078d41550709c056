"""Links that pause, hold back or die while a scan runs: no port that answers is called silent."""

from __future__ import annotations

import pytest

from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan

PORTS = '[host.tcp]\nopen = "22,80,443,300-320"\nclosed = "21,23,25"\ndefault = "filtered"\n'
ANSWERING = 27


def scan(*lines: str, ports: str = PORTS) -> SimulatedScan:
    toml = "\n".join(('[[host]]\naddress = "10.0.0.1"\ndelay = 0.02', *lines, ports))
    done = SimulatedScan(toml, which="1-500", timing=TEMPLATES[4]).run()
    done.assert_settled()
    return done


def answering(done: SimulatedScan) -> int:
    return sum(row.state.label in ("open", "closed") for row in done.rows().values())


@pytest.mark.parametrize(
    "trouble", ['pause = "0.05-5.05"', 'hold = "0.05-5.05"', 'down = "0.05-6"']
)
def test_a_bad_moment_of_five_seconds_hides_no_port(trouble: str) -> None:
    done = scan(trouble)
    assert answering(done) == ANSWERING
    assert done.network.now() < 12


def test_a_host_that_never_returns_is_waited_for_once() -> None:
    done = scan('down = "0.05-9999"')
    assert done.network.now() < 15


def test_on_a_path_that_works_it_costs_a_few_dozen_questions_and_no_time() -> None:
    clean = scan()
    assert answering(clean) == ANSWERING
    assert clean.network.probes - (ANSWERING + 2 * (500 - ANSWERING)) <= 60
    assert clean.network.now() < 2


def test_more_re_sends_than_can_be_told_apart_come_to_an_end() -> None:
    toml = '[[host]]\naddress = "10.0.0.1"\nloss = 0.3\n[host.tcp]\nfiltered = "1-20"\n'
    timing = TEMPLATES[4].with_bounds(max_retries=30)
    done = SimulatedScan(toml, which="1-200", timing=timing).run(20_000)
    done.assert_settled()

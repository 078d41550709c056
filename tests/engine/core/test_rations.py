"""Hosts that ration their answers, and slow hosts beside fast ones: right verdicts, in the time
that the ration allows, and nobody else waits."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.core.ration import Ration
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan

HOST = '[[host]]\naddress = "10.0.0.0/24"\ndelay = 0.02\n'


def scan(
    toml: str, where: str = "10.0.0.1", which: str = "1-200", kind: ScanType = ScanType.UDP
) -> SimulatedScan:
    done = SimulatedScan(toml, where, which, types=(kind,), timing=TEMPLATES[4]).run(2_000_000)
    done.assert_settled()
    return done


def states(done: SimulatedScan) -> Counter[str]:
    return Counter(row.state.label for row in done.rows().values())


def test_linux_rations_icmp_errors_and_no_port_is_falsely_open() -> None:
    """200 closed ports, six answers at once and one per second: 194 s are the least."""
    done = scan(HOST + "icmp_rate = 1")
    assert states(done) == {"closed": 200}
    assert done.network.now() < 194 * 1.3
    assert done.network.probes < 5 * 200


@pytest.mark.parametrize("rate", [10, 200])
def test_other_rations_of_icmp_errors_are_found_out(rate: int) -> None:
    done = scan(f"{HOST}icmp_rate = {rate}", which="1-400")
    assert states(done) == {"closed": 400}
    assert done.network.now() < 400 / rate * 1.3 + 3


def test_ports_that_never_answer_cost_a_rationing_host_little() -> None:
    done = scan(HOST + 'icmp_rate = 1\n[host.udp]\nopen = "5"\nfiltered = "101-200"')
    assert states(done) == {"open": 1, "closed": 99, "open|filtered": 100}
    assert done.network.now() < 93 * 1.5
    (opened,) = [row for row in done.decided if row.state.label == "open"]
    assert opened.time is not None and opened.time < 1.0


def test_silence_of_a_host_that_does_not_ration_is_believed_after_one_round() -> None:
    done = scan(HOST + '[host.udp]\nclosed = "1-3"\ndefault = "filtered"')
    assert states(done) == {"closed": 3, "open|filtered": 197}
    assert done.network.now() < 3
    assert max(done.network.copies().values()) == 3


def test_a_host_that_never_answers_gets_no_further_round() -> None:
    done = scan(HOST + '[host.udp]\ndefault = "filtered"')
    assert max(done.network.copies().values()) == 2


def test_rationing_hosts_are_asked_at_the_same_time() -> None:
    done = scan(HOST + "icmp_rate = 1", "10.0.0.1-30", "1-20")
    assert states(done) == {"closed": 600}
    assert done.network.now() < 14 * 1.5


@pytest.mark.parametrize("filtered", ["", '[host.tcp]\nfiltered = "101-200"\n'])
def test_a_small_ration_of_resets_is_found_out_by_when_they_came(filtered: str) -> None:
    done = scan(f"{HOST}rst_rate = 5\n{filtered}", kind=ScanType.SYN)
    assert states(done) == ({"closed": 100, "filtered": 100} if filtered else {"closed": 200})
    assert done.network.now() < states(done)["closed"] / 5 * 1.9


def test_a_burst_of_five_resets_is_no_whole_answer() -> None:
    done = scan(HOST + "rst_rate = 5\nrst_burst = 5", which="1-60", kind=ScanType.SYN)
    assert states(done) == {"closed": 60}
    assert done.network.now() < 60 / 5 * 1.5


def test_a_few_resets_at_any_time_are_no_ration() -> None:
    done = scan(HOST + '[host.tcp]\nclosed = "1-20"\ndefault = "filtered"', kind=ScanType.SYN)
    copies = done.network.copies()
    assert (
        max(copies[cell] for cell, row in done.rows().items() if row.state.label != "closed") == 2
    )


SLOW = (
    '[[host]]\naddress = "10.0.0.5"\ndelay = 0.02\nrst_rate = 100\n',
    '[[host]]\naddress = "10.0.0.5"\ndelay = 0.02\nqueue = 50\nrate = 300\n',
)


@pytest.mark.parametrize("slow", SLOW)
def test_a_slow_host_holds_up_nobody_and_no_port_of_it_is_called_filtered(slow: str) -> None:
    done = scan(HOST + slow, "10.0.0.1-10", "1-500", ScanType.SYN)
    assert states(done) == {"closed": 5_000}
    others = [row.time or 0.0 for row in done.rows().values() if row.address != "10.0.0.5"]
    alone = scan(HOST, "10.0.0.1-10", "1-500", ScanType.SYN).network.now()
    assert max(others) < alone + 0.5
    own = Counter({cell: n for cell, n in done.network.copies().items() if cell[0] != 4})
    assert max(own.values()) <= 2


def test_a_bucket_gives_tokens_back_only_after_a_run_of_silence() -> None:
    ration = Ration(0.0, 1.0)
    assert ration.allowance(0.5) == 0
    assert ration.next_allowed(0.5, 10) == pytest.approx(1.0)
    assert ration.allowance(1.0) == 1
    ration.note_sent(1)
    for _ in range(5):
        ration.note_silence(1)
    assert ration.allowance(1.0) == 0
    ration.note_silence(3)
    assert ration.allowance(1.0) == 3
    ration.note_answers(1.0, 1, 0, 0)
    ration.note_sent(3)
    ration.note_silence(1)
    assert ration.allowance(1.0) == 0


def test_a_ration_climbs_while_answers_follow_and_steps_back_once() -> None:
    ration, now = Ration(0.0, 1.0), 0.0
    for _ in range(200):
        now = ration.next_allowed(now, 1)
        if ration.allowance(now):
            ration.note_sent(1)
            if ration.rate <= 10:
                ration.note_answers(now, 1, 0, 0)
            else:
                ration.note_answers(now + 0.1, 1, 0, 0)
                now += 0.1
    assert 5 <= ration.rate <= 12.5

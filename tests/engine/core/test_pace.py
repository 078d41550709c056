"""The pace on simulated paths: what it grows to, what it takes for congestion, what it says."""

from __future__ import annotations

import pytest

from engine.core.pace import CEILING, FLOOR, Pace
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import SimulatedScan

HOST = '[[host]]\naddress = "10.0.0.1"\ndelay = 0.02\n'


def scan(*lines: str, which: str = "1-4000", number: int = 4) -> SimulatedScan:
    return SimulatedScan("\n".join((HOST, *lines)), which=which, timing=TEMPLATES[number]).run()


def peak(done: SimulatedScan) -> float:
    """Most probes per second, over a fifth of a second."""
    return done.network.most_within(0.2) * 5


def test_a_clean_path_makes_it_grow() -> None:
    assert peak(scan(which="1-20000", number=3)) > 4 * TEMPLATES[3].start_rate


def test_a_silent_path_gets_no_more_than_the_start_rate() -> None:
    done = scan('[host.tcp]\ndefault = "filtered"')
    assert peak(done) <= TEMPLATES[4].start_rate * 1.2


def test_loss_that_does_not_depend_on_speed_is_no_reason_to_slow_down() -> None:
    clean, lossy = scan(which="1-20000"), scan("loss = 0.05", which="1-20000")
    assert lossy.network.now() < 3 * clean.network.now() + 1.5
    assert peak(lossy) > TEMPLATES[4].start_rate


def test_at_the_end_the_lost_ports_alone_do_not_speak_for_the_path() -> None:
    """When all first copies have left, only ports answer whose copies were lost. "The path loses
    100%" followed from that, and, as this cannot be, rounds for a ration that nobody has."""
    done = scan("loss = 0.15", which="1-8000")
    told = [line.text for line in done.log.lines() if "the path loses" in line.text]
    assert len(told) == 1
    assert "loses 22%, whatever the speed" in told[0]


def test_a_full_queue_is_followed() -> None:
    """The queue drains 1,000 packets a second: the scan settles near that and loses no verdict."""
    done = scan("queue = 50", "rate = 1000", which="1-5000")
    late = [time for time, *_ in done.network.log if time > done.network.now() / 2]
    assert len(late) / (late[-1] - late[0]) < 2_500
    assert all(row.state.label == "closed" for row in done.rows().values())
    assert any("answers go missing" in line.text for line in done.log.lines())


def test_a_full_queue_on_a_path_that_loses_besides_is_not_fled_from() -> None:
    """The queue drains 1,500 packets a second, and of what it lets pass the path loses 8 % each
    way: every loss seemed to say that the rate was still too high."""
    link = ("delay = 0.055", "loss = 0.08", "rate = 1500", "queue = 30")
    done = SimulatedScan(
        "\n".join(('[[host]]\naddress = "10.0.0.1"', *link)),
        which="1-3000",
        timing=TEMPLATES[4],
    ).run()
    assert done.network.now() < 3.5 * 3_000 / 1_500  # fled from, it takes 18 times as long
    assert all(row.state.label == "closed" for row in done.rows().values())


def test_a_slow_host_that_loses_packets_is_understood_soon_beside_a_fast_one() -> None:
    """Its questions left at the pace of both, before it was found to be slow."""
    slow = '[[host]]\naddress = "10.0.0.2"\ndelay = 0.055\nloss = 0.08\nrate = 1500\nqueue = 30'
    done = SimulatedScan(
        f"{HOST}{slow}\n[host.tcp]\nopen = '22'",
        "10.0.0.1-2",
        "1-1000",
        timing=TEMPLATES[3],
    ).run()
    assert done.network.now() < 15
    assert {row.state.label for row in done.rows().values() if row.port != 22} == {"closed"}


def test_bounds_hold_whatever_happens() -> None:
    pace = Pace(TEMPLATES[3].with_bounds(max_rate=100.0))
    assert pace.rate == 100.0
    for step in range(50):
        pace.note_pressure(step * 1.0)
    assert pace.rate == FLOOR
    pace.set_timing(TEMPLATES[3].with_bounds(min_rate=1e12))
    assert pace.rate >= CEILING
    pace.set_timing(TEMPLATES[0])
    assert pace.rate == pytest.approx(1 / 300)


def test_a_minimum_rate_holds_under_pressure() -> None:
    pace = Pace(TEMPLATES[3].with_bounds(min_rate=500.0))
    for step in range(50):
        pace.note_pressure(step * 1.0)
    assert pace.rate == 500.0


def test_idle_time_is_not_saved_up() -> None:
    pace = Pace(TEMPLATES[3].with_bounds(max_rate=100.0))
    pace.allowance(0.0)
    assert pace.allowance(1000.0) <= 2


@pytest.mark.parametrize(
    ("number", "said"), [(0, "waits 300 s between probes"), (2, "waits 0.4 s between probes")]
)
def test_templates_say_what_limits_them(number: int, said: str) -> None:
    assert said in Pace(TEMPLATES[number]).limit


def test_a_cap_says_so() -> None:
    for rate, said in ((50.0, "50/s"), (0.5, "0.5/s"), (1_000_000.0, "1,000,000/s")):
        pace = Pace(TEMPLATES[3].with_bounds(max_rate=rate, min_rate=rate))
        assert pace.limit == f"rate capped at {said}"
    assert "no answers yet" in Pace(TEMPLATES[3]).limit


def test_a_faster_template_does_not_slow_a_pace_that_has_grown() -> None:
    done = SimulatedScan(HOST, which="1-20000", timing=TEMPLATES[4])
    while done.progress.pace < 40_000:
        done.turn()
    done.runner.set_timing(TEMPLATES[5])
    assert done.progress.pace >= 40_000
    done.runner.set_timing(TEMPLATES[2])
    assert done.progress.pace == pytest.approx(2.5)


def grown(pace: Pace, epochs: int, trip: float = 0.05) -> float:
    """Answer all that may leave for so many round trips; the time then."""
    before = 0
    now = 0.0
    pace.allowance(now)
    for number in range(1, epochs + 1):
        sent = int(pace.rate * trip)
        pace.note_sent(sent)
        pace.note_answers(now, before, 0, 0)
        before, now = sent, number * trip * 1.001
        pace.tick(now, trip, 0.1)
    return now


def test_a_rate_that_doubles_again_and_again_is_expected_to_go_on_for_a_while() -> None:
    pace = Pace(TEMPLATES[3])
    before = pace.rate
    grown(pace, 2)
    assert not pace.growing and pace.expected == pace.rate == 2 * before
    pace = Pace(TEMPLATES[3])
    now = grown(pace, 3)
    assert pace.growing and pace.grown_at == now
    assert pace.expected == 4 * pace.rate
    capped = Pace(TEMPLATES[3].with_bounds(max_rate=3 * before))
    grown(capped, 3)
    assert capped.expected == 3 * before


def test_an_experiment_says_how_long_it_takes_and_what_was_answered_before() -> None:
    pace = Pace(TEMPLATES[4])
    now = grown(pace, 6)
    assert (pace.answered_before, pace.experiment_left(now)) == (0.0, 0.0)
    for _ in range(200):
        sent = int(pace.rate * 0.05)
        pace.note_sent(sent)
        pace.note_answers(now, sent * 3 // 4, sent // 2, sent // 8)
        now += 0.051
        pace.tick(now, 0.05, 0.1)
        if pace.answered_before:
            break
    assert pace.answered_before > pace.rate
    assert 0.3 < pace.experiment_left(now) < 0.5
    assert pace.experiment_left(now + 1.0) == 0.0

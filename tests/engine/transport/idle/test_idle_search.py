"""Zombies examined, verified and read, on a simulated one that may be lossy or busy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.transport.idle.id_series import IdSeries
from engine.transport.idle.search import find_open
from engine.transport.idle.steps import TargetRefused, ZombieRefused
from engine.transport.idle.zombie import Zombie
from tests.engine.transport.idle.simulated_zombie import SimulatedZombie, examined

KINDS = {
    "incremental": IdSeries.INCREMENTAL,
    "by two": IdSeries.BY_TWO,
    "little-endian": IdSeries.LITTLE_ENDIAN,
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 65_535), unique=True, min_size=1, max_size=100),
    st.data(),
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 0xFFFF),
    st.sampled_from([0.0005, 0.01, 0.12]),
)
def test_a_quiet_zombie_shows_every_open_port(
    ports: list[int], data: st.DataObject, kind: str, start: int, delay: float
) -> None:
    opened = data.draw(st.sets(st.sampled_from(ports)))
    world = SimulatedZombie(frozenset(opened), kind, start=start, delay=delay)
    zombie = examined(world)
    assert zombie.series is KINDS[kind]
    world.perform(zombie.verify())
    assert world.asked_for_ids == [False, True]
    assert sorted(world.perform(find_open(zombie, ports))) == sorted(opened)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("loss", "noise"), [(0.03, 0.0), (0.0, 0.5), (0.02, 0.2)])
def test_loss_and_other_traffic_are_seen_through(seed: int, loss: float, noise: float) -> None:
    opened = frozenset({20, 22, 80, 99})
    world = SimulatedZombie(opened, loss=loss, noise=noise, seed=seed)
    zombie = examined(world)
    zombie.tempo.lost_probe()  # as on a path known to lose
    world.perform(zombie.verify())
    assert set(world.perform(find_open(zombie, range(1, 31)))) == opened & {*range(31)}
    assert set(world.perform(find_open(zombie, range(71, 101)))) == opened & {*range(71, 101)}


def test_a_group_with_nothing_open_costs_one_reading() -> None:
    world = SimulatedZombie()
    zombie = examined(world)
    assert world.perform(find_open(zombie, range(1, 31))) == []
    assert world.forged == 30


def test_a_reading_that_missed_ports_makes_the_next_ones_wait_longer() -> None:
    world = SimulatedZombie(frozenset({1, 4}), delay=0.2)
    zombie = examined(world)
    zombie.tempo.settle, zombie.tempo.wary = 0.15, 20
    waits = zombie.tempo.settle
    assert world.perform(find_open(zombie, range(1, 5))) == [1, 4]
    assert zombie.tempo.settle > waits


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (SimulatedZombie(kind="constant"), "always the same"),
        (SimulatedZombie(kind="random"), "random"),
        (SimulatedZombie(noise=3000), "too many packets"),
        (SimulatedZombie(silent=True), "does not answer"),
    ],
)
def test_an_unsuitable_zombie_is_refused_with_its_fault(world: SimulatedZombie, words: str) -> None:
    with pytest.raises(ZombieRefused, match=words) as refusal:
        examined(world)
    assert "the zombie 10.0.0.9" in str(refusal.value)
    assert "another" in str(refusal.value)


def test_a_zombie_without_ids_over_ipv6_is_told_so() -> None:
    zombie = Zombie("the zombie fd00::9", id_size=4)
    with pytest.raises(ZombieRefused, match="no ids on whole packets"):
        SimulatedZombie(kind="constant").perform(zombie.examine())


@pytest.mark.parametrize(
    "world", [SimulatedZombie(kind="per host"), SimulatedZombie(forging=False)]
)
def test_forged_packets_that_do_not_show_refuse_the_target(world: SimulatedZombie) -> None:
    zombie = examined(world)
    with pytest.raises(TargetRefused, match="forged source address"):
        world.perform(zombie.verify())


def test_a_zombie_that_becomes_busy_is_given_up() -> None:
    world = SimulatedZombie(frozenset({1}))
    zombie = examined(world)
    world.noise = 400
    world._make_noise()
    with pytest.raises(ZombieRefused, match="of its own"):
        world.perform(find_open(zombie, [1, 2, 3, 4]))


def test_a_zombie_that_falls_silent_is_given_up() -> None:
    world = SimulatedZombie(frozenset({1}))
    zombie = examined(world)
    world.silent = True
    with pytest.raises(ZombieRefused, match="does not answer"):
        world.perform(find_open(zombie, [1, 2, 3, 4]))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 0.5),
    st.floats(0, 300),
    st.sampled_from([*KINDS, "per host", "random"]),
    st.integers(0, 2**20),
    st.sets(st.integers(1, 40)),
)
def test_any_zombie_is_measured_or_refused(
    loss: float, noise: float, kind: str, seed: int, opened: set[int]
) -> None:
    world = SimulatedZombie(frozenset(opened), kind, loss=loss, noise=noise, seed=seed)
    try:
        zombie = examined(world)
        world.perform(zombie.verify())
        found = world.perform(find_open(zombie, range(1, 41)))
    except (ZombieRefused, TargetRefused):
        return
    assert set(found) <= {*range(1, 41)} and len(set(found)) == len(found)

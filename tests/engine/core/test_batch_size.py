"""Batches grow on quick ways out and shrink on slow ones."""

from __future__ import annotations

from engine.core.batch_size import BatchSize


def after(seconds_per_probe: float, rounds: int = 20) -> int:
    size = BatchSize()
    for _ in range(rounds):
        size.note(size.most, size.most * seconds_per_probe)
    return size.most


def test_a_quick_way_out_gets_large_batches() -> None:
    assert after(2e-6) == 8_192


def test_a_slow_way_out_never_keeps_a_command_waiting() -> None:
    for rate in (100_000, 48_000, 20_000, 10_000):
        assert after(1 / rate) / rate < 0.1


def test_the_slowest_way_out_still_gets_some() -> None:
    assert after(0.01) == 256


def test_small_batches_say_nothing_about_large_ones() -> None:
    size = BatchSize()
    size.note(3, 1e-5)
    assert size.most == 4_096

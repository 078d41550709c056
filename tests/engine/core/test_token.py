"""Probe tokens: told apart by every field, the same under the same key only."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.batch import PROBE, REPLY
from engine.core.token import ProbeTokens

KEY = 0x0123456789ABCDEF_FEDCBA9876543210


def probes(count: int) -> np.ndarray:
    batch = np.zeros(count, PROBE)
    batch["host"], batch["port"], batch["technique"] = 3, 80, 2
    return batch


@pytest.mark.parametrize(("field", "count"), [("host", 5000), ("port", 5000), ("technique", 256),
                                              ("attempt", 256)])  # fmt: skip
def test_every_field_changes_the_token(field: str, count: int) -> None:
    batch = probes(count)
    batch[field] = np.arange(count)
    assert len(np.unique(ProbeTokens(KEY).of(batch))) >= count - 10


def test_replies_have_the_token_of_their_probe() -> None:
    batch = probes(10)
    batch["port"] = np.arange(10)
    replies = np.zeros(10, REPLY)
    for name in PROBE.names or ():
        replies[name] = batch[name]
    tokens = ProbeTokens(KEY)
    assert np.array_equal(tokens.of(batch), tokens.of(replies))
    assert np.array_equal(tokens.of(batch), ProbeTokens(KEY).of(batch))
    assert tokens.of(batch).dtype == np.uint32


@pytest.mark.parametrize("bit", [0, 31, 63, 64, 100, 127])
def test_every_bit_of_the_key_counts(bit: int) -> None:
    batch = probes(1000)
    batch["port"] = np.arange(1000)
    same = ProbeTokens(KEY).of(batch) == ProbeTokens(KEY ^ 1 << bit).of(batch)
    assert np.count_nonzero(same) <= 2


def test_without_a_key_each_scan_has_its_own() -> None:
    batch = probes(100)
    batch["port"] = np.arange(100)
    assert not np.array_equal(ProbeTokens().of(batch), ProbeTokens().of(batch))


def test_tokens_are_spread_evenly() -> None:
    batch = probes(60_000)
    batch["port"] = np.arange(60_000)
    tokens = ProbeTokens(KEY).of(batch)
    share = [np.mean(tokens >> bit & 1) for bit in range(32)]
    assert max(abs(one - 0.5) for one in share) < 0.02

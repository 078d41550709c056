"""Earlier results of ports that were probed again with another technique."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.results import layers as layers_module
from engine.results.cell import CELL, cell_key
from engine.results.layers import EarlierResult, Layers
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from tests.engine.results.filled_store import channels, decide, full_store, locate, snapshot_of

KEY = cell_key(1, 0, 80)
SYN_SILENT = EarlierResult(ScanType.SYN, PortState.FILTERED, Reason.NO_RESPONSE)
ACK_RESET = EarlierResult(ScanType.ACK, PortState.UNFILTERED, Reason.RESET)


def probe(store: Store, found: EarlierResult, *cells: tuple[int, int, int]) -> None:
    """Probe cells (again) and decide them."""
    wanted = cells or ((1, 0, 80),)
    store.reopen(locate(store, wanted), 0)
    decide(store, wanted, found.state, found.reason, found.technique)


def earlier(store: Store, key: int = KEY) -> tuple[EarlierResult, ...]:
    return snapshot_of(store, "10.0.0.0-1").earlier(key)


def test_another_technique_keeps_the_earlier_result() -> None:
    store = full_store(2, channels([22, 80]))
    probe(store, SYN_SILENT)
    assert earlier(store) == ()
    probe(store, ACK_RESET)
    assert earlier(store) == (SYN_SILENT,)
    assert earlier(store, cell_key(1, 0, 22)) == earlier(store, cell_key(0, 0, 80)) == ()
    fin = EarlierResult(ScanType.FIN, PortState.OPEN_FILTERED, Reason.NO_RESPONSE)
    probe(store, fin)
    assert earlier(store) == (SYN_SILENT, ACK_RESET)


def test_the_same_technique_again_keeps_nothing() -> None:
    store = full_store(2, channels([80]))
    probe(store, SYN_SILENT)
    probe(store, EarlierResult(ScanType.SYN, PortState.OPEN, Reason.SYN_ACK))
    assert earlier(store) == ()


def test_each_technique_has_its_last_result() -> None:
    store = full_store(2, channels([80]))
    for found in (SYN_SILENT, ACK_RESET, SYN_SILENT):
        probe(store, found)
    assert earlier(store) == (ACK_RESET,)
    opened = EarlierResult(ScanType.SYN, PortState.OPEN, Reason.SYN_ACK)
    probe(store, opened)
    probe(store, ACK_RESET)
    assert earlier(store) == (opened,)


def test_a_stale_result_is_not_an_earlier_one() -> None:
    store = full_store(2, channels([80]))
    probe(store, SYN_SILENT)
    probe(store, ACK_RESET)
    store.reopen(locate(store, [(1, 0, 80)]), 0)
    assert earlier(store) == (SYN_SILENT,)


def test_a_snapshot_keeps_what_was_known_then() -> None:
    store = full_store(2, channels([80]))
    probe(store, SYN_SILENT)
    views = [snapshot_of(store, "10.0.0.0-1")]
    for found in (ACK_RESET, SYN_SILENT, ACK_RESET):
        probe(store, found, (0, 0, 80), (1, 0, 80))
        views.append(snapshot_of(store, "10.0.0.0-1"))
    assert [view.earlier(KEY) for view in views] == [
        (), (SYN_SILENT,), (ACK_RESET,), (SYN_SILENT,)
    ]  # fmt: skip
    assert views[-1].earlier(cell_key(7, 0, 80)) == ()


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.integers(2, 9).map(lambda half: 2 * half),
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, 2, 4])), max_size=12),
        max_size=8,
    ),
)
def test_the_newest_are_kept_within_the_bound(
    bound: int, batches: list[list[tuple[int, int]]]
) -> None:
    """Against a list: at least the newest half, all of it in order, and old views do not change."""
    everything: list[tuple[int, int]] = []
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers_module, "MAX_RESULTS", bound)
        layers = Layers()
        for batch in batches:
            cells = np.zeros(len(batch), CELL)
            cells["technique"] = [technique for _, technique in batch]
            cells["state"] = PortState.CLOSED
            layers.add(np.array([key for key, _ in batch], np.int64), cells)
            everything += batch
            view = layers.snapshot()
            kept = [(one["key"].item(), one["technique"].item()) for one in view._results]
            assert len(kept) <= bound
            assert kept == everything[len(everything) - len(kept) :]
            assert len(kept) >= min(len(everything), bound // 2)
            seen.append((view, kept))
    for view, kept in seen:
        assert [(one["key"].item(), one["technique"].item()) for one in view._results] == kept
        for key in range(4):
            found = [one.technique for one in view.of(key, ScanType.SYN)]
            mine = [technique for one, technique in kept if one == key]
            last = sorted(set(mine) - {ScanType.SYN}, key=lambda t: -mine[::-1].index(t))
            assert found == last

"""Batches: records copied as bytes are the records numpy would copy field by field."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.core.batch import REPLY, ReplyBatch, as_bytes, gather, joined
from engine.core.distinct import tally
from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from engine.techniques.answer import RST, AnswerKind, answer_code


def replies(count: int) -> NDArray[np.void]:
    records = np.zeros(count, REPLY)
    records["host"] = np.arange(count)
    records["answer"] = np.arange(count) * 7
    records["time"] = np.arange(count) / 8
    return records


@given(st.lists(st.integers(0, 19), max_size=40))
def test_gathered_records_are_those_at_the_places(places: list[int]) -> None:
    records = replies(20)
    wanted = np.array(places, np.intp)
    assert (gather(records, wanted) == records[wanted]).all()
    chosen = np.isin(np.arange(20), wanted)
    assert (gather(records, chosen) == records[chosen]).all()


def test_gathered_records_are_a_copy() -> None:
    records = replies(3)
    gather(records, np.arange(3))["host"] = 9
    assert records["host"].tolist() == [0, 1, 2]


def test_records_as_bytes_share_memory() -> None:
    records, other = replies(2), replies(4)[2:]
    as_bytes(records)[:] = as_bytes(other)
    assert (records == other).all()


@pytest.mark.parametrize("sizes", [(0,), (0, 0), (3, 0), (2, 1, 4)])
def test_parts_are_joined_in_order(sizes: tuple[int, ...]) -> None:
    parts = [replies(size) for size in sizes]
    whole = joined(parts)
    assert whole.dtype == REPLY
    assert (whole == np.concatenate(parts)).all()


@given(st.lists(st.integers(0, 6), max_size=50))
def test_a_tally_counts_every_value(values: list[int]) -> None:
    found, counts = tally(np.array(values, np.uint32))
    assert dict(zip(found.tolist(), counts.tolist(), strict=True)) == {
        value: values.count(value) for value in sorted(set(values))
    }


def test_answers_are_classified_once() -> None:
    records = replies(2)
    records["technique"] = ScanType.SYN
    records["answer"] = answer_code(AnswerKind.TCP, RST, from_target=True)
    batch = ReplyBatch(records)
    assert batch.verdicts.state.tolist() == [PortState.CLOSED] * 2
    assert batch.verdicts is batch.verdicts
    assert batch.only(np.array([True, False])).verdicts.state.tolist() == [PortState.CLOSED]

"""Evidence: the newest packet per port, within fixed bounds."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.batch import REPLY
from engine.results.evidence import WIDTH, EvidenceStore


def add(
    store: EvidenceStore,
    keys: list[int],
    time: float,
    *,
    dull: bool = False,
    packet: bytes = b"\x45",
) -> None:
    size = len(keys)
    rows = np.zeros((size, WIDTH), np.uint8)
    rows[:, : len(packet)] = np.frombuffer(packet, np.uint8)
    records = np.zeros(size, REPLY)
    records["host"] = np.array(keys, np.int64) >> 18
    records["protocol"] = np.array(keys, np.int64) >> 16 & 3
    records["port"] = np.array(keys, np.int64) & 0xFFFF
    records["answer"], records["attempt"], records["time"] = np.arange(size), 2, time
    lengths = np.full(size, len(packet), np.uint16)
    store.add(records, rows, lengths, np.arange(size), np.full(size, dull))


def test_what_was_added_is_found() -> None:
    store = EvidenceStore(8, 8)
    assert store.find(1) is None
    add(store, [1, 2], 0.5, packet=b"hello")
    found = store.find(2)
    assert found is not None
    assert (found.answer, found.attempt, found.time, found.packet) == (1, 2, 0.5, b"hello")


def test_the_newest_wins_wherever_it_lies() -> None:
    store = EvidenceStore(8, 8)
    add(store, [1], 0.5, dull=True, packet=b"old")
    add(store, [1], 0.7, packet=b"new")
    assert store.find(1).packet == b"new"  # type: ignore[union-attr]
    add(store, [1], 0.9, dull=True, packet=b"newest")
    assert store.find(1).packet == b"newest"  # type: ignore[union-attr]


def test_dull_answers_never_push_out_notable_ones() -> None:
    store = EvidenceStore(4, 4)
    add(store, [7], 0.1)
    for number in range(100):
        add(store, [100 + number], 1.0 + number, dull=True)
    assert store.find(7) is not None
    assert store.find(100) is None and store.find(199) is not None


def test_many_dull_answers_are_kept_and_found() -> None:
    store = EvidenceStore(4, 2_000)
    add_narrow(store, range(1_000), 1.0)
    add_narrow(store, range(900, 1_900), 2.0)
    old, new = store.find(5), store.find(950)
    assert old is not None and old.time == 1.0
    assert new is not None and new.time == 2.0
    assert new.packet == b"\x46"
    assert store.find(1_900) is None


def test_many_dull_answers_push_out_the_oldest_of_them() -> None:
    store = EvidenceStore(4, 2_000)
    add(store, [7], 0.5)
    for number in range(5):
        add_narrow(store, range(1_000 * number, 1_000 * (number + 1)), 1.0 + number)
    assert store.find(7) is not None
    assert store.find(2_500) is None and store.find(3_500) is not None


def test_what_comes_with_a_few_dull_answers_takes_no_memory() -> None:
    store = EvidenceStore(4, 1_000)
    records, packets = np.zeros(16_384, REPLY), np.zeros((16_384, 40), np.uint8)
    lengths, rows = np.full(16_384, 40, np.uint16), np.arange(600)
    records["port"][:600] = rows
    kept = weakref.ref(packets)
    store.add(records, packets, lengths, rows, np.full(600, True))
    del packets
    assert kept() is None and store.find(599) is not None


def add_narrow(store: EvidenceStore, keys: range, time: float) -> None:
    """Dull answers, one packet byte each; the one with an even place is no answer that counted."""
    records = np.zeros(2 * len(keys), REPLY)
    records["port"][1::2], records["time"] = keys, time
    packets = np.full((len(records), 1), 0x45, np.uint8)
    packets[1::2] = 0x46
    rows = np.arange(1, len(records), 2)
    store.add(records, packets, np.ones(len(records), np.uint16), rows, np.full(len(keys), True))


def one_record(key: int, answer: int) -> np.ndarray:
    record = np.zeros(1, REPLY)
    record["port"], record["answer"], record["time"] = key, answer, 1.0
    return record


def test_transports_without_packets() -> None:
    store = EvidenceStore(4, 4)
    nothing = np.empty((0, WIDTH), np.uint8), np.empty(0, np.uint16)
    store.add(one_record(5, 9), *nothing, np.array([0]), np.array([False]))
    found = store.find(5)
    assert found is not None and found.packet == b"" and found.answer == 9


@pytest.mark.parametrize(("dull", "kept"), [(False, WIDTH), (True, 64)])
def test_a_packet_beyond_the_width_is_cut(dull: bool, kept: int) -> None:
    store = EvidenceStore(4, 4)
    packets = np.full((1, WIDTH + 40), 7, np.uint8)
    lengths = np.array([60_000], np.uint16)
    store.add(one_record(5, 9), packets, lengths, np.array([0]), np.array([dull]))
    assert store.find(5).packet == bytes([7]) * kept  # type: ignore[union-attr]


@settings(max_examples=60)
@given(
    st.integers(1, 10),
    st.lists(st.lists(st.integers(0, 30), max_size=25, unique=True), max_size=12),
)
def test_as_a_plain_list_of_the_last(capacity: int, batches: list[list[int]]) -> None:
    store = EvidenceStore(capacity, 1)
    kept: list[tuple[int, float]] = []
    for number, keys in enumerate(batches):
        add(store, keys, float(number))
        kept = [*kept, *((key, float(number)) for key in keys)][-capacity:]
    for key in range(31):
        times = [time for known, time in kept if known == key]
        found = store.find(key)
        assert (found.time if found else None) == (max(times) if times else None)


def test_readers_on_other_threads_see_whole_entries() -> None:
    store = EvidenceStore(64, 64)
    wrong: list[bytes] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = store.find(3)
            if found is not None and found.packet != bytes([int(found.time)]) * 9:
                wrong.append(found.packet)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        add(store, [1, 2, 3], float(number), packet=bytes([number]) * 9)
    done.set()
    reader.join()
    assert not wrong

"""Hosts admitted while the scan runs: all their ports are decided, soon, and the scan waits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.addressing import AddressBook
from engine.core.scan_core import ScanCore
from engine.results.store import Store
from engine.spec.port_state import PortState
from engine.spec.scan import WHOLE, Shard
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES
from engine.transport.scenario import load_scenario
from tests.engine.core.simulated_scan import MeasuredTransport, targets

NETWORK = '[[host]]\naddress="10.0.0.0/24"\ndelay=0.02\n[host.tcp]\nopen="5,300"\nfiltered="7"\n'
HOSTS = 16


class AdmittingScan:
    """A core on a simulated network whose hosts the test admits."""

    def __init__(
        self, ports: int, *, seed: int = 1, shard: Shard = WHOLE, toml: str = NETWORK
    ) -> None:
        self.channels = np.arange(1, ports + 1, dtype=np.uint32)
        self.store = Store(HOSTS, self.channels)
        self.core = ScanCore(self.store, (ScanType.SYN,), TEMPLATES[4], seed=seed, shard=shard)
        self.core.expect_more = True
        book = AddressBook(targets("10.0.0.0/28"))
        self.network = MeasuredTransport(book, load_scenario(toml))

    def admit(self, *hosts: int, sharded: bool = False, rtt: float | None = None) -> None:
        known = None if rtt is None else np.full(len(hosts), rtt)
        indices = np.array(hosts, np.uint32)
        self.core.admit(indices, self.channels, sharded=sharded, rtt=known)

    def turn(self) -> None:
        poll = self.core.poll(self.network.now())
        if len(poll.batch):
            report = self.network.send(poll.batch)
            self.core.sent(self.network.now(), poll.batch, report)
        replies = self.network.receive(min(poll.wake_at, self.network.now() + 0.05))
        self.core.feed(self.network.now(), replies)

    def settle(self) -> AdmittingScan:
        """Until nothing is left to do for the hosts there are."""
        for _ in range(20_000):
            if not self.core.open_cells and not self.core.in_flight:
                return self
            self.turn()
        raise AssertionError("the work does not end")

    def finish(self) -> None:
        self.core.expect_more = False
        for _ in range(20_000):
            if self.core.finished(self.network.now()):
                return
            self.turn()
        raise AssertionError("the scan does not end")

    @property
    def probed(self) -> set[int]:
        return {host for _, (host, _, _), _, _ in self.network.log}


def test_a_scan_without_hosts_waits_for_them_without_sending() -> None:
    scan = AdmittingScan(20)
    for _ in range(5):
        poll = scan.core.poll(scan.network.now())
        assert not len(poll.batch) and poll.wake_at == float("inf")
        assert not scan.core.finished(scan.network.now())
        scan.network.receive(scan.network.now() + 1)
    assert scan.core.limit() == "waiting for hosts" and scan.store.row_count == 0
    scan.finish()
    assert not scan.network.log


def test_the_end_is_not_reviewed_before_the_last_host() -> None:
    scan = AdmittingScan(20)
    scan.admit(3)
    scan.settle()
    sent = len(scan.network.log)
    for _ in range(20):
        scan.turn()
    assert len(scan.network.log) == sent and not scan.core.finished(scan.network.now())
    scan.admit(9)
    scan.settle().finish()
    assert scan.probed == {3, 9}
    assert scan.core.decided == 40 and len(scan.store.pending()) == 0


@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    st.permutations(range(HOSTS)).flatmap(
        lambda order: st.lists(st.integers(0, 4), min_size=4, max_size=8).map(
            lambda sizes: (order, sizes)
        )
    ),
    st.lists(st.integers(0, 6), min_size=8, max_size=8),
    st.integers(1, 300),
)
def test_any_order_of_admission(
    order: tuple[list[int], list[int]], turns: list[int], ports: int
) -> None:
    scan = AdmittingScan(ports)
    left, admitted = list(order[0]), []
    for size, pause in zip(order[1], turns, strict=False):
        some, left = left[:size], left[size:]
        scan.admit(*some)
        admitted += some
        for _ in range(pause):
            scan.turn()
    scan.finish()
    assert scan.probed == set(admitted)
    assert scan.core.decided == len(admitted) * ports and scan.core.open_cells == 0
    states = scan.store.states(scan.store.positions())
    assert np.count_nonzero(states == PortState.OPEN) == len(admitted) * sum(
        port <= ports for port in (5, 300)
    )


def test_the_popular_ports_of_a_late_host_do_not_wait_for_the_rest_of_others() -> None:
    scan = AdmittingScan(5_000)
    scan.admit(0)
    while len(scan.network.log) < 200:
        scan.turn()
    scan.admit(1)
    sent = len(scan.network.log)
    while len(scan.network.log) < sent + 128:
        scan.turn()
    assert {cell for _, cell, _, _ in scan.network.log[sent : sent + 128]} == {
        (1, 0, port) for port in range(1, 129)
    }


def test_known_round_trips_set_the_timeouts() -> None:
    scan = AdmittingScan(20)
    scan.admit(0, 1, rtt=0.3)
    scan.admit(2, rtt=float("nan"))
    assert scan.core.rtt.smoothed[np.array([0, 1])].tolist() == [np.float32(0.3)] * 2
    assert np.isnan(scan.core.rtt.smoothed[np.array([2])]).all()
    timeouts = scan.core.rtt.timeouts(np.array([0, 2], np.uint32), TEMPLATES[4])
    assert (timeouts > 0.3).all()


def test_a_dropped_host_is_not_probed_until_it_is_revived() -> None:
    scan = AdmittingScan(20)
    scan.core.drop_host(4)
    scan.admit(4, 5)
    scan.settle()
    assert scan.probed == {5} and scan.core.decided == 20
    scan.core.revive_host(4)
    assert scan.core.open_cells == 20
    scan.settle().finish()
    assert scan.probed == {4, 5} and scan.core.decided == 40


@settings(max_examples=15, derandomize=True, deadline=None)
@given(st.integers(1, 5), st.integers(1, 200), st.data())
def test_shards_share_hosts_found_in_any_order(count: int, ports: int, data: st.DataObject) -> None:
    found: list[tuple[int, int, int]] = []
    for index in range(1, count + 1):
        scan = AdmittingScan(ports, seed=index, shard=Shard(index, count), toml=NETWORK)
        hosts = data.draw(st.permutations([1, 4, 8, 9]))
        scan.admit(*hosts[:1], sharded=True)
        for _ in range(data.draw(st.integers(0, 3))):
            scan.turn()
        scan.admit(*hosts[1:], sharded=True)
        scan.finish()
        found += scan.network.copies().keys()
    assert len(found) == len(set(found)) == 4 * ports


def test_a_late_host_is_work_for_the_shard_that_rescans() -> None:
    """Only this part's cells are probed again, and all of them."""
    scan = AdmittingScan(30, shard=Shard(1, 3))
    scan.admit(2, 7, sharded=True)
    scan.finish()
    mine = set(scan.network.copies())
    assert scan.core.rescan(scan.store.positions()) == len(mine) == 20
    scan.finish()
    assert set(scan.network.copies()) == mine

"""Discovery of more hosts than are remembered: who was decided long ago is still found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.batch import REPLY, UNKNOWN_ATTEMPT, ReplyBatch
from engine.discovery import review, roster
from engine.discovery.core import DiscoveryCore
from engine.discovery.whereabouts import Whereabouts
from engine.results.host_table import HostTable
from engine.spec.host_state import HostState
from engine.spec.ping import DiscoverySpec, PingKind, PingProbe
from engine.spec.timing import TEMPLATES
from tests.engine.discovery.simulated_sweep import REPLIES, Network, Sweep, all_answering, sweep


@pytest.fixture(autouse=True)
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "REMEMBERED", 8)
    monkeypatch.setattr(review, "AGAIN_AT_ONCE", 16)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sets(st.integers(0, 199), max_size=20),
    st.sampled_from([0.0, 0.05, 0.2]),
    st.sampled_from([0.0005, 0.3, 1.1]),
    st.sampled_from([TEMPLATES[3], TEMPLATES[4], TEMPLATES[5]]),
    st.booleans(),
)
def test_every_host_is_decided_within_the_bounds(up, loss, delay, timing, shuffle) -> None:
    network = Network(all_answering(sorted(up)), loss=loss, delay=delay)
    done = sweep(200, network, timing=timing, spec=DiscoverySpec(shuffle=shuffle)).run()
    assert done.found(HostState.UP) | done.found(HostState.DOWN) == set(range(200))
    assert done.found(HostState.UP) <= up
    if not loss:
        assert done.found(HostState.UP) == up
    assert max(done.copies().values()) <= timing.max_retries + 1
    assert done.core.in_flight == done.core.open_hosts == 0


def reply(host: int, attempt: int = 0) -> ReplyBatch:
    """An answer to the echo request of a host."""
    record = (host, 0, 0, PingKind.ECHO, attempt, 64, REPLIES[PingKind.ECHO], 500.0)
    return ReplyBatch(np.array([record], REPLY))


def test_a_late_answer_of_a_host_whose_pings_are_forgotten_counts_once() -> None:
    done = sweep(100, Network({})).run()
    sent = done.copies()[3, PingKind.ECHO]
    assert len(done.core.feed(done.now, reply(3, sent))) == 0, "that copy never left"
    assert len(done.core.feed(done.now, reply(3, sent - 1))) == 1
    (verdict,) = done.core.take_verdicts()
    assert (verdict["host"], verdict["state"]) == (3, HostState.UP) and np.isnan(verdict["rtt"])
    assert len(done.core.feed(done.now, reply(3))) == 0
    assert len(done.core.feed(done.now, reply(4, UNKNOWN_ATTEMPT))) == 1


def test_hosts_whose_pings_are_forgotten_can_be_asked_again() -> None:
    done = sweep(100, Network({})).run()
    before = done.copies()[5, PingKind.ECHO]
    done.network.up.update(all_answering([5]))
    done.core.ask_again(np.array([5], np.uint32))
    done.run()
    assert done.copies()[5, PingKind.ECHO] > before
    assert done.found(HostState.UP) == {5}


def test_loss_that_shows_late_sends_the_missing_copies_to_those_forgotten() -> None:
    echo = DiscoverySpec(probes=(PingProbe(PingKind.ECHO),))
    network = Network(all_answering(range(100, 400)), loss=0.3)
    done = sweep(100, network, spec=echo).run()
    assert {done.copies()[host, PingKind.ECHO] for host in range(100)} == {2}
    living = np.arange(100, 400, dtype=np.uint32)
    done.core.add(living, np.full(300, 4, np.uint8), np.full(300, Whereabouts.ROUTED, np.uint8))
    done.run()
    wanted = done.core.loss.copies(TEMPLATES[4].max_retries)
    assert wanted > 2
    assert {done.copies()[host, PingKind.ECHO] for host in range(100)} == {wanted}


def test_memory_does_not_go_with_the_number_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "REMEMBERED", 512)
    core = DiscoveryCore(DiscoverySpec(), TEMPLATES[5], seed=1)
    run, table, sizes = Sweep(core, Network({})), HostTable(), []
    for first in range(0, 1 << 13, 1 << 10):
        hosts = np.arange(first, first + (1 << 10), dtype=np.uint32)
        where = np.full(len(hosts), Whereabouts.ROUTED, np.uint8)
        core.add(hosts, np.full(len(hosts), 4, np.uint8), where)
        run.run()
        table.grow(first + len(hosts))
        table.note(np.array(run.verdicts))
        run.verdicts.clear()
        sizes.append(core._roster.hosts.nbytes + core._roster.cells.nbytes + table.nbytes)
    assert sizes[-1] < sizes[1] + (1 << 13) * 2, "two bytes a host for the tables of pages at most"
    assert table.snapshot().down == 1 << 13

"""The user's bounds hold in every window of time, counted where the probes arrive."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.spec.timing import TEMPLATES, TimingTemplate
from tests.engine.core.oracle import Host, Network
from tests.engine.core.oracle_networks import networks
from tests.engine.core.simulated_scan import SimulatedScan

some = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # shrinking whole scans takes minutes
)
PORTS = 40
TURNS = 20_000
"""Of the engine; enough for every scan here."""
_SLACK = 1e-6
_BURST = 0.02
"""Seconds' worth of probes that may leave at once."""

DARK = Network((Host(("filtered",) * PORTS),))


def begin(network: Network, timing: TimingTemplate) -> SimulatedScan:
    where = f"10.0.0.1-{len(network.hosts)}"
    types = (network.scan_type,)
    return SimulatedScan(
        network.toml, where, f"1-{PORTS}", types=types, timing=timing, seed=network.seed
    )


def times_of(scan: SimulatedScan, since: float = 0.0) -> NDArray[np.float64]:
    """Seconds at which probes left, ascending, from a time on."""
    return np.array([time for time, *_ in scan.network.log if time >= since])


def most_beyond(times: NDArray[np.float64], rate: float) -> float:
    """The most probes that any window of time saw beyond ``rate`` times its length."""
    if not len(times):
        return 0.0
    ahead = np.arange(len(times)) - rate * times
    return float((ahead + 1 - np.minimum.accumulate(ahead)).max())


def most_behind(times: NDArray[np.float64], rate: float) -> float:
    """How many probes fewer than ``rate`` a second some window has seen."""
    ahead = np.arange(len(times)) - rate * times
    return float((np.maximum.accumulate(ahead) - ahead).max())


def allowed_at_once(rate: float) -> float:
    return max(1.0, _BURST * rate)


@some
@given(networks(2, PORTS), st.sampled_from([20.0, 150.0, 1_000.0, 4_000.0]), st.integers(2, 5))
def test_no_window_sees_more_than_the_greatest_rate(
    network: Network, rate: float, template: int
) -> None:
    timing = TEMPLATES[template].with_bounds(max_rate=rate)
    scan = begin(network, timing).run(TURNS)
    assert most_beyond(times_of(scan), rate) <= allowed_at_once(rate) + _SLACK * rate


@some
@given(networks(2, PORTS), st.sampled_from([0.01, 0.05, 0.4]), st.integers(2, 5))
def test_no_two_probes_are_closer_than_the_pause_between_them(
    network: Network, pause: float, template: int
) -> None:
    scan = begin(network, TEMPLATES[template].with_bounds(scan_delay=pause, max_retries=2)).run(
        TURNS
    )
    times = times_of(scan)
    assert np.diff(times).min() >= pause - _SLACK


@some
@given(networks(2, PORTS), st.sampled_from([50.0, 6_000.0, 20_000.0]), st.integers(3, 5))
def test_first_copies_leave_no_slower_than_the_least_rate(
    network: Network, rate: float, template: int
) -> None:
    """The last of them may wait for what another host needs, so the bound is on those before."""
    scan = begin(network, TEMPLATES[template].with_bounds(min_rate=rate)).run(TURNS)
    times = times_of(scan)[: PORTS * len(network.hosts)]
    assert most_behind(times, rate) <= allowed_at_once(rate) + 1


@some
@given(networks(2, PORTS), st.integers(1, 40), st.integers(3, 5))
def test_never_are_more_probes_in_flight_than_allowed(
    network: Network, parallel: int, template: int
) -> None:
    timing = TEMPLATES[template].with_bounds(max_parallelism=parallel, max_retries=2)
    scan, most = begin(network, timing), 0
    for _ in range(TURNS):
        if scan.runner.phase.over:
            break
        scan.turn()
        most = max(most, scan.progress.in_flight)
    assert scan.runner.phase.over
    assert 0 < most <= parallel


@some
@given(st.integers(1, 40), st.sampled_from([0.1, 0.3, 2.0]), st.integers(0, 3))
def test_silent_probes_are_in_flight_for_the_whole_timeout(
    parallel: int, timeout: float, retries: int
) -> None:
    """What the scan counts as in flight is what is: nothing but time ends a silent probe."""
    timing = TEMPLATES[4].with_bounds(
        max_parallelism=parallel,
        max_retries=retries,
        min_timeout=timeout,
        max_timeout=timeout,
        initial_timeout=timeout,
    )
    scan = begin(DARK, timing).run(TURNS)
    assert scan.network.most_within(timeout - _SLACK) <= parallel
    assert set(scan.network.copies().values()) == {min(retries + 1, 2)}


@some
@given(
    networks(2, PORTS),
    st.sampled_from([(0.1, 0.1, 0.1), (0.05, 0.3, 1.0), (0.3, 0.5, 0.6), (1.0, 1.0, 4.0)]),
)
def test_copies_of_a_probe_are_a_timeout_apart(
    network: Network, timeouts: tuple[float, float, float]
) -> None:
    least, first, most = timeouts
    timing = TEMPLATES[4].with_bounds(
        min_timeout=least, initial_timeout=first, max_timeout=most, max_retries=3
    )
    scan = begin(network, timing).run(TURNS)
    decided = {
        cell for cell, row in scan.rows().items() if "filtered" not in row.state.label
    }  # may be asked whether their host still answers
    left: dict[tuple[int, int, int], list[float]] = defaultdict(list)
    for time, cell, *_ in scan.network.log:
        if cell not in decided:
            left[cell].append(time)
    gaps = [later - earlier for times in left.values() for earlier, later in pairwise(times)]
    assert min(gaps, default=least) >= least - _SLACK


@pytest.mark.parametrize("first", [0.2, 0.7, 3.0])
def test_nothing_known_means_the_first_timeout(first: float) -> None:
    timing = TEMPLATES[4].with_bounds(min_timeout=0.1, initial_timeout=first, max_retries=1)
    times = times_of(begin(DARK, timing).run(TURNS))
    firsts, seconds = times[:PORTS], times[PORTS:]
    assert np.all(np.abs(seconds - firsts - first) < 0.05)


@some
@given(
    networks(2, PORTS),
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(2, 5), st.sampled_from([30.0, 400.0, 3_000.0])),
        min_size=1,
        max_size=3,
    ),
)
def test_bounds_hold_from_the_moment_they_are_set(
    network: Network, changes: list[tuple[int, int, float]]
) -> None:
    scan = begin(network, TEMPLATES[4])
    spans: list[tuple[float, float]] = []
    for turns, template, rate in changes:
        for _ in range(turns):
            if not scan.runner.phase.over:
                scan.turn()
        scan.runner.set_timing(TEMPLATES[template].with_bounds(max_rate=rate))
        spans.append((len(scan.network.log), rate))
    scan.run(TURNS)
    every = times_of(scan)
    ends = [begun for begun, _ in spans[1:]] + [len(every)]
    for (begun, rate), ended in zip(spans, ends, strict=True):
        part = every[int(begun) : int(ended)]
        assert most_beyond(part, rate) <= allowed_at_once(rate) + _SLACK * rate

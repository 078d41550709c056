"""Any commands in any order at any moment: the scan ends, and its counts agree with the store."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.results.cell import cell_key
from engine.results.snapshot import Phase
from engine.spec.error import SpecError
from engine.spec.port_state import PortState
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from engine.steering import SteeredScan
from tests.engine.core.simulated_scan import SimulatedScan, ports, targets

NETWORK = """
seed = {seed}
[[host]]
address = "10.0.0.0/24"
delay = 0.1
jitter = 0.05
loss = {loss}
[host.tcp]
open = "1,5"
filtered = "7-9"
[host.udp]
open = "2"
default = "filtered"
"""
BOTH = (Protocol.TCP, Protocol.UDP)
Command = Callable[[SteeredScan], None]
hosts = st.integers(-1, 5)
few_ports = st.integers(1, 30).map(lambda first: ports(f"{first}-{first + 4}", *BOTH))
keys = st.lists(
    st.builds(cell_key, hosts, st.sampled_from(BOTH), st.integers(1, 40)), max_size=8
).map(lambda given: np.array(given, np.int64))
scan_types = st.sampled_from(
    [
        (ScanType.SYN,),
        (ScanType.CONNECT,),
        (ScanType.UDP,),
        (ScanType.SYN, ScanType.UDP),
        (ScanType.UDP, ScanType.CONNECT),
    ]
)


one_type = st.sampled_from([None, ScanType.SYN, ScanType.FIN, ScanType.CONNECT, ScanType.ACK])
states = st.frozensets(st.sampled_from(PortState))


def command(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[Command]:
    def give(given: tuple[object, ...]) -> Command:
        def run(runner: SteeredScan) -> None:
            with contextlib.suppress(SpecError):  # a type of a protocol that is not scanned
                getattr(runner, name)(*given)

        return run

    return st.tuples(*arguments).map(give)


COMMANDS = st.one_of(
    command("pause"),
    command("resume"),
    command("cancel"),
    command("rescan_all"),
    command("rescan", keys),
    command("rescan", keys, one_type),
    command("rescan_states", states, one_type, st.none() | hosts),
    command("rescan_host", hosts),
    command("skip_host", hosts),
    command("add_ports", few_ports),
    command("add_targets", hosts.map(lambda n: targets(f"10.0.0.{n + 3}-{n + 4}"))),
    command("set_scan_types", scan_types, st.booleans()),
    command("set_timing", st.sampled_from(TEMPLATES[2:])),
)


@settings(max_examples=120, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(COMMANDS, st.integers(0, 12)), max_size=12),
    st.sampled_from([0.0, 0.3]),
    st.integers(0, 50),
)
def test_commands(steps: list[tuple[Command, int]], loss: float, seed: int) -> None:
    scan = SimulatedScan(
        NETWORK.format(seed=seed, loss=loss), "10.0.0.1-3", "1-12", timing=TEMPLATES[4], seed=seed
    )
    for give, turns in steps:
        give(scan.runner)
        for _ in range(turns):
            if not scan.runner.phase.over:
                scan.turn()
        progress = scan.progress
        assert 0 <= progress.decided <= progress.total
        assert progress.in_flight >= 0
    if scan.runner.phase is Phase.CANCELLED:
        scan.runner.rescan_all()
    scan.runner.resume()
    scan.runner.set_timing(TEMPLATES[4])
    scan.run().assert_settled()
    snapshot = scan.runner.publish()
    active = {one.protocol for one in snapshot.scan_types}
    for host in range(snapshot.names.count):
        if host in snapshot.skipped:
            continue
        rows = [row for (number, *_), row in scan.rows().items() if number == host]
        assert not any(row.stale for row in rows)
        wanted = {channel for channel in snapshot.view.channels.tolist() if channel >> 16 in active}
        known = {row.key & 0x3FFFF for row in rows}
        assert wanted <= known
        assert all(row.state is not PortState.PENDING for row in rows)

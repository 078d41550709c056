"""10.0.0.0/8 x 10 ports on the simulated network: how soon it begins, what a probe costs, how much
memory it takes, without host discovery or with it (``--discover``). Run alone: ``python -m
benchmarks.huge``; memory is that of the whole process.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from engine.core.batch import ReplyBatch
from engine.results.log import ScanLog
from engine.runner import ScanRunner
from engine.spec.ping import DiscoverySpec
from engine.spec.ports import parse_ports
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import parse_targets, resolve_targets
from engine.spec.timing import TEMPLATES
from engine.transport.scenario import load_scenario
from engine.transport.simulated import SimulatedTransport

TARGETS = "10.0.0.0/8"
PORTS = "21-25,53,80,110,143,443"
LIVING = '[[host]]\naddress = "10.0-255.7.9"\ndelay = 0.02\n[host.tcp]\nopen = "80"\n'
PROBES = 5_000_000
_RATE = 200_000.0


@dataclass(frozen=True)
class HugeScan:
    """CPU seconds to the first probe, microseconds per probe and per host that was decided, most
    memory at first and at the end in MB, hosts with a row, hosts let go or found down, and hosts
    found up, at the end."""

    begins: float
    per_probe: float
    per_host: float
    memory_at_first: float
    memory: float
    rows: int
    silent: int
    up: int


class _InBatches(SimulatedTransport):
    """Lets the virtual clock run on a little, so that batches are as large as on a real network."""

    def receive(self, until: float, rest: float = 0.0) -> ReplyBatch:
        """As SimulatedTransport, but never for less than 10 ms."""
        return super().receive(max(until, self.now() + 0.01))


def measure_huge(probes: int = PROBES, *, discover: bool = False) -> HugeScan:
    """Send the first ``probes`` probes of the scan, pings included."""
    network = load_scenario(LIVING)
    began = time.process_time()
    spec = ScanSpec(
        resolve_targets(parse_targets(TARGETS)).targets,
        parse_ports(PORTS, (Protocol.TCP,)),
        (ScanType.SYN,),
        replace(TEMPLATES[5], min_rate=_RATE),
        seed=3,
        discovery=DiscoverySpec() if discover else None,
    )
    scan = ScanRunner(spec, ScanLog(), make_transport=lambda book: _InBatches(book, network))
    scan.start()
    while not scan.progress().sent:
        scan.turn()
    begins, at_first = time.process_time() - began, _most_memory()
    while scan.progress().sent < probes:
        for _ in range(100):
            scan.turn()
        scan.publish()
    spent = time.process_time() - began - begins
    last = scan.publish()
    silent = last.view.released_hosts + last.hosts.down
    up = last.hosts.up
    return HugeScan(
        begins,
        spent / last.progress.sent * 1e6,
        spent / max(silent + up, 1) * 1e6,
        at_first,
        _most_memory(),
        len(last.view.hosts),
        silent,
        up,
    )


def _most_memory() -> float:
    """Most memory this process has held so far, in MB (proc(5), VmHWM)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    done = measure_huge(discover="--discover" in sys.argv)
    print(f"begins after {done.begins:.3f} s of CPU; {done.per_probe:.2f} us of CPU per probe")
    print(f"{done.per_host:.1f} us of CPU per host that is done with")
    print(f"memory {done.memory_at_first:.0f} MB at first, {done.memory:.0f} MB at most")
    print(f"{done.rows:,} hosts have rows, {done.silent:,} are silent, {done.up:,} were found up")

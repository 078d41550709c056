"""What leaves: as many probes as the bounds ask for, and none that our own machine refuses."""

from __future__ import annotations

import errno
from itertools import pairwise

import numpy as np
import pytest

from engine.core.addressing import AddressBook
from engine.core.batch import REFUSED, ProbeBatch, SendProblem, SendReport
from engine.results.snapshot import Phase
from engine.session import ScanSession
from engine.spec.error import SpecError
from engine.spec.port_state import PortState
from engine.spec.ports import parse_ports
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import parse_targets
from engine.spec.timing import TEMPLATES
from engine.transport.scenario import load_scenario
from engine.transport.simulated import SimulatedTransport
from tests.engine.core.simulated_scan import SimulatedScan

NETWORK = '[[host]]\naddress = "10.0.0.1"\n[host.tcp]\nopen = "22"\n'


class LocalFirewall(SimulatedTransport):
    """A network behind a local firewall that refuses probes to port 25."""

    def send(self, batch: ProbeBatch) -> SendReport:
        refused = batch["port"] == 25
        report = super().send(batch[~refused])
        sent_at = np.full(len(batch), REFUSED)
        sent_at[~refused] = report.sent_at
        problem = SendProblem(errno.EPERM, (0,), "a rule forbids it", True, whole_host=False)
        return SendReport(sent_at, (problem,) if refused.any() else ())


def test_a_port_our_own_machine_refuses_stays_pending_and_the_others_are_decided() -> None:
    def make(book: AddressBook) -> LocalFirewall:
        return LocalFirewall(book, load_scenario(NETWORK))

    spec = ScanSpec(
        parse_targets("10.0.0.1").literals, parse_ports("20-30", (Protocol.TCP,)), (ScanType.SYN,)
    )
    session = ScanSession(spec, make_transport=make, linger=False)
    session.start()
    assert session.join(20)
    snapshot = session.snapshot()
    assert snapshot.phase is Phase.FINISHED
    counts = snapshot.view.totals
    assert (counts[PortState.PENDING], counts[PortState.OPEN], counts[PortState.CLOSED]) == (
        1,
        1,
        9,
    )
    assert snapshot.problems == {0: "a rule forbids it"}
    assert snapshot.progress.total == snapshot.progress.decided == 10


def test_at_least_so_many_probes_are_kept_in_flight() -> None:
    dark = '[[host]]\naddress = "10.0.0.1"\n[host.tcp]\ndefault = "filtered"\n'
    wide = TEMPLATES[3].with_bounds(min_parallelism=3_000)
    assert SimulatedScan(dark, which="1-4000", timing=wide).run().most_in_flight >= 3_000
    assert SimulatedScan(dark, which="1-4000", timing=TEMPLATES[3]).run().most_in_flight < 2_500


def test_bounds_on_probes_in_flight_drag_each_other() -> None:
    assert TEMPLATES[2].with_bounds(min_parallelism=5).max_parallelism == 5
    both = TEMPLATES[3].with_bounds(min_parallelism=50).with_bounds(max_parallelism=10)
    assert (both.min_parallelism, both.max_parallelism) == (10, 10)
    with pytest.raises(SpecError):
        TEMPLATES[3].with_bounds(min_rate=5, max_rate=1)


@pytest.mark.parametrize("delay", [0.05, 0.4, 300.0])
def test_the_pause_between_probes_is_kept(delay: float) -> None:
    toml = '[[host]]\naddress = "10.0.0.1"\ndelay = 0.01\n[host.tcp]\nfiltered = "1-3"\n'
    scan = SimulatedScan(toml, timing=TEMPLATES[3].with_bounds(scan_delay=delay)).run()
    times = [time for time, *_ in scan.network.log]
    assert len(times) >= 20
    assert all(later - earlier >= delay - 1e-6 for earlier, later in pairwise(times))

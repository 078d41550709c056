"""A port our own machine refuses to probe is given up alone, and never called filtered."""

from __future__ import annotations

import errno

import numpy as np

from engine.core.addressing import AddressBook
from engine.core.batch import REFUSED, ProbeBatch, SendProblem, SendReport
from engine.results.snapshot import Phase
from engine.session import ScanSession
from engine.spec.port_state import PortState
from engine.spec.ports import parse_ports
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import parse_targets
from engine.transport.scenario import load_scenario
from engine.transport.simulated import SimulatedTransport

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


def test_a_refused_port_stays_pending_and_the_others_are_decided() -> None:
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

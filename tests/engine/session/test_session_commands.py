"""Every command while a scan runs, and after it has ended."""

from __future__ import annotations

import numpy as np
import pytest

from engine.results.cell import cell_key
from engine.results.snapshot import Phase, Snapshot
from engine.session import ScanSession, TransportUnavailable
from engine.spec.error import SpecError
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import ports, targets
from tests.engine.session.driven_session import (
    FAST,
    SLOW,
    Network,
    finished,
    phase_is,
    running,
    spec,
    wait_for,
)


def decided(session: ScanSession) -> int:
    return session.snapshot().progress.decided


def outcome(snapshot: Snapshot, port: int, host: int = 0, protocol: int = 0) -> tuple[str, str]:
    row = snapshot.row(cell_key(host, protocol, port))
    assert row is not None
    return row.state.label, row.reason.label


def said(session: ScanSession, text: str) -> bool:
    return any(text in line.text for line in session.log.lines())


def test_a_whole_scan() -> None:
    with running(spec("10.0.0.1-2", "1-300", timing=FAST)) as session:
        finished(session)
        snapshot = session.snapshot()
    assert snapshot.view.totals[PortState.OPEN] == 4
    assert snapshot.view.totals[PortState.CLOSED] == 596
    assert outcome(snapshot, 80) == ("open", "syn-ack")
    assert outcome(snapshot, 81, host=1) == ("closed", "reset")
    assert snapshot.progress.decided == snapshot.progress.total == 600
    assert snapshot.progress.in_flight == 0 and snapshot.progress.remaining is None
    assert snapshot.started_at > 0 and session.report().complete
    assert said(session, "finished: 600 ports decided")


def test_set_timing() -> None:
    with running() as session:
        wait_for(lambda: decided(session) > 5)
        session.set_timing(TEMPLATES[5])
        finished(session)
        assert session.snapshot().timing is TEMPLATES[5]
        assert said(session, "timing T5 insane")


def test_outcomes_of_commands_are_given_once() -> None:
    with running() as session:
        session.pause()
        session.set_timing(TEMPLATES[5])
        outcomes: list[str] = []
        wait_for(lambda: outcomes.extend(session.take_outcomes()) or len(outcomes) == 2)
        assert outcomes[0].startswith("paused: ") and outcomes[1].startswith("timing T5 insane: ")
        assert {line.text for line in session.log.lines(level=0)} >= set(outcomes)
        assert session.take_outcomes() == ()


def test_ports_by_state_and_by_key_with_another_type() -> None:
    with running(spec(which="1-50", timing=FAST)) as session:
        finished(session)
        session.rescan_states(frozenset({PortState.OPEN}), ScanType.CONNECT)
        session.rescan(np.array([cell_key(0, 0, 1)]), ScanType.CONNECT)
        wait_for(lambda: outcome(session.snapshot(), 1) == ("closed", "conn-refused"))
        finished(session)
        techniques = session.snapshot().view.host_cells(0)["technique"]
        assert np.count_nonzero(techniques == ScanType.CONNECT) == 2
        network = session._runner.transport
        network.scan_types = frozenset({ScanType.CONNECT})  # type: ignore[misc]
        with pytest.raises(TransportUnavailable, match="right to send raw packets"):
            session.rescan(np.array([cell_key(0, 0, 1)]), ScanType.ACK)
        with pytest.raises(TransportUnavailable, match="right to send raw packets"):
            session.rescan_states(frozenset(PortState), ScanType.ACK)


def test_slower_timing_holds_back_at_once() -> None:
    network = Network()
    with running(network=network) as session:
        wait_for(lambda: network.sent > 5)
        session.set_timing(TEMPLATES[0])
        wait_for(lambda: session.snapshot().timing is TEMPLATES[0])
        sent = network.sent
        wait_for(lambda: session.progress.in_flight == 0)
        assert network.sent <= sent + 1


def test_syn_to_connect_for_what_is_not_decided() -> None:
    with running() as session:
        wait_for(lambda: decided(session) > 20)
        session.set_scan_types((ScanType.CONNECT,))
        session.set_timing(FAST)
        finished(session)
        view = session.snapshot().view
        reasons = np.bincount(view.host_cells(0)["reason"], minlength=40)
        assert reasons[Reason.RESET] > 15 and reasons[Reason.CONN_REFUSED] > 15
        assert session.snapshot().scan_types == (ScanType.CONNECT,)


def test_redo_decided_keeps_the_old_answer_until_the_new_one_comes() -> None:
    with running(spec(which="1-100", timing=FAST)) as session:
        finished(session)
        session.set_timing(SLOW)
        session.set_scan_types((ScanType.CONNECT,), redo_decided=True)
        wait_for(phase_is(session, Phase.RUNNING))
        rows = [session.snapshot().row(cell_key(0, 0, port)) for port in range(1, 101)]
        stale = [row for row in rows if row is not None and row.stale]
        assert stale and all(row.technique is ScanType.SYN and row.state for row in stale)
        session.set_timing(FAST)
        finished(session)
        techniques = set(session.snapshot().view.host_cells(0)["technique"].tolist())
        assert techniques == {ScanType.CONNECT}


def test_tcp_to_udp_and_back() -> None:
    with running(spec(which="1-120")) as session:
        wait_for(lambda: decided(session) > 10)
        session.set_scan_types((ScanType.UDP,))
        wait_for(lambda: session.snapshot().view.channels.max() >> 16 == Protocol.UDP)
        session.set_timing(FAST)
        finished(session)
        assert outcome(session.snapshot(), 53, protocol=Protocol.UDP) == ("open", "udp-response")
        assert session.snapshot().view.totals[PortState.PENDING] > 20
        session.set_scan_types((ScanType.SYN,))
        wait_for(lambda: session.snapshot().view.totals[PortState.PENDING] == 0)
        finished(session)
        assert outcome(session.snapshot(), 80) == ("open", "syn-ack")


def test_scan_types_that_cannot_be() -> None:
    with running() as session:
        with pytest.raises(SpecError, match="second tcp scan type"):
            session.set_scan_types((ScanType.SYN, ScanType.CONNECT))
        network = session._runner.transport
        network.scan_types = frozenset({ScanType.CONNECT})  # type: ignore[misc]
        with pytest.raises(TransportUnavailable, match="right to send raw packets"):
            session.set_scan_types((ScanType.SYN,))
        assert session.snapshot().scan_types == (ScanType.SYN,)


def test_pause_and_resume() -> None:
    network = Network()
    with running(network=network) as session:
        wait_for(lambda: decided(session) > 5)
        session.pause()
        wait_for(phase_is(session, Phase.PAUSED))
        sent = network.sent
        wait_for(lambda: session.snapshot().progress.in_flight == 0)
        assert decided(session) == sent  # answers to probes in flight still counted
        assert network.sent == sent
        session.resume()
        wait_for(lambda: network.sent > sent)
        session.set_timing(FAST)
        finished(session)


def test_rescan_some_ports() -> None:
    network = Network()
    with running(spec(which="1-50", timing=FAST), network) as session:
        finished(session)
        sent = network.sent
        session.rescan(np.array([cell_key(0, 0, port) for port in (22, 23, 23)]))
        wait_for(lambda: network.sent >= sent + 2)
        finished(session)
        assert {cell[2] for _, cell, *_ in network.log[sent:]} == {22, 23}


def test_rescan_of_a_host_and_of_all() -> None:
    network = Network()
    with running(spec("10.0.0.1-2", "1-50", timing=FAST), network) as session:
        finished(session)
        sent = network.sent
        session.rescan_host(1)
        wait_for(lambda: network.sent >= sent + 50)
        finished(session)
        assert {cell[0] for _, cell, *_ in network.log[sent:]} == {1}
        session.rescan_all()
        wait_for(lambda: network.sent >= sent + 150)
        finished(session)
        assert session.snapshot().progress.decided == 100


def test_skip_a_host_and_take_it_up_again() -> None:
    with running(spec("10.0.0.1-2", "1-60")) as session:
        session.skip_host(1)
        wait_for(lambda: session.snapshot().skipped == {1})
        session.set_timing(FAST)
        finished(session)
        line = session.snapshot().host_line(1)
        assert line.skipped and line.decided < 60
        session.rescan_host(1)
        wait_for(lambda: session.snapshot().host_line(1).decided == 60)
        assert not session.snapshot().skipped
        session.skip_host(99)
        session.rescan_host(-5)
        finished(session)


def test_add_targets_and_ports() -> None:
    with running(spec(which="1-20")) as session:
        session.add_targets(targets("10.0.0.1-3"))
        session.add_ports(ports("75-85"))
        session.set_timing(FAST)
        wait_for(lambda: session.snapshot().view.totals[PortState.OPEN] == 3)
        finished(session)
        snapshot = session.snapshot()
        assert snapshot.view.host_count == 3 and snapshot.view.totals[PortState.PENDING] == 0
        assert {snapshot.names.text(host) for host in range(3)} == set(
            targets("10.0.0.1-3").addresses(9)
        )
        session.add_ports(ports("22"))
        wait_for(lambda: session.snapshot().view.totals[PortState.OPEN] == 6)


def test_too_many_targets_are_refused_in_the_log() -> None:
    with running(spec(timing=FAST)) as session:
        session.add_targets(targets("10.0.0.0/8"))
        wait_for(lambda: said(session, "more than the"))
        outcomes: list[str] = []
        wait_for(lambda: outcomes.extend(session.take_outcomes()) or outcomes)
        assert len(outcomes) == 1 and outcomes[0].startswith("not done: ")
        finished(session)
        assert session.snapshot().view.host_count == 1


def test_verbosity_shows_what_was_logged_before() -> None:
    with running(spec(which="1-30", timing=FAST), verbosity=0) as session:
        finished(session)
        assert session.snapshot().verbosity == 0
        few = session.log.lines(level=0)
        session.set_verbosity(9)
        wait_for(lambda: session.snapshot().verbosity == 3)
        many = session.log.lines(level=session.snapshot().verbosity)
        assert {line.serial for line in few} < {line.serial for line in many}
        assert any("open: 22/tcp (ssh) on 10.0.0.1" in line.text for line in many)
        assert not any("open: 22/tcp" in line.text for line in few)


def test_cancel_keeps_what_is_known() -> None:
    network = Network()
    with running(network=network) as session:
        wait_for(lambda: decided(session) > 10)
        session.cancel()
        wait_for(phase_is(session, Phase.CANCELLED))
        sent, known = network.sent, decided(session)
        report = session.report()
        assert known > 10 and not report.complete
        assert sum(report.snapshot.view.counts(0)[1:]) == known
        session.set_verbosity(2)
        wait_for(lambda: session.snapshot().verbosity == 2)
        assert network.sent == sent and session.alive


def test_commands_after_the_end_run_again() -> None:
    with running(spec(which="1-20", timing=FAST)) as session:
        for _ in range(3):
            finished(session)
            before = session.snapshot().progress.sent
            session.rescan_all()
            wait_for(lambda before=before: session.snapshot().progress.sent >= before + 20)
        finished(session)
        session.cancel()
        session.pause()
        session.resume()
        session.set_verbosity(1)
        wait_for(lambda: session.snapshot().verbosity == 1)
        assert session.snapshot().phase is Phase.FINISHED


def test_commands_before_the_start_are_kept() -> None:
    session = ScanSession(spec(which="1-20"), make_transport=Network())
    session.set_timing(FAST)
    session.add_ports(ports("80"))
    session.start()
    try:
        finished(session)
        assert session.snapshot().timing is FAST
        assert outcome(session.snapshot(), 80) == ("open", "syn-ack")
    finally:
        session.close()


def test_decided_ports_are_streamed() -> None:
    keys: list[int] = []
    with running(
        spec(which="1-50", timing=FAST), on_decided=lambda batch: keys.extend(batch.keys.tolist())
    ) as session:
        finished(session)
    assert sorted(keys) == [cell_key(0, 0, port) for port in range(1, 51)]

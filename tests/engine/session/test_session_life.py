"""A session's beginning and end: nothing is left behind, and no failure reaches the caller."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine.core.batch import ProbeBatch, ReplyBatch, SendProblem, SendReport
from engine.results.cell import cell_key
from engine.results.snapshot import Phase
from engine.session import ScanSession, TransportUnavailable, export, simulation
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES
from tests.engine.core.simulated_scan import MeasuredTransport, ports, targets
from tests.engine.session.driven_session import (
    FAST,
    NETWORK,
    FailingNetwork,
    Network,
    descriptors,
    engine_threads,
    finished,
    phase_is,
    running,
    spec,
    wait_for,
)


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    before = descriptors()
    yield
    assert not engine_threads()
    assert descriptors() <= before


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def loopback(port: int, **changes: object) -> ScanSpec:
    facts: dict[str, object] = {
        "targets": targets("127.0.0.1"),
        "ports": ports(f"1-20,{port}"),
        "scan_types": (ScanType.CONNECT,),
        "timing": TEMPLATES[4],
        "transport": "sockets",
    }
    return ScanSpec(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_connect_scan_of_a_real_listener(listener: int) -> None:
    session = ScanSession(loopback(listener), linger=False)
    session.start()
    assert session.join(10.0) and not session.alive
    row = session.snapshot().row(cell_key(0, 0, listener))
    assert row is not None
    assert (row.state, row.reason, row.technique) == (
        PortState.OPEN,
        Reason.SYN_ACK,
        ScanType.CONNECT,
    )
    assert session.snapshot().phase is Phase.FINISHED
    session.close()


def test_descriptors_are_given_back_when_the_thread_ends(listener: int) -> None:
    before = descriptors()
    session = ScanSession(loopback(listener), linger=False)
    session.start()
    assert session.join(10.0)
    assert descriptors() <= before
    session.close()


def test_commands_during_a_real_scan(listener: int) -> None:
    slow = TEMPLATES[4].with_bounds(max_rate=50.0)
    session = ScanSession(loopback(listener, ports=ports(f"1-300,{listener}"), timing=slow))
    session.start()
    try:
        wait_for(lambda: session.snapshot().progress.decided > 3)
        session.pause()
        wait_for(phase_is(session, Phase.PAUSED))
        session.resume()
        session.set_scan_types((ScanType.CONNECT, ScanType.UDP))
        session.set_timing(TEMPLATES[4])
        session.rescan(np.array([cell_key(0, 0, listener)]))
        wait_for(lambda: session.snapshot().view.totals[PortState.OPEN] >= 1)
        session.set_timing(slow)
        session.rescan_all()
        session.cancel()
        wait_for(phase_is(session, Phase.CANCELLED))
    finally:
        session.close()


@pytest.mark.parametrize("moment", ["new", "running", "paused", "finished", "cancelled"])
def test_close_at_any_moment(moment: str, listener: int) -> None:
    timing = TEMPLATES[4] if moment == "finished" else TEMPLATES[4].with_bounds(max_rate=20.0)
    session = ScanSession(loopback(listener, timing=timing))
    if moment != "new":
        session.start()
    if moment == "paused":
        session.pause()
        wait_for(phase_is(session, Phase.PAUSED))
    if moment == "finished":
        finished(session)
    if moment == "cancelled":
        session.cancel()
    session.close()
    session.close()
    assert not session.alive and session.join(0.0)
    session.rescan_all()
    session.cancel()
    assert session.snapshot() is not None


def test_without_linger_the_thread_ends_with_the_scan() -> None:
    with running(spec(which="1-20", timing=FAST), linger=False) as session:
        assert session.join(10.0)
        assert session.snapshot().phase is Phase.FINISHED
        assert session.snapshot().view.totals[PortState.OPEN] == 0
        assert session.report().complete


def test_many_sessions_leave_nothing() -> None:
    for _ in range(10):
        with running(spec(which="1-20")) as session:
            wait_for(lambda session=session: session.snapshot().progress.sent > 0)


def test_rights_that_are_missing_are_told_at_the_start() -> None:
    def refuse(book: object) -> MeasuredTransport:
        raise TransportUnavailable("no raw rights\nrun it as root")

    session = ScanSession(spec(), make_transport=refuse)
    with pytest.raises(TransportUnavailable, match="no raw rights"):
        session.start()
    session.close()
    assert session.snapshot().phase is Phase.WAITING


def test_a_simulation_from_text() -> None:
    with running(spec(which="80", timing=FAST), simulation(NETWORK)) as session:
        finished(session)
        assert session.snapshot().view.totals[PortState.OPEN] == 1


# ------------------------------------------------------------------ when sending fails


def times_said(session: ScanSession, text: str) -> int:
    return sum(text in line.text for line in session.log.lines())


def cannot_be_probed(batch: ProbeBatch) -> tuple[np.ndarray, tuple[SendProblem, ...]]:
    """Host 1 has no route."""
    unlucky = batch["host"] == 1
    problem = SendProblem(errno.EHOSTUNREACH, (1,), "no route to 10.0.0.2", lasting=True)
    return ~unlucky, (problem,) if unlucky.any() else ()


def test_a_host_that_cannot_be_probed_stays_pending() -> None:
    with running(
        spec("10.0.0.1-2", "1-50", timing=FAST), FailingNetwork(cannot_be_probed)
    ) as session:
        finished(session)
        snapshot = session.snapshot()
        assert snapshot.problems == {1: "no route to 10.0.0.2"}
        assert snapshot.host_line(1).counts[PortState.PENDING] == 50
        assert snapshot.host_line(0).decided == 50
        for times in (2, 3):
            session.rescan_host(1)
            wait_for(lambda times=times: times_said(session, "10.0.0.2 cannot be probed") == times)
            finished(session)
            assert session.snapshot().problems == {1: "no route to 10.0.0.2"}
            assert session.snapshot().host_line(1).decided == 0


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EMFILE])
def test_pressure_only_slows_down(number: int) -> None:
    calls = []

    def half_leaves(batch: ProbeBatch) -> tuple[np.ndarray, tuple[SendProblem, ...]]:
        calls.append(len(batch))
        leaves = np.arange(len(batch)) % 2 == len(calls) % 2
        problem = SendProblem(number, (), "the queue is full", lasting=False)
        return leaves, () if leaves.all() else (problem,)

    with running(spec("10.0.0.1-2", "1-40", timing=FAST), FailingNetwork(half_leaves)) as session:
        finished(session)
        snapshot = session.snapshot()
        assert snapshot.view.totals[PortState.CLOSED] == 78
        assert snapshot.view.totals[PortState.OPEN] == 2
        assert not snapshot.problems
        slower = [line for line in session.log.lines() if "sending again, slower" in line.text]
        assert len(slower) == 1


def test_a_lasting_problem_of_our_own_fails_the_scan() -> None:
    def gone(batch: ProbeBatch) -> tuple[np.ndarray, tuple[SendProblem, ...]]:
        problem = SendProblem(errno.ENETDOWN, (), "the interface is gone", lasting=True)
        return np.zeros(len(batch), bool), (problem,)

    with running(spec(timing=FAST), FailingNetwork(gone)) as session:
        wait_for(phase_is(session, Phase.FAILED))
        snapshot = session.snapshot()
        assert snapshot.failure.startswith("the interface is gone")
        assert snapshot.view.totals[PortState.PENDING] == 400


def explode(*arguments: object) -> SendReport:
    raise RuntimeError("boom\x1b[31m\nsecond line")


def hang_up(*arguments: object) -> ReplyBatch:
    raise OSError(errno.EBADF, "Bad file descriptor")


@pytest.mark.parametrize(("method", "bomb"), [("send", explode), ("receive", hang_up)])
def test_an_exploding_transport_ends_in_one_line(
    method: str, bomb: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    unhandled: list[object] = []
    monkeypatch.setattr(threading, "excepthook", unhandled.append)

    def broken(book: object) -> MeasuredTransport:
        transport = Network()(book)  # type: ignore[arg-type]
        setattr(transport, method, bomb)
        return transport

    with running(spec(), broken) as session:
        wait_for(lambda: not session.alive)
        snapshot = session.snapshot()
        assert snapshot.phase is Phase.FAILED
        assert snapshot.failure.startswith("the engine stopped: ")
        assert snapshot.failure.isprintable()
        assert all(line.text.isprintable() for line in session.log.lines())
        session.rescan_all()
    assert not unhandled


def test_a_failing_listener_of_decided_ports_ends_the_scan_in_one_line() -> None:
    with running(spec(timing=FAST), on_decided=explode) as session:
        wait_for(phase_is(session, Phase.FAILED))
        assert "RuntimeError" in session.snapshot().failure


# ------------------------------------------------------------------ views


def test_explanations() -> None:
    with running(spec(which="80,81", timing=FAST)) as session:
        finished(session)
        opened = session.explain(cell_key(0, Protocol.TCP, 80))
        closed = session.explain(cell_key(0, Protocol.TCP, 81))
        assert opened is not None and opened.reply == "TCP SYN ACK"
        assert closed is not None and "RST" in closed.rule
        assert session.explain(cell_key(0, Protocol.TCP, 9)) is None
        assert session.explain(-1) is None


@pytest.mark.parametrize(("others", "known"), [("closed", True), ("filtered", False)])
def test_silence_means_more_where_the_host_answers_elsewhere(others: str, known: bool) -> None:
    toml = f'[[host]]\naddress="10.0.0.1"\n[host.tcp]\ndefault="{others}"\nfiltered="80"\n'
    with running(spec(which="80-90", timing=FAST), simulation(toml, realtime=False)) as session:
        finished(session)
        silent = session.explain(cell_key(0, Protocol.TCP, 80))
        assert silent is not None
        assert ("the host answers on other ports" in silent.meaning) is known


def test_an_interrupted_scan_can_be_exported(tmp_path) -> None:
    with running() as session:
        wait_for(lambda: session.snapshot().progress.decided > 5)
        session.cancel()
        wait_for(phase_is(session, Phase.CANCELLED))
        for name in ("json", "xml", "text", "jsonl"):
            export(session.report(), name, tmp_path / name)
            assert (tmp_path / name).stat().st_size > 0
        with pytest.raises(OSError, match="No such file"):
            export(session.report(), "json", tmp_path / "nowhere" / "x")

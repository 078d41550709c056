"""What must hold for every scan, over random networks on a virtual clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.silence import MOST_REVIEWS
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan import Shard
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.timing import TEMPLATES, TimingTemplate
from engine.techniques.registry import technique
from engine.transport.scenario import ICMP_REASONS
from tests.engine.core.simulated_scan import Cell, SimulatedScan

Outcome = tuple[PortState, Reason]

SILENT_WHEN_OPEN: Mapping[str, Outcome] = {
    "open": (PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    "closed": (PortState.CLOSED, Reason.RESET),
    "filtered": (PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
}

ANSWERS: Mapping[ScanType, Mapping[str, Outcome]] = {
    ScanType.SYN: {
        "open": (PortState.OPEN, Reason.SYN_ACK),
        "closed": (PortState.CLOSED, Reason.RESET),
        "filtered": (PortState.FILTERED, Reason.NO_RESPONSE),
    },
    ScanType.CONNECT: {
        "open": (PortState.OPEN, Reason.SYN_ACK),
        "closed": (PortState.CLOSED, Reason.CONN_REFUSED),
        "filtered": (PortState.FILTERED, Reason.NO_RESPONSE),
        # What connect() reports of an ICMP error is coarser than the message.
        "net-prohibited": (PortState.FILTERED, Reason.NET_UNREACH),
        "host-prohibited": (PortState.FILTERED, Reason.HOST_UNREACH),
        "admin-prohibited": (PortState.FILTERED, Reason.HOST_UNREACH),
        "port-unreach": (PortState.CLOSED, Reason.CONN_REFUSED),
        "time-exceeded": (PortState.FILTERED, Reason.NO_RESPONSE),
    },
    ScanType.UDP: {
        "open": (PortState.OPEN, Reason.UDP_RESPONSE),
        "closed": (PortState.CLOSED, Reason.PORT_UNREACH),
        "filtered": (PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
        "port-unreach": (PortState.CLOSED, Reason.PORT_UNREACH),
    },
    ScanType.ACK: {
        "open": (PortState.UNFILTERED, Reason.RESET),
        "closed": (PortState.UNFILTERED, Reason.RESET),
        "filtered": (PortState.FILTERED, Reason.NO_RESPONSE),
    },
    ScanType.WINDOW: {
        "open": (PortState.OPEN, Reason.RESET),
        "closed": (PortState.CLOSED, Reason.RESET),
        "filtered": (PortState.FILTERED, Reason.NO_RESPONSE),
    },
    ScanType.MAIMON: SILENT_WHEN_OPEN,
    ScanType.NULL: SILENT_WHEN_OPEN,
    ScanType.FIN: SILENT_WHEN_OPEN,
    ScanType.XMAS: SILENT_WHEN_OPEN,
    ScanType.SCTP_INIT: {
        "open": (PortState.OPEN, Reason.INIT_ACK),
        "closed": (PortState.CLOSED, Reason.ABORT),
        "filtered": (PortState.FILTERED, Reason.NO_RESPONSE),
    },
    ScanType.SCTP_ECHO: {
        "open": (PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
        "closed": (PortState.CLOSED, Reason.ABORT),
        "filtered": (PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
    },
    ScanType.PROTOCOL: {
        "open": (PortState.OPEN, Reason.PROTO_RESPONSE),
        "closed": (PortState.CLOSED, Reason.PROTO_UNREACH),
        "filtered": (PortState.OPEN_FILTERED, Reason.NO_RESPONSE),
        "proto-unreach": (PortState.CLOSED, Reason.PROTO_UNREACH),
        "port-unreach": (PortState.OPEN, Reason.PORT_UNREACH),
    },
    ScanType.IDLE: {
        "open": (PortState.OPEN, Reason.IPID_CHANGE),
        **dict.fromkeys(
            ("closed", "filtered", *ICMP_REASONS),
            (PortState.CLOSED_FILTERED, Reason.NO_IPID_CHANGE),
        ),
    },
}


@dataclass(frozen=True)
class Behaviour:
    """How the ports 1..last behave: a default, and ranges with another behaviour."""

    last: int
    default: str
    ranges: tuple[tuple[int, int, str], ...]

    def of(self, port: int) -> str:
        for low, high, behaviour in reversed(self.ranges):
            if low <= port <= high:
                return behaviour
        return self.default

    def table(self, protocol: Protocol) -> str:
        places: dict[str, list[str]] = {}
        for port in range(1, self.last + 1):
            if self.of(port) != self.default:
                places.setdefault(self.of(port), []).append(str(port))
        lines = [f'{behaviour} = "{",".join(where)}"' for behaviour, where in places.items()]
        return "\n".join((f"[host.{protocol.label}]", f'default = "{self.default}"', *lines))


@dataclass(frozen=True)
class Case:
    """One random scan."""

    toml: str
    behaviour: Behaviour
    hosts: int
    scan_type: ScanType
    timing: TimingTemplate
    seed: int

    def scan(self, **changes: object) -> SimulatedScan:
        facts: dict[str, object] = {
            "where": f"10.0.0.1-{self.hosts}",
            "which": f"1-{self.behaviour.last}",
            "types": (self.scan_type,),
            "timing": self.timing,
            "seed": self.seed,
        }
        return SimulatedScan(self.toml, **{**facts, **changes})  # type: ignore[arg-type]

    def expected(self) -> Iterator[tuple[Cell, Outcome]]:
        answers = ANSWERS[self.scan_type]
        for host in range(self.hosts):
            for port in range(1, self.behaviour.last + 1):
                word = self.behaviour.of(port)
                if word in answers:
                    outcome = answers[word]
                else:
                    outcome = (PortState.FILTERED, Reason.from_label(word))
                yield (host, int(self.scan_type.protocol), port), outcome


@st.composite
def behaviours(draw: st.DrawFn) -> Behaviour:
    last = draw(st.integers(1, 300))
    words = st.sampled_from(["open", "closed", "filtered", *ICMP_REASONS])
    ranges = draw(st.lists(st.tuples(st.integers(1, last), st.integers(1, 60), words), max_size=4))
    return Behaviour(
        last, draw(words), tuple((low, min(last, low + width), w) for low, width, w in ranges)
    )


@st.composite
def cases(draw: st.DrawFn, *, clean: bool) -> Case:
    """``clean``: no answer is lost, and all come before the template's longest timeout."""
    behaviour = draw(behaviours())
    timing = TEMPLATES[draw(st.integers(2, 5))]
    delay = draw(st.floats(0, 0.2 if clean and timing.number == 5 else 0.5))
    figures = {"delay": delay, "jitter": draw(st.sampled_from([0.0, 0.01, 0.05]))}
    if not clean:
        figures["loss"] = draw(st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.3]))
        figures["rst_rate"] = draw(st.sampled_from([0, 0, 50, 500]))
        figures["icmp_rate"] = draw(st.sampled_from([0, 0, 5, 100]))
        if draw(st.booleans()):
            figures["queue"], figures["rate"] = (
                draw(st.integers(1, 50)),
                draw(st.integers(100, 5000)),
            )
    scan_type = draw(st.sampled_from(ScanType))
    lines = [f"{name} = {value!r}" for name, value in figures.items()]
    seed = draw(st.integers(0, 1000))
    toml = "\n".join(
        (f"seed = {seed}", "[[host]]", 'address = "10.0.0.0/24"', *lines,
         behaviour.table(scan_type.protocol))
    )  # fmt: skip
    return Case(toml, behaviour, draw(st.integers(1, 5)), scan_type, timing, seed)


modest = settings(
    max_examples=30, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


def answers_taken(scan: SimulatedScan) -> Counter[int]:
    """How often each cell was decided by an answer. (Silence may be doubted and asked again.)"""
    return Counter(row.key for row in scan.decided if row.reason is not Reason.NO_RESPONSE)


@modest
@given(cases(clean=False))
def test_every_scan_ends_with_every_cell_decided(case: Case) -> None:
    """Loss and rations may turn an answer into silence, never into another answer."""
    scan = case.scan().run()
    scan.assert_settled()
    found = {cell: (row.state, row.reason) for cell, row in scan.rows().items()}
    expected = dict(case.expected())
    outcome = technique(case.scan_type).silence
    silence = (outcome.state, outcome.reason)
    assert found.keys() == expected.keys()
    assert all(found[cell] in (outcome, silence) for cell, outcome in expected.items())
    assert max(answers_taken(scan).values(), default=1) == 1
    most = case.timing.max_retries + 1 + MOST_REVIEWS
    assert max(scan.network.copies().values()) <= most


@modest
@given(cases(clean=True))
def test_without_loss_every_verdict_is_the_truth(case: Case) -> None:
    scan = case.scan().run()
    found = {cell: (row.state, row.reason) for cell, row in scan.rows().items()}
    assert found == dict(case.expected())
    decided = Counter(row.key for row in scan.decided)
    assert max(scan.network.copies().values()) <= case.timing.max_retries + 1
    assert set(decided) == {row.key for row in scan.rows().values()}


@modest
@given(cases(clean=False), st.integers(1, 40), st.sampled_from([5.0, 40.0, 700.0]))
def test_bounds_on_parallelism_and_rate_are_kept(case: Case, parallel: int, rate: float) -> None:
    timing = TEMPLATES[4].with_bounds(max_parallelism=parallel, max_rate=rate)
    scan = case.scan(timing=timing, which=f"1-{min(case.behaviour.last, 40)}").run()
    assert 0 < scan.most_in_flight <= parallel
    burst = max(1.0, rate * 0.02)
    assert scan.network.most_within(1.0) <= rate + burst + 1e-6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("loss", [0.01, 0.1])
def test_no_open_port_is_lost_on_a_lossy_path(loss: float, seed: int) -> None:
    """1,000 open ports, each missed with 1e-6 or less: none is."""
    toml = (
        f'seed = {seed}\n[[host]]\naddress = "10.0.0.1"\ndelay = 0.02\nloss = {loss}\n'
        '[host.tcp]\nopen = "1-1000"\ndefault = "filtered"\n'
    )
    scan = SimulatedScan(toml, which="1-1200", timing=TEMPLATES[3], seed=seed).run()
    scan.assert_settled()
    missed = [cell for cell, row in scan.rows().items() if cell[2] <= 1000 and row.state != 1]
    assert not missed


def test_a_host_that_rations_its_answers_is_not_called_filtered() -> None:
    toml = (
        '[[host]]\naddress = "10.0.0.1"\ndelay = 0.02\nrst_rate = 100\n'
        '[host.tcp]\nopen = "50,80"\nfiltered = "7"\n'
    )
    scan = SimulatedScan(toml, which="1-1000", timing=TEMPLATES[4]).run()
    scan.assert_settled()
    silent = [cell[2] for cell, row in scan.rows().items() if row.reason is Reason.NO_RESPONSE]
    assert silent == [7]


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.integers(1, 300), st.integers(1, 4), st.integers(1, 9), st.integers(0, 99))
def test_shards_are_disjoint_and_complete(last: int, hosts: int, count: int, seed: int) -> None:
    toml = '[[host]]\naddress = "10.0.0.0/24"\n'
    probed: Counter[Cell] = Counter()
    for index in range(1, count + 1):
        shard = Shard(index, count)
        scan = SimulatedScan(toml, f"10.0.0.1-{hosts}", f"1-{last}", seed=seed, shard=shard).run()
        scan.assert_settled()
        probed += scan.network.copies()
    assert set(probed.values()) == {1} and len(probed) == hosts * last


def test_the_same_seed_is_the_same_order() -> None:
    toml = '[[host]]\naddress = "10.0.0.1"\nloss = 0.1\ndelay = 0.01\n'
    logs = [SimulatedScan(toml, which="1-200", seed=seed).run().network.log for seed in (1, 1, 2)]
    assert logs[0] == logs[1]
    assert [cell for _, cell, *_ in logs[0]] != [cell for _, cell, *_ in logs[2]]
    assert {cell for _, cell, *_ in logs[0]} == {cell for _, cell, *_ in logs[2]}


def test_popular_ports_are_probed_first() -> None:
    toml = '[[host]]\naddress = "10.0.0.1"\n'
    log = SimulatedScan(toml, which="1-2000").run().network.log
    first = {cell[2] for _, cell, *_ in log[:128]}
    assert {22, 80, 443} <= first

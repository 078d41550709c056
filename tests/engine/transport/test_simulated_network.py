"""The simulated network: answers, delays, loss, queues and rations, on its own clock."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.addressing import AddressBook
from engine.core.batch import PROBE, REPLY
from engine.core.verdict import classify
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import ScanType
from engine.transport.scenario import ICMP_REASONS, load_scenario
from engine.transport.simulated import SimulatedTransport
from tests.engine.core.simulated_scan import targets

SILENT_WHEN_OPEN = (
    ScanType.MAIMON, ScanType.NULL, ScanType.FIN, ScanType.XMAS, ScanType.SCTP_ECHO,
)  # fmt: skip


def network(toml: str, where: str = "10.0.0.1", realtime: bool = False) -> SimulatedTransport:
    return SimulatedTransport(AddressBook(targets(where)), load_scenario(toml), realtime=realtime)


def probes(scan_type: ScanType, count: int, host: int = 0, first: int = 1) -> NDArray[np.void]:
    batch = np.zeros(count, PROBE)
    batch["host"], batch["port"] = host, np.arange(first, first + count)
    batch["protocol"], batch["technique"] = scan_type.protocol, scan_type
    return batch


def collect(transport: SimulatedTransport, until: float = 10.0) -> NDArray[np.void]:
    """All answers until a time."""
    found = [np.empty(0, REPLY)]
    while transport.now() < until:
        found.append(transport.receive(until).records)
    return np.concatenate(found)


def host(*lines: str) -> str:
    return "\n".join(("[[host]]", 'address = "10.0.0.1"', *lines))


def test_the_clock_jumps_from_answer_to_answer() -> None:
    transport = network(host("delay = 0.25"))
    transport.send(probes(ScanType.SYN, 3))
    assert len(transport.receive(0.1)) == 0 and transport.now() == 0.1
    assert len(transport.receive(9.0)) == 3 and transport.now() == 0.25
    assert len(transport.receive(9.0)) == 0 and transport.now() == 9.0
    transport.receive(float("inf"))
    assert transport.now() == 9.0


def test_jitter_spreads_answers_and_orders_them_by_time() -> None:
    transport = network(host("delay = 0.1", "jitter = 0.2"))
    transport.send(probes(ScanType.SYN, 200))
    times = collect(transport)["time"]
    assert len(times) == 200 and (np.diff(times) >= 0).all()
    assert times.min() >= 0.1 and times.max() <= 0.3 and np.ptp(times) > 0.1


@pytest.mark.parametrize("scan_type", list(ScanType))
@pytest.mark.parametrize("behaviour", ["open", "closed", "filtered", *ICMP_REASONS])
def test_each_behaviour_is_judged_as_what_it_is(scan_type: ScanType, behaviour: str) -> None:
    protocol = scan_type.protocol.label
    transport = network(host(f"[host.{protocol}]", f'default = "{behaviour}"'))
    transport.send(probes(scan_type, 1))
    records = collect(transport)
    verdicts = classify(records)
    idle = scan_type is ScanType.IDLE
    if (behaviour == "filtered" and not idle) or (
        behaviour == "open" and scan_type in SILENT_WHEN_OPEN
    ):
        assert not len(records)
        return
    if scan_type is ScanType.CONNECT and behaviour == "time-exceeded":
        assert verdicts.state[0] == 0  # a soft error: connect() goes on waiting
        return
    state, reason = PortState(verdicts.state[0]), Reason(verdicts.reason[0]).label
    if idle:
        assert state is (PortState.OPEN if behaviour == "open" else PortState.CLOSED_FILTERED)
        return
    refused = behaviour == "port-unreach" and scan_type in (ScanType.CONNECT, ScanType.UDP)
    if scan_type is ScanType.ACK and behaviour in ("open", "closed"):
        assert state is PortState.UNFILTERED
    elif behaviour == "open" or (behaviour == "port-unreach" and scan_type is ScanType.PROTOCOL):
        assert state is PortState.OPEN
    elif behaviour == "closed" or refused:
        assert state is PortState.CLOSED
    else:
        assert state is PortState.FILTERED
        assert reason == behaviour or scan_type is ScanType.CONNECT


def test_strangers_and_later_entries() -> None:
    toml = host('[host.tcp]\ndefault = "open"') + "\n" + host('[host.tcp]\ndefault = "closed"')
    transport = network(toml, "10.0.0.1-2")
    transport.send(np.concatenate([probes(ScanType.SYN, 5), probes(ScanType.SYN, 5, host=1)]))
    records = collect(transport)
    assert set(records["host"].tolist()) == {0} and len(records) == 5
    assert set(classify(records).state.tolist()) == {PortState.CLOSED}


def test_a_network_may_be_far_larger_than_the_scan() -> None:
    transport = network('[[host]]\naddress = "10.0.0.0/8 fd00::/64"', "10.1.2.3 fd00::7 192.0.2.1")
    for number in range(3):
        transport.send(probes(ScanType.SYN, 1, host=number))
    assert sorted(collect(transport)["host"].tolist()) == [0, 2]


def test_loss_takes_its_share_each_way() -> None:
    transport = network(host("loss = 0.2"))
    transport.send(probes(ScanType.SYN, 20_000))
    assert len(collect(transport)) == pytest.approx(20_000 * 0.8 * 0.8, rel=0.03)


def test_bursts_take_the_same_share_in_bad_times() -> None:
    """Everything sent at one moment fares alike, and over a long time as many are lost."""
    transport = network("seed = 3\n" + host("loss = 0.2", "burst = 0.05"))
    heard = []
    for step in range(4_000):
        transport.receive(step * 0.01)
        transport.send(probes(ScanType.SYN, 4))
        heard.append(len(transport.receive(transport.now())))
    assert set(heard) == {0, 4}
    assert sum(heard) == pytest.approx(16_000 * 0.8, rel=0.05)
    runs = sum(before != after for before, after in pairwise(heard))
    assert runs < 2 * 40 * 0.2 / 0.05  # a bad time begins every 0.25 s, not at every step


def answers_to_probes_at(transport: SimulatedTransport, times: list[float]) -> list[float]:
    """When the answers came to one probe each, sent at these times."""
    found = []
    for at in times:
        found.append(collect(transport, at))
        transport.send(probes(ScanType.SYN, 1))
    found.append(collect(transport))
    return [float(time) for time in np.concatenate(found)["time"]]


def test_a_pause_loses_what_is_sent_and_what_would_arrive_in_it() -> None:
    transport = network(host("delay = 0.2", 'pause = "1-2"'))
    assert answers_to_probes_at(transport, [0.7, 0.9, 1.5, 2.0]) == pytest.approx([0.9, 2.2])


def test_a_link_that_holds_gives_everything_at_its_end() -> None:
    transport = network(host("delay = 0.2", 'hold = "1-2"'))
    times = answers_to_probes_at(transport, [0.7, 0.9, 1.5, 2.0])
    assert times == pytest.approx([0.9, 2.0, 2.2, 2.2])


def test_a_dead_host_answers_nothing_that_arrives_then() -> None:
    transport = network(host("delay = 0.2", 'down = "1-2"'))
    assert answers_to_probes_at(transport, [0.85, 0.95, 1.5, 1.95]) == pytest.approx([1.05, 2.15])


def test_a_full_queue_loses_the_rest_and_delays_the_others() -> None:
    transport = network(host("queue = 10", "rate = 100"))
    transport.send(probes(ScanType.SYN, 100))
    times = collect(transport)["time"]
    assert len(times) == 11
    assert np.allclose(np.diff(times), 0.01)


@pytest.mark.parametrize(
    ("limit", "scan_type", "behaviour", "limited"),
    [
        ("rst_rate", ScanType.SYN, "closed", True),
        ("rst_rate", ScanType.SYN, "open", False),
        ("icmp_rate", ScanType.UDP, "closed", True),
        ("icmp_rate", ScanType.UDP, "open", False),
        ("icmp_rate", ScanType.SYN, "closed", False),
    ],
)
def test_rations(limit: str, scan_type: ScanType, behaviour: str, limited: bool) -> None:
    protocol = scan_type.protocol.label
    transport = network(host(f"{limit} = 10", f"[host.{protocol}]", f'default = "{behaviour}"'))
    transport.send(probes(scan_type, 100))
    assert len(collect(transport, 0.5)) == (10 if limited else 100)
    transport.send(probes(scan_type, 100))
    assert len(collect(transport, 1.0)) == (5 if limited else 100)


def test_the_same_seed_is_the_same_run() -> None:
    toml = "seed = 5\n" + host("loss = 0.3", "jitter = 0.1")
    runs = []
    for _ in range(2):
        transport = network(toml)
        transport.send(probes(ScanType.SYN, 500))
        runs.append(collect(transport).tobytes())
    assert runs[0] == runs[1] and runs[0]


def test_hosts_added_to_the_book_are_found() -> None:
    book = AddressBook(targets("10.0.0.9"))
    transport = SimulatedTransport(book, load_scenario(host()))
    transport.send(probes(ScanType.SYN, 1))
    book.extend(targets("10.0.0.1"))
    transport.send(probes(ScanType.SYN, 1, host=1))
    assert collect(transport)["host"].tolist() == [1]


def test_wake_ends_a_wait_in_real_time() -> None:
    transport = network(host(), realtime=True)
    waiter = threading.Thread(target=transport.receive, args=(time.monotonic() + 60.0,))
    waiter.start()
    transport.wake()
    waiter.join(5.0)
    assert not waiter.is_alive()


def test_close_forgets_what_is_under_way() -> None:
    transport = network(host("delay = 1"))
    transport.send(probes(ScanType.SYN, 3))
    transport.close()
    transport.close()
    assert not len(collect(transport))

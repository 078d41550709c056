"""The slow link loses, delays and queues what it says, measured with plain sockets."""

from __future__ import annotations

import socket
import time
from functools import partial

import pytest

from tests.lab import namespace
from tests.lab.hosts import HostPlan
from tests.lab.network import Lab, LabHost, last_counts
from tests.lab.services import SO_RCVBUFFORCE
from tests.lab.slow_link import Direction, LinkQuality

ECHO = HostPlan("echo", udp_services={7: "echo"})


def exchange(lab: Lab, host: LabHost, count: int, gap: float = 0.0) -> list[float]:
    """Send datagrams to the host's echo service; the round-trip times of those that came back."""
    client = namespace.inside(lab.scanner, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    trips: list[float] = []
    with client:
        client.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        client.connect((host.ipv4, 7))
        sent_at = []
        for number in range(count):
            sent_at.append(time.monotonic())
            client.send(number.to_bytes(4, "big"))
            if gap:
                time.sleep(gap)
        client.settimeout(1.0)
        try:
            while len(trips) < count:
                number = int.from_bytes(client.recv(16), "big")
                trips.append(time.monotonic() - sent_at[number])
        except TimeoutError:
            pass
    return trips


@pytest.mark.root
def test_delay_holds_every_packet_back() -> None:
    with Lab() as lab:
        host = lab.add(ECHO, LinkQuality(delay=0.01))
        trips = exchange(lab, host, 20)
    assert len(trips) == 20
    assert min(trips) >= 0.02


@pytest.mark.root
def test_loss_strikes_each_way_on_its_own() -> None:
    with Lab() as lab:
        host = lab.add(ECHO, LinkQuality(loss=0.05, seed=3))
        trips = exchange(lab, host, 4000, gap=0.0001)
        counts = last_counts(lab.relays[-1])
    # Binomial, five sigma: 200 +- 69 of 4,000 lost outward; about 190 of 3,800 on the way back.
    assert 131 <= counts["outward"]["lost"] <= 269
    assert 121 <= counts["inward"]["lost"] <= 259
    assert counts["outward"]["lost"] != counts["inward"]["lost"]
    assert len(trips) == pytest.approx(4000 * 0.95 * 0.95, abs=110)


@pytest.mark.root
def test_a_clean_link_carries_a_burst_whole_in_both_families() -> None:
    with Lab() as lab:
        host = lab.add(HostPlan("clean", tcp_open=(80,), udp_services={7: "echo"}), LinkQuality())
        trips = exchange(lab, host, 2000)
        for address in (host.ipv4, host.ipv6):
            connect = partial(socket.create_connection, (address, 80), 5)
            namespace.inside(lab.scanner, connect).close()
    assert len(trips) == 2000


def test_a_rate_spaces_packets_and_a_full_queue_drops_them() -> None:
    way = Direction(LinkQuality(delay=0.5, rate=1000.0, queue=3), seed=1)
    arrived: list[bytes] = []
    for number in range(10):
        way.take(0.0, bytes([number]) * 100)
    assert way.due == pytest.approx(0.6)
    way.deliver(0.69, arrived.append)
    assert len(arrived) == 1
    way.deliver(10.0, arrived.append)
    assert [packet[0] for packet in arrived] == [0, 1, 2]
    assert way.counts == {"carried": 3, "lost": 0, "overflowed": 7, "late": 9.3}
    way.take(1.0, b"later")
    assert way.due == pytest.approx(1.505)


def test_a_rate_of_packets_does_not_ask_for_their_size() -> None:
    way = Direction(LinkQuality(delay=0.02, packets=2000.0, queue=100), seed=1)
    for size in range(150):
        way.take(0.0, bytes(size))
    assert way.counts["overflowed"] == 50
    assert way.due == pytest.approx(0.0205)
    arrived: list[bytes] = []
    way.deliver(0.0451, arrived.append)
    assert len(arrived) == 50


def test_a_seed_fixes_what_is_lost() -> None:
    def survivors(seed: int) -> list[bytes]:
        way = Direction(LinkQuality(loss=0.5), seed)
        arrived: list[bytes] = []
        for number in range(64):
            way.take(0.0, bytes([number]))
        way.deliver(0.0, arrived.append)
        return arrived

    assert survivors(1) == survivors(1) != survivors(2)
    assert 0 < len(survivors(1)) < 64

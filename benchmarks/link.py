"""How many packets a second the lab's slow link carries: what no scan over it can exceed."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass

from tests.lab import namespace
from tests.lab.hosts import HostPlan
from tests.lab.network import Lab
from tests.lab.slow_link import DEVICE_QUEUE, LinkQuality

DISCARD = 9
PAYLOAD = bytes(16)
"""With its headers as long as a SYN with one option."""
PATIENCE = 5.0


@dataclass(frozen=True)
class LinkLimit:
    """One burst in one direction.

    Attributes:
        sent: packets handed to the link at once: as many as its device may hold.
        carried: how many arrived.
        rate: at how many a second.
    """

    sent: int
    carried: int
    rate: float


def measure_link() -> LinkLimit:
    """Send one burst to a host that swallows it. Raises LabError."""
    with Lab() as lab:
        plan = HostPlan("sink", udp_services={DISCARD: "silent"})
        host = lab.add(plan, LinkQuality(delay=0.001))
        before = _arrived(host.namespace)
        with namespace.inside(lab.scanner, _datagrams) as client:
            client.connect((host.ipv4, DISCARD))
            begun = time.perf_counter()
            for _ in range(DEVICE_QUEUE):
                client.send(PAYLOAD)
        carried, seconds = 0, 0.0
        while carried < DEVICE_QUEUE and time.perf_counter() - begun < PATIENCE:
            arrived = _arrived(host.namespace) - before
            if arrived > carried:
                carried, seconds = arrived, time.perf_counter() - begun
    return LinkLimit(DEVICE_QUEUE, carried, carried / seconds if seconds else 0.0)


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _arrived(where: str) -> int:
    """Packets the host's device has received."""
    (device,) = json.loads(namespace.command("ip", "-n", where, "-s", "-j", "link", "show", "up0"))
    return int(device["stats64"]["rx"]["packets"])

"""The lab's liars: nmap believes their SYN/ACKs; a real client finds out what is there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.lab import namespace
from tests.lab.diff import difference
from tests.lab.edge import add_edge
from tests.lab.liars import SYN_PROXY, TARPIT, LiarPlan, add_syn_proxy
from tests.lab.network import Lab
from tests.lab.nmap_oracle import nmap_sweep

pytestmark = pytest.mark.root

LIARS = (TARPIT, SYN_PROXY)
PATIENCE = 2.0
"""Seconds: the server behind the proxy has to repeat its SYN/ACK after one."""


@pytest.fixture(scope="module")
def liars() -> Iterator[Lab]:
    with Lab() as lab:
        wait = add_edge(lab)
        add_syn_proxy(lab)
        wait()
        yield lab


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("scan", ("-sS", "-sT"))
@pytest.mark.parametrize("plan", LIARS, ids=lambda plan: plan.name)
def test_nmap_believes_liars(liars: Lab, plan: LiarPlan, scan: str, family: int) -> None:
    address = liars.hosts[plan.name].address(family)
    ports = plan.ports(scan)
    seen = nmap_sweep(liars, scan, ",".join(map(str, ports)), (address,))[address]
    expected = {("tcp", port): plan.truth(scan, port, family) for port in ports}
    assert seen == expected, difference("expected", expected, "nmap", seen)


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("plan", LIARS, ids=lambda plan: plan.name)
def test_the_truth_about_liars(liars: Lab, plan: LiarPlan, family: int) -> None:
    """The lab's servers close what they accepted; the tarpit holds it for ever, and the proxy
    resets it where nothing listens."""
    ask = partial(talk, liars, liars.hosts[plan.name].address(family))
    ports = plan.ports("-sS")
    with ThreadPoolExecutor() as pool:
        found = dict(zip(ports, pool.map(ask, ports), strict=True))
    lies = "held" if plan is TARPIT else "reset"
    assert found == {
        port: "closed by the server" if port in plan.tcp_open else lies for port in found
    }


def talk(lab: Lab, address: str, port: int) -> str:
    """What becomes of a connection on which a client only listens."""

    def client() -> bytes:
        with socket.create_connection((address, port), 2) as connection:
            connection.settimeout(PATIENCE)
            return connection.recv(1)

    try:
        return "data" if namespace.inside(lab.scanner, client) else "closed by the server"
    except TimeoutError:
        return "held"
    except ConnectionError:
        return "reset"

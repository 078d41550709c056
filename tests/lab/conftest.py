"""The labs are built once per test process, at first use, and gone when the process is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.discovery import PingView, nmap_finder, ping_view_of, pyscan_finder
from tests.lab.network import Lab
from tests.lab.nmap_oracle import nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import Grounds, View, grounds, view_of


@pytest.fixture(scope="session")
def both_labs() -> Iterator[Grounds]:
    with grounds() as built:
        yield built


@pytest.fixture(scope="session")
def lab(both_labs: Grounds) -> Lab:
    return both_labs.lab


@pytest.fixture(scope="session")
def nmap(both_labs: Grounds) -> View:
    return view_of(both_labs, nmap_sweep)


@pytest.fixture(scope="session")
def pyscan(both_labs: Grounds) -> View:
    return view_of(both_labs, pyscan_sweep)


@pytest.fixture(scope="session")
def nmap_pings(both_labs: Grounds) -> PingView:
    return ping_view_of(both_labs, nmap_finder)


@pytest.fixture(scope="session")
def pyscan_pings(both_labs: Grounds) -> PingView:
    return ping_view_of(both_labs, pyscan_finder)

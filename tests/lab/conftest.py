"""The labs are built once per test process, at first use, and gone when the process is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.discovery import PingView, nmap_finder, ping_view_of, pyscan_finder
from tests.lab.network import Lab
from tests.lab.nmap_oracle import nmap_sweep
from tests.lab.pyscan_run import pyscan_sweep
from tests.lab.sweep import Grounds, View, grounds, view_of


@pytest.fixture(scope="session")
def both_labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    with grounds(shared_folder(tmp_path_factory)) as built:
        yield built


def shared_folder(factory: pytest.TempPathFactory) -> Path | None:
    """A folder of all workers of pytest-xdist; None without it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return None
    folder = factory.getbasetemp().parent / "lab"
    folder.mkdir(exist_ok=True)
    return folder


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

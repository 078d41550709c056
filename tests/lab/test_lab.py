"""The lab itself: Debian's nmap sees the states the hosts were built to have, and nothing stays."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.lab import namespace
from tests.lab.diff import difference
from tests.lab.hosts import HostPlan
from tests.lab.network import Lab, pipe
from tests.lab.sweep import ALL_PLANS, FAMILIES, SCANS, View, truth

pytestmark = pytest.mark.root

KILLED_MAKER = """
import os, signal
from tests.lab.hosts import HostPlan
from tests.lab.network import Lab
with Lab() as lab:
    host = lab.add(HostPlan("short", tcp_open=(22,)))
    print(lab.scanner, host.namespace, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("name", [plan.name for plan in ALL_PLANS])
def test_nmap_sees_what_was_built(nmap: View, name: str, scan: str, family: int) -> None:
    plan = next(plan for plan in ALL_PLANS if plan.name == name)
    built, seen = truth(plan, scan, family), nmap(name, scan, family)
    assert seen == built, difference("built", built, "nmap", seen)


def test_a_lab_takes_everything_with_it() -> None:
    with Lab() as lab:
        host = lab.add(HostPlan("brief", tcp_open=(22,)))
        names = {lab.scanner, host.namespace}
        assert names <= {path.name for path in namespace.FOLDER.iterdir()}
        assert namespace.processes(host.namespace)
    assert not names & {path.name for path in namespace.FOLDER.iterdir()}


def test_what_a_killed_lab_left_is_removed_by_the_next_one() -> None:
    maker = subprocess.Popen(
        (sys.executable, "-c", KILLED_MAKER), stdout=subprocess.PIPE, text=True
    )
    names = set(pipe(maker.stdout).readline().split())
    maker.communicate(timeout=30)
    assert len(names) == 2
    with Lab():
        pass
    assert not names & {path.name for path in namespace.FOLDER.iterdir()}


def test_a_living_process_keeps_its_namespaces() -> None:
    with Lab() as lab:
        namespace.delete_stale()
        assert (namespace.FOLDER / lab.scanner).exists()

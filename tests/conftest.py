"""Rules for every test: root tests say so when root is missing, no user's files are touched, and
nothing that runs as root can reach a network."""

from __future__ import annotations

import gc
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

from tests.isolation import leave_the_network


def pytest_configure() -> None:
    # How long an example takes says how busy the machine is; benchmarks measure speed.
    settings.register_profile("pyscan", deadline=None)
    settings.load_profile("pyscan")
    if os.geteuid() != 0:
        return
    try:
        leave_the_network()
    except (OSError, subprocess.SubprocessError) as error:
        pytest.exit(f"root may not make network namespaces here ({error}): run the tests as a user")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() == 0:
        return
    reason = "needs root (network namespaces and raw sockets): run the tests with sudo"
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Look for garbage among what tests leave, not among modules and tests, and not for each 700
    objects: that takes a third of the processor time of tests of screens."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_unconfigure() -> None:
    """What is left ends with the process: pytest would look through all of it five times, and a
    worker that takes 5 s for that is interrupted."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SUDO_USER", raising=False)

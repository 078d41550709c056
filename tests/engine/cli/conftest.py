"""The real program, run against real listeners on the loopback interface."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-m", "engine.cli"]

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def pyscan(tmp_path: Path) -> Run:
    """Run the program to its end in an empty folder."""

    def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words], capture_output=True, text=True, timeout=60, check=False,
            cwd=tmp_path, env=_environment(), **options,
        )  # fmt: skip

    return run


@pytest.fixture
def start_pyscan(tmp_path: Path) -> Iterator[Start]:
    """Start the program and leave it running; it is killed with the test."""
    with ExitStack() as processes:

        def start(*words: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                cwd=tmp_path, env=_environment(),
            )  # fmt: skip
            processes.enter_context(process)
            processes.callback(process.kill)
            return process

        yield start


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def listener() -> Iterator[int]:
    """A TCP port on 127.0.0.1 that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A TCP port on 127.0.0.1 that is taken but does not listen."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]

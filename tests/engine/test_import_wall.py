"""The engine loads no screen, and nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCREENS = {"textual", "rich", "tui", "themes"}


def loaded(code: str) -> set[str]:
    """Modules a fresh interpreter has after running ``code``."""
    program = f"{code}\nimport sys\nprint('\\nloaded', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.rpartition("loaded")[2].split())


def test_the_door_loads_no_screen_and_no_scapy() -> None:
    assert not loaded("import engine.session") & (SCREENS | {"scapy"})


def test_a_whole_simulated_scan_loads_neither() -> None:
    code = (
        "from engine.session import ScanSession, simulation\n"
        "from engine.spec.scan import ScanSpec\n"
        "from engine.spec.scan_type import Protocol, ScanType\n"
        "from engine.spec.ports import parse_ports\n"
        "from engine.spec.targets import parse_targets, resolve_targets\n"
        "where = resolve_targets(parse_targets('10.0.0.1')).targets\n"
        "spec = ScanSpec(where, parse_ports('80', (Protocol.TCP,)), (ScanType.SYN,))\n"
        "toml = '[[host]]\\naddress = \"10.0.0.1\"'\n"
        "session = ScanSession(spec, make_transport=simulation(toml), linger=False)\n"
        "session.start()\n"
        "assert session.join(20)\n"
        "session.close()\n"
    )
    assert not loaded(code) & (SCREENS | {"scapy"})


def test_a_plain_scan_loads_nothing_that_costs_more_than_it() -> None:
    """numpy.unique loads numpy.ma, random loads hashlib: each takes longer than a short scan."""
    code = (
        "import sys\n"
        "sys.argv = ['pyscan', '-n', '-Pn', '-sT', '-p', '9', '127.0.0.1']\n"
        "from engine.cli import main\n"
        "assert main() == 0\n"
    )
    assert not loaded(code) & {
        "numpy.ma",
        "scapy",
        "dns",
        "engine.formats.records",
        "hashlib",
        "difflib",
    }


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_command_line_answers_without_loading_the_engine(option: str) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['pyscan', '{option}']\n"
        "from engine.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
    )
    modules = loaded(code)
    assert "engine" in modules
    assert not modules & (SCREENS | {"scapy", "numpy"})


def test_the_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "engine.cli", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("PyScan ")
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "engine" in imported
    assert not imported & (SCREENS | {"scapy", "numpy"})

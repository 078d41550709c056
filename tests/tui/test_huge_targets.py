"""10.0.0.0/8 x 10 ports under a limit on memory: on the screen, and without one.

The network is simulated. A process whose memory went with the number of addresses, or of cells,
would die of a MemoryError: 168 million cells take 2 GB, and as much again for pictures of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_LIMIT = 1_200_000_000
"""Bytes of address space, libraries included (RLIMIT_AS, setrlimit(2))."""

_PREPARE = """
import asyncio, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
from pathlib import Path
from engine.session import ScanSession, simulation
from engine.spec.scan_type import ScanType
from tui.__main__ import parser
from tui.door import EngineDoor
from tui.plan import Plan

NETWORK = '[[host]]\\naddress="10.0-255.7.9"\\ndelay=0.02\\n[host.tcp]\\nopen="80"'
WORDS = sys.argv[2:]
PORTS = "21-25,53,80,110,143,443"

class Door(EngineDoor):
    def open_session(self, spec, problems, verbosity):
        network = simulation(NETWORK)
        return ScanSession(spec, make_transport=network, target_problems=problems)
    def can_send_raw(self):
        return True
    def default_scan_types(self):
        return (ScanType.SYN,)

def enough(snapshot):
    assert not snapshot.failure, snapshot.failure
    return snapshot.progress.sent > 600_000 and snapshot.progress.decided > 0

def told(snapshot):
    print(snapshot.phase, len(snapshot.view.hosts), snapshot.view.released_hosts)

plan = Plan(parser().read((*WORDS, "-n", "-p", PORTS, "--min-rate", "200000", "10.0.0.0/8")))
"""

_SCREEN = """
from tui.app import PyScanApp
from tui.recent import RecentTargets

async def main():
    app = PyScanApp(plan, door=Door(), recent=RecentTargets(Path(sys.argv[1]) / "recent.txt"))
    async with app.run_test(size=(120, 40)):
        while app.main.session is None:
            await asyncio.sleep(0.05)
        session = app.main.session
        while not enough(session.snapshot()):
            assert session.alive
            await asyncio.sleep(0.1)
        told(session.snapshot())
        session.cancel()

asyncio.run(main())
"""

_HEADLESS = """
from engine.session import export

built = plan.build()
session = Door().open_session(built.spec, built.target_problems, 0)
session.start()
while not enough(session.snapshot()):
    assert session.alive
    time.sleep(0.1)
told(session.snapshot())
session.cancel()
export(session.report(), "json", Path(sys.argv[1]) / "report.json")
session.close()
"""


@pytest.mark.parametrize("how", [_SCREEN, _HEADLESS], ids=["screen", "headless"])
@pytest.mark.parametrize("asked", [("-Pn",), ()], ids=["unasked", "pinged"])
def test_a_class_a_network_fits_in_little_memory(
    how: str, asked: tuple[str, ...], tmp_path: Path
) -> None:
    program = (_PREPARE + how).replace("BYTES", str(_LIMIT))
    done = subprocess.run(
        (sys.executable, "-c", program, str(tmp_path), *asked),
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    phase, rows, _ = done.stdout.split()
    assert phase == "running" and int(rows) < 200_000

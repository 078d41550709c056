"""The program is made to end: its results are kept, and named at the next start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.spec.port_state import PortState
from tui.interrupted import MAX_REPORTS, InterruptedResults

ROOT = Path(__file__).parents[2]


async def test_results_are_kept_and_named_once(
    make_app: Any, door: Any, until: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "state" / "interrupted"
    app = make_app("10.0.0.1", "-p", "1-1000", interrupted=InterruptedResults(folder))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.main.snapshot is not None)
    (line,) = app.keep_results()
    (path,) = folder.glob("*.json")
    assert line == f"the results so far are in {path}"
    assert path.stat().st_mode & 0o077 == 0 and folder.stat().st_mode & 0o077 == 0
    ports = [one["port"] for host in json.loads(path.read_text())["hosts"] for one in host["ports"]]
    assert {22, 80, 443} <= set(ports)

    again = make_app(interrupted=InterruptedResults(folder))
    async with again.run_test(notifications=True) as pilot:
        await pilot.pause()
        assert str(path) in again.cut_short
        assert again.cut_short in [str(one.message) for one in again._notifications]
        await until(pilot, lambda: again.screen is not again.main)
        assert str(path.name) in str(again.screen.query_one("#remark").visual)
    assert make_app(interrupted=InterruptedResults(folder)).cut_short == ""
    assert path.exists()


def test_only_the_last_results_stay(door: Any, tmp_path: Path) -> None:
    from tests.tui.conftest import plan

    built = plan("10.0.0.1", "-p", "22,80").build(door.look_up)
    session = door.open_session(built.spec, (), 1)
    session.decide(PortState.OPEN, 22)
    kept = InterruptedResults(tmp_path)
    assert len(kept.keep([session.report()] * (MAX_REPORTS + 3), door)) == MAX_REPORTS
    assert len(kept.keep([session.report()], door)) == 1
    assert [one.name for one in tmp_path.glob("*.json")] == ["scan-1.json"]
    assert kept.keep([], door) == []
    assert "scan-1.json" in kept.line()
    assert kept.line() == ""


def test_a_folder_that_cannot_be_written_is_a_line(
    make_app: Any, door: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    app = make_app(interrupted=InterruptedResults(tmp_path / "file" / "in it"))
    assert app.cut_short == "" and app.keep_results() == []
    app.main.session = door.open_session(app.plan.with_targets("::1").build(None).spec, (), 1)
    (line,) = app.keep_results()
    assert line.startswith("the results could not be kept: ")


_HANGS = """
import sys, time
sys.path.insert(0, {root!r})
from tui import ending
ending.GRACE = 0.2
with ending.minding_signals(lambda code: print("asked", code, flush=True), lambda: print("last")):
    print("ready", flush=True)
    time.sleep(60)
"""


_HANGS_AT_LAST = _HANGS.replace("ending.GRACE = 0.2", "ending.GRACE = ending.LAST_GRACE = 0.2")
_HANGS_AT_LAST = _HANGS_AT_LAST.replace('lambda: print("last")', "lambda: time.sleep(60)")


@pytest.mark.parametrize(("script", "signals"), [(_HANGS_AT_LAST, 1), (_HANGS, 2)])
def test_neither_last_wishes_nor_patience_go_on_for_ever(script: str, signals: int) -> None:
    child = subprocess.Popen(
        (sys.executable, "-u", "-c", script.format(root=str(ROOT))),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for _ in range(signals):
        child.send_signal(signal.SIGTERM)
        if signals == 2:
            assert child.stdout.readline() in ("asked 143\n", "")
    child.communicate(timeout=20)
    assert child.returncode == 143


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_program_that_hangs_ends_all_the_same(name: str) -> None:
    number = getattr(signal, name)
    child = subprocess.Popen(
        (sys.executable, "-u", "-c", _HANGS.format(root=str(ROOT))),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    child.send_signal(number)
    rest, _ = child.communicate(timeout=20)
    assert rest.split("\n")[:2] == [f"asked {128 + number}", "last"]
    assert child.returncode == 128 + number

"""The real program when its terminal is closed under it, and when it is stopped and returns."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.tui.test_real_terminal import Terminal, listeners, restored, terminal

__all__ = ["listeners", "terminal"]


def _await(condition: Callable[[], bool], screen: Terminal | None = None) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, screen.text() if screen else "it never happened"
        time.sleep(0.02)
        if screen is not None:
            screen.read()


def _await_stop(screen: Terminal, program: psutil.Process) -> None:
    _await(lambda: program.status() == psutil.STATUS_STOPPED, screen)


def _shows_open(text: str, ports: list[int]) -> bool:
    lines = [line for line in text.splitlines() if " open" in line]
    return any(str(port) in line for line in lines for port in ports)


def _hang_up(screen: Terminal) -> None:
    """Close the terminal's own end, as its window does."""
    screen.child.ptyproc.fileobj.close()
    screen.child.ptyproc.closed = screen.child.closed = True


def test_closing_the_terminal_ends_the_scan_and_keeps_the_results(
    terminal: Callable[..., Terminal], listeners: list[int]
) -> None:
    ports = ",".join(map(str, listeners)) + ",1-400"
    screen = terminal("127.0.0.1", "-p", ports, "-sT", "--max-rate", "200")
    screen.wait("running")
    screen.wait(lambda text: _shows_open(text, listeners))
    program = screen.program
    _hang_up(screen)
    _await(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE)
    kept = Path(os.environ["HOME"]) / ".local/state/pyscan/interrupted/scan-1.json"
    _await(kept.exists)
    (host,) = json.loads(kept.read_text())["hosts"]
    assert set(listeners) & {one["port"] for one in host["ports"] if one["state"] == "open"}
    assert kept.stat().st_mode & 0o077 == 0

    again = terminal()
    again.wait("What to scan")
    again.wait("interrupted/scan-1.json")
    again.press("\x1b")
    again.wait(lambda text: "What to scan" not in text)
    again.press("q")
    assert again.end() == 0


def test_control_z_stops_it_and_brings_the_terminal_back(
    terminal: Callable[..., Terminal],
) -> None:
    screen = terminal("127.0.0.1", "-p", "20000-22000", "-sT", "--max-rate", "50")
    screen.wait("running")
    program = screen.program
    screen.press("\x1a")
    _await_stop(screen, program)
    assert screen.raw.count(b"\x1b[?1049l") == 1
    program.send_signal(signal.SIGCONT)
    screen.wait("held back meanwhile")
    screen.wait("running")
    assert screen.raw.count(b"\x1b[?1049h") == 2
    screen.press("q")
    screen.wait("Stop it and quit?")
    screen.press("y")
    assert screen.end() == 0
    restored(screen)


def _whole(text: str) -> bool:
    """Whether all of a finished scan's screen is there."""
    return all(part in text for part in ("✓ finished", "Results", "22/tcp", "Progress", "? help"))


def test_all_of_the_screen_comes_back(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("--demo", "-p", "22", "192.0.2.10")
    screen.wait(_whole)
    program = screen.program
    screen.press("\x1a")
    _await_stop(screen, program)
    screen.screen.reset()  # the terminal has a screen for each
    program.send_signal(signal.SIGCONT)
    screen.wait(_whole)
    screen.press("q")
    assert screen.end() == 0


def test_it_goes_on_after_others_stopped_it(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("--demo", "-p", "22", "192.0.2.10")
    screen.wait(_whole)
    program = screen.program
    for times in range(2, 5):
        program.send_signal(signal.SIGSTOP)
        _await_stop(screen, program)
        screen.screen.reset()
        program.send_signal(signal.SIGCONT)
        _await(lambda times=times: screen.raw.count(b"\x1b[?2004h") == times, screen)
        screen.wait(_whole)
    screen.press("t", "\x15", *"192.0.2.25 198.51.100.77")
    screen.wait("192.0.2.25 198.51.100.77")
    screen.press("\x1b")
    screen.wait(lambda text: "What to scan" not in text)
    screen.press("q")
    assert screen.end() == 0
    restored(screen)

"""The real program in a real terminal, against listeners of this test on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pexpect
import psutil
import pyte
import pytest

ROOT = Path(__file__).parents[2]
COLUMNS, LINES = 120, 40


@pytest.fixture
def listeners() -> Iterator[list[int]]:
    """Ports of 127.0.0.1 that accept connections."""
    sockets = []
    for _ in range(3):
        one = socket.socket()
        one.bind(("127.0.0.1", 0))
        one.listen(64)
        sockets.append(one)
    yield sorted(one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()


class Terminal:
    """The program in a pseudo-terminal, and what a person would see there."""

    def __init__(self, words: list[str], folder: Path) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS),
            "LINES": str(LINES),
        }
        self.child = pexpect.spawn(
            "/bin/sh",
            ["-c", '"$0" -m tui "$@"; code=$?; stty -a; exit $code', sys.executable, *words],
            dimensions=(LINES, COLUMNS),
            cwd=str(folder),
            env=environment,
            timeout=5,
        )
        self.child.delaybeforesend = None
        self.raw = b""

    @property
    def program(self) -> psutil.Process:
        (program,) = psutil.Process(self.child.pid).children()
        return program

    def read(self) -> None:
        try:
            data = self.child.read_nonblocking(65_536, timeout=0.05)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.raw += data
        # pyte knows no parameters with a prefix or an intermediate, as in CSI > 25 u.
        self.stream.feed(re.sub(rb"\x1b\[[<>=?][0-9;]*[ -/]?[a-gi-z]", b"", data))

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait(self, seen: str | Callable[[str], bool], seconds: float = 20.0) -> str:
        """Until the screen shows ``seen``; what it showed then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read()
            text = self.text()
            if seen in text if isinstance(seen, str) else seen(text):
                return text
        raise AssertionError(f"{seen!r} was not seen on\n{self.text()}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.child.send(key)
            self.read()

    def pressed_until(self, key: str, done: bool) -> bool:
        """Press ``key`` again unless ``done``: the program may not have got to it yet."""
        if not done:
            self.press(key)
            self.read()
        return done

    def end(self) -> int:
        """Wait for the program's end; its exit code, or minus the signal."""
        end = time.monotonic() + 20
        while time.monotonic() < end and self.child.isalive():
            self.read()
        self.read()
        assert not self.child.isalive(), self.text()
        self.child.close()
        if self.child.signalstatus is not None:
            return -int(self.child.signalstatus)
        return int(self.child.exitstatus or 0)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(list(words), tmp_path))
        return opened[-1]

    yield start
    for one in opened:
        one.child.close(force=True)


def restored(screen: Terminal) -> None:
    """The terminal is as it was: its own screen, a cursor, echo, lines; no traceback."""
    after = screen.raw.split(b"\x1b[?1049l")
    assert len(after) > 1 and b"\x1b[?25h" in screen.raw
    words = after[-1].replace(b";", b" ").split()
    assert b"echo" in words and b"icanon" in words and b"isig" in words
    assert b"Traceback" not in screen.raw


def finished_at(text: str) -> float:
    """Seconds at which a scan has finished, by the newest such line of the log; 0 without one."""
    return max(map(float, re.findall(r"([0-9.]+) s +finished:", text)), default=0.0)


def export_to(screen: Terminal, path: Path, steps: int, offered: str = "pyscan-127") -> None:
    """Through the dialog: ``steps`` formats down, then ``path`` in place of the name that is
    offered, which begins with ``offered``."""
    screen.press("e")
    screen.wait("Export the results")
    for _ in range(steps):
        screen.press("\x1b[B")
    screen.wait(path.suffix)
    screen.press("\t")
    screen.wait(lambda text: screen.pressed_until("\x15", offered not in text))
    screen.press(str(path))
    screen.wait(path.name)
    screen.press("\r")
    screen.wait(lambda text: "Written to" in text and "Export the results" not in text)
    assert path.exists()


def test_a_whole_job_by_keyboard(
    terminal: Callable[..., Terminal], listeners: list[int], tmp_path: Path
) -> None:
    """Start, steer, rescan, export, quit; the files are right and the terminal is as before."""
    around = sorted({*listeners, *range(20_000, 20_400)})
    ports = ",".join(map(str, around))
    screen = terminal("127.0.0.1", "-p", ports, "-sT", "--max-rate", "100")
    screen.wait("running")
    screen.press("P")  # the scan would be over in four seconds
    screen.wait("paused")

    screen.press("4")
    screen.wait("T4 aggressive")
    screen.press("v", "v")
    screen.wait("Log, level 3 of 3")
    screen.press("s")
    screen.wait("Esc keep as it is")
    screen.press("\x1b[B")
    screen.wait("datagram" if os.geteuid() else "first packet of a connection")
    screen.press("\r")
    screen.wait(lambda text: "Esc keep as it is" not in text)
    screen.press("P")
    screen.wait("✓ finished", 60)

    before = finished_at(screen.text())
    screen.press(" ", " ", "r")
    screen.wait("2 ports again")
    screen.wait(lambda text: "✓ finished" in text and finished_at(text) > before)

    export_to(screen, tmp_path / "out.json", 0)
    export_to(screen, tmp_path / "out.xml", 2)
    screen.press("q")
    assert screen.end() == 0

    document = json.loads((tmp_path / "out.json").read_text())
    found = [port for host in document["hosts"] for port in host["ports"]]
    opened = {one["port"] for one in found if one["state"] == "open"}
    assert set(listeners) <= opened
    tree = ElementTree.parse(tmp_path / "out.xml").getroot()
    xml_open = {
        int(port.get("portid", ""))
        for port in tree.iter("port")
        if (state := port.find("state")) is not None and state.get("state") == "open"
    }
    assert xml_open == opened
    restored(screen)


def test_the_demonstration(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("--demo", "-p", "22,80,443,5432")
    screen.wait(" DEMO ")
    screen.wait("no packet")
    screen.wait("postgresql")
    screen.wait("✓ finished")
    screen.press("q")
    assert screen.end() == 0
    restored(screen)


def test_keys_that_come_in_one_piece(terminal: Callable[..., Terminal]) -> None:
    """As over a slow line: each goes to what the one before it opened."""
    screen = terminal("--demo", "-p", "22,443", "192.0.2.0/28")
    screen.wait("✓ finished")
    screen.press("/port:22\r")
    screen.wait(lambda text: "/ port:22" in text and "1 shown of 2" in text)
    screen.press("5p80\r")
    screen.wait(lambda text: "T5 insane" in text and "ports 22,80,443" in text)
    screen.press("/\x15port:80\rq")
    assert screen.end() == 0
    restored(screen)


@pytest.mark.parametrize(
    "numbers",
    [[signal.SIGTERM], [signal.SIGHUP], [signal.SIGTERM, signal.SIGCONT]],
    ids=["SIGTERM", "SIGHUP", "as timeout does"],
)
def test_a_signal_ends_it_tidily(
    terminal: Callable[..., Terminal], numbers: list[signal.Signals]
) -> None:
    screen = terminal("127.0.0.1", "-p", "20000-22000", "-sT", "--max-rate", "50")
    screen.wait("running")
    program = screen.program
    for number in numbers:
        program.send_signal(number)
    assert screen.end() == 128 + numbers[0]
    restored(screen)


def test_ctrl_c_asks_and_then_quits(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("127.0.0.1", "-p", "20000-22000", "-sT", "--max-rate", "50")
    screen.wait("running")
    screen.press("\x03")
    screen.wait("Stop it and quit?")
    screen.press("y")
    assert screen.end() == 0
    restored(screen)


def test_a_mistake_on_the_command_line_leaves_one_line(
    terminal: Callable[..., Terminal],
) -> None:
    screen = terminal("10.0.0.1/33")
    assert screen.end() == 2
    last = screen.raw.split(b"\x1b[?1049l")[-1]
    assert b"pyscan-tui: targets at character" in last and b"Traceback" not in screen.raw

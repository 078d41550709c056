"""A working session from start to end: the real program in a real terminal, on the demonstration's
network, with the screen read after every step."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from tests.tui.test_real_terminal import Terminal, export_to, restored, terminal

__all__ = ["terminal"]

WEB, MAIL, CAMERA = "192.0.2.10", "192.0.2.25", "198.51.100.77"
UP, DOWN, HOME, ESCAPE, ENTER = "\x1b[A", "\x1b[B", "\x1b[H", "\x1b", "\r"


def _row(text: str, *words: str) -> bool:
    """A line of the screen has all these words."""
    return any(all(word in line for word in words) for line in text.splitlines())


def _first_port(text: str) -> int:
    """The port of the first row of the results."""
    found = re.search(r"(\d+)/tcp", text)
    return int(found[1]) if found else 0


def _copied(screen: Terminal) -> list[str]:
    """What was sent to the clipboard (OSC 52)."""
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)", screen.raw)
    return [base64.b64decode(one).decode().strip() for one in found]


def _background(screen: Terminal) -> str:
    """The colour of an empty place among the results."""
    return str(screen.screen.buffer[22][60].bg)


def _look_around(screen: Terminal) -> None:
    """Sort, filter, mark and copy."""
    screen.press(">")
    screen.wait("PORT ▲")
    screen.press(",")
    screen.wait(lambda text: "PORT ▼" in text and _first_port(text) > 400)
    screen.press("<", ",")
    screen.wait("HOST ▲")
    screen.press("/")
    screen.wait("filter, for example")
    screen.press(*"port:22", ENTER)
    screen.wait(lambda text: "2 shown" in text and not _row(text, "80/tcp", "● open"))
    screen.press(HOME)  # where the cursor is depends on which of the two was found first
    screen.wait(lambda text: _row(text, f"▸ {WEB}", "22/tcp"))
    screen.press(" ")
    screen.wait("1 marked")
    screen.press("y")
    screen.wait("Copy 1 row")
    screen.press("a")
    screen.wait(lambda text: _copied(screen) == [f"{WEB}:22"])
    screen.press(ESCAPE)
    screen.wait(lambda text: "not matching" not in text and _row(text, "80/tcp", "● open"))
    screen.press(ESCAPE)
    screen.wait(lambda text: "1 marked" not in text)


def _steer(screen: Terminal) -> None:
    """Change timing and scan type while the scan runs."""
    screen.press("5")
    screen.wait(lambda text: "T5" in text.splitlines()[0])
    screen.press("s")
    screen.wait("Enter choose")
    screen.press(UP)
    screen.wait("Needs no rights")
    screen.press(ENTER)
    screen.wait(lambda text: "-sT" in text.splitlines()[0] and "Enter choose" not in text)
    assert "● running" in screen.text()


def _probe_again(screen: Terminal) -> None:
    """Probe the port under the cursor again when the scan is over."""
    screen.wait("✓ finished")
    screen.press("x")
    screen.wait(f"h host {MAIL}")
    screen.press("m")
    screen.wait("1 port again")
    screen.wait("✓ finished")


def _see_otherwise(screen: Terminal) -> None:
    """Group the results, and open the map of ports."""
    screen.press("G")
    screen.wait(lambda text: _row(text, f"- {WEB}", "3 open"))
    screen.press("G")
    screen.wait(lambda text: _row(text, "- ssh", "2 open"))
    screen.press("G")
    screen.wait("HOST ▲")
    screen.press("H")
    screen.wait("Ports of all hosts")
    screen.press("n")
    screen.wait(f"Ports of {WEB}")
    screen.press(ESCAPE)
    screen.wait(lambda text: f"Ports of {WEB}" not in text)


def _scan_beside(screen: Terminal) -> None:
    """Scan another host in a second tab, and go back to the first."""
    screen.press("N")
    screen.wait("What to scan")
    screen.press(*CAMERA)
    screen.wait("1 address")
    screen.press(ENTER)
    screen.wait(f"▸2 {CAMERA}")
    screen.wait(lambda text: _row(text, "554/tcp", "rtsp"))
    screen.press("(")
    screen.wait(lambda text: "▸1 " in text and _row(text, "443/tcp", "https"))


def _recolour(screen: Terminal) -> None:
    """Choose another theme."""
    before = _background(screen)
    screen.press("m")
    screen.wait("Enter choose")
    screen.press(*[DOWN] * 5)
    screen.wait("Light, for bright rooms")
    screen.press(ENTER)
    screen.wait(lambda text: "Enter choose" not in text and _background(screen) != before)


def test_a_working_session(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    screen = terminal(
        "--demo", "--theme", "pyscan-dark", "-p", "1-560", "--max-rate", "120", WEB, MAIL
    )
    screen.wait(" DEMO ")
    screen.wait(lambda text: _row(text, "22/tcp", "ssh") and _row(text, "443/tcp", "https"))
    _steer(screen)
    _look_around(screen)
    _probe_again(screen)
    _see_otherwise(screen)
    export_to(screen, tmp_path / "out.json", 0, f"pyscan-{WEB}")
    export_to(screen, tmp_path / "out.xml", 2, f"pyscan-{WEB}")
    _scan_beside(screen)
    _recolour(screen)
    screen.wait(f"2 {CAMERA} ✓ finished")
    screen.press("q")
    assert screen.end() == 0
    restored(screen)

    hosts = json.loads((tmp_path / "out.json").read_text())["hosts"]
    in_json = {
        (host["address"], port["port"])
        for host in hosts
        for port in host["ports"]
        if port["state"] == "open"
    }
    in_xml = {
        (host.find("address").get("addr"), int(port.get("portid")))
        for host in ElementTree.parse(tmp_path / "out.xml").iter("host")
        for port in host.iter("port")
        if port.find("state").get("state") == "open"
    }
    assert in_json == in_xml
    assert {port for address, port in in_json if address == WEB} == {22, 80, 443}
    assert {port for address, port in in_json if address == MAIL} == {22, 25, 110, 143, 465}

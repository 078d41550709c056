"""Rights are found out by trying, and the advice never weakens the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.host import privilege
from engine.host.privilege import can_send_raw, how_to_get_raw


@pytest.mark.root
def test_root_can() -> None:
    assert can_send_raw()


def test_without_the_right_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(privilege.socket, "socket", forbidden)
    assert not can_send_raw()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_advice_has_a_command_or_a_place_to_go(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privilege.sys, "platform", platform)
    lines = how_to_get_raw()
    assert all(line.isprintable() for line in lines)
    assert not any("setcap" in line and line.startswith("  ") for line in lines)
    assert any("sudo" in line or "Npcap" in line for line in lines)


@pytest.mark.root
@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_the_setpriv_command_gives_the_right_and_nothing_else(tmp_path: Path) -> None:
    (line,) = [line for line in how_to_get_raw() if "setpriv" in line]
    words = line.strip().removeprefix("sudo ")
    words = words.replace('"$(id -u)"', "65534").replace('"$(id -g)"', "65534")
    words = words.replace('"$(command -v pyscan-tui)"', "cat /proc/self/status")
    done = subprocess.run(
        ["sh", "-c", words],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    status = dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)
    assert status["Uid"].split()[0] == "65534"
    assert int(status["CapEff"], 16) == 1 << 13, "CAP_NET_RAW alone"


WITHOUT_THE_RIGHT = """
import os
from engine.core.addressing import AddressBook
from engine.core.token import ProbeTokens
from engine.host.privilege import can_send_raw
from engine.spec.targets import parse_targets
from engine.transport.packet import PacketChannel
before = len(os.listdir("/proc/self/fd"))
try:
    PacketChannel(AddressBook(parse_targets("127.0.0.1").literals), ProbeTokens())
except PermissionError:
    print(can_send_raw(), len(os.listdir("/proc/self/fd")) - before)
"""


@pytest.mark.root
@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_without_the_right_the_packet_channel_says_so_and_leaves_nothing_open() -> None:
    done = subprocess.run(
        ["setpriv", "--bounding-set=-net_raw", sys.executable, "-c", WITHOUT_THE_RIGHT],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["False", "0"], "")

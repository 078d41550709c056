"""Rows as text for other programs, and what is said about the clipboard."""

from __future__ import annotations

import shlex

import pytest
from msgspec.structs import replace

from engine.results.row import Row
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol, ScanType
from tests.tui.conftest import plan
from tui.clipboard import sent_notice
from tui.row_copy import commands, sockets, table

ROW = Row(
    key=22, host=0, address="10.0.0.1", name="", protocol=Protocol.TCP, port=22,
    state=PortState.OPEN, reason=Reason.SYN_ACK, service="ssh", technique=ScanType.SYN, ttl=64,
    tries=1, rtt=0.0005, time=1.0, stale=False, foreign=False,
)  # fmt: skip
UDP = replace(ROW, protocol=Protocol.UDP, port=53, technique=ScanType.UDP, rtt=None, ttl=0)
SIX = replace(ROW, address="2001:db8::1")
PLAN = plan("10.0.0.0/24", "-p", "1-1000")


def test_a_table() -> None:
    titles, row, silent = table([ROW, UDP], PLAN, "pyscan").split("\n")
    assert titles.split("\t")[:4] == ["address", "name", "port", "protocol"]
    assert row.split("\t") == [
        "10.0.0.1", "", "22", "tcp", "open", "ssh", "syn-ack", "0.500", "64", "syn",
    ]  # fmt: skip
    assert silent.split("\t")[-3:] == ["", "", "udp"]


def test_a_hostile_name_stays_in_its_field() -> None:
    text = table([replace(ROW, name="a\tb\n\x1b]52;c;x\x07")], PLAN, "pyscan")
    assert text.count("\n") == 1 and "\x1b" not in text and "\x07" not in text
    assert len({line.count("\t") for line in text.split("\n")}) == 1


def test_sockets() -> None:
    assert sockets([ROW, SIX], PLAN, "pyscan") == "10.0.0.1:22\n[2001:db8::1]:22"


def test_hosts_of_the_same_ports_share_a_command() -> None:
    rows = [ROW, replace(ROW, port=23), replace(ROW, address="10.0.0.9", port=23),
            replace(ROW, address="10.0.0.9"), SIX]  # fmt: skip
    first, second = commands(rows, PLAN, "pyscan").split("\n")
    assert shlex.split(first) == ["pyscan", "-sS", "-T3", "-p", "22-23", "10.0.0.1", "10.0.0.9"]
    assert shlex.split(second)[-3:] == ["-p", "22", "2001:db8::1"]


def test_a_command_of_two_protocols() -> None:
    (line,) = commands([ROW, UDP], PLAN, "pyscan").split("\n")
    assert shlex.split(line)[1:] == ["-sS", "-sU", "-T3", "-p", "T:22,U:53", "10.0.0.1"]


def test_other_options_stay_but_those_that_choose_hosts_and_ports() -> None:
    asked = plan("-iR", "5", "--within", "10.0.0.0/8", "-F", "--exclude-ports", "22", "--shard",
                 "1/2", "-T4", "--ttl", "9", "--exclude", "10.0.0.7")  # fmt: skip
    (line,) = commands([ROW], asked, "pyscan-tui --demo").split("\n")
    assert line == "pyscan-tui --demo -sS -T4 -p 22 --exclude 10.0.0.7 --ttl 9 10.0.0.1"


def test_the_command_is_understood() -> None:
    line = commands([ROW, UDP, SIX], PLAN, "pyscan").split("\n")[0]
    spec = plan(*shlex.split(line)[1:]).build().spec
    assert spec.scan_types == (ScanType.SYN, ScanType.UDP)
    assert str(spec.ports) == "T:22,U:53" and spec.targets.count == 1


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "terminals do not say whether they took it"),
        ({"TMUX": "/tmp/x"}, "set-clipboard on"),
        ({"STY": "1.x"}, "GNU screen does not pass it on"),
        ({"TERM_PROGRAM": "Apple_Terminal"}, "does not take it"),
        ({"TERM_PROGRAM": "vscode"}, "terminals do not say"),
    ],
)
def test_what_is_said_of_the_clipboard(environ: dict[str, str], said: str) -> None:
    notice = sent_notice("2 rows", environ)
    assert notice.startswith("Sent 2 rows to the terminal's clipboard; ") and said in notice

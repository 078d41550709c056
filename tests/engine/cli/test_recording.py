"""``--pcap`` and ``--packet-trace`` from the outside, and the trace's bounds."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import msgspec
import numpy as np
import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.utils import RawPcapReader

from engine.cli import packet_trace
from engine.cli.packet_trace import PacketTrace
from engine.formats.records import Document

ADDRESSES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


def packets_in(path: Path) -> list[IP | IPv6]:
    with RawPcapReader(str(path)) as reader:
        return [IP(data) if data[0] >> 4 == 4 else IPv6(data) for data, _ in reader]


def timeless(text: str) -> set[str]:
    """The lines of a trace without their times, which are checked to be there."""
    return {re.sub(r" \(\d+\.\d{4}s\) ", " ", line) for line in text.splitlines()}


@pytest.mark.root
@pytest.mark.parametrize("transport", ["packet", "scapy"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_probe_and_answer_is_recorded(
    pyscan, tmp_path: Path, address: str, transport: str
) -> None:
    with socket.create_server((address, 0), family=ADDRESSES[address]) as server:
        opened = server.getsockname()[1]
        done = pyscan(
            address, "-sSU", "-p", f"T:1-4,{opened},U:1-2", "--transport", transport,
            "--pcap", "scan.pcap", "--packet-trace", "-oJ", "scan.json",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = msgspec.json.decode((tmp_path / "scan.json").read_bytes(), type=Document)
    packets = packets_in(tmp_path / "scan.pcap")
    assert len(packets) == document.summary.probes_sent + 7
    text = done.stderr.splitlines()
    assert sum(line.startswith("SENT (") for line in text) == document.summary.probes_sent
    assert sum(line.startswith("RCVD (") for line in text) == 7
    assert len(text) == len(packets)
    probes = [packet for packet in packets if "TCP" in packet and packet["TCP"].flags == "S"]
    assert {probe["TCP"].dport for probe in probes} == {1, 2, 3, 4, opened}
    answers = {packet["TCP"].sport: str(packet["TCP"].flags) for packet in packets[1:]
               if "TCP" in packet and packet["TCP"].flags & 0x10}  # fmt: skip
    assert answers == dict.fromkeys((1, 2, 3, 4), "RA") | {opened: "SA"}
    assert {packet.src for packet in packets} == {address}


@pytest.mark.root
def test_a_cancelled_scan_leaves_a_readable_file(start_pyscan, tmp_path: Path) -> None:
    process = start_pyscan(
        "127.0.0.1", "-sS", "-p", "1-20000", "--max-rate", "200", "--pcap", "cut.pcap",
        "--packet-trace",
    )  # fmt: skip
    seen = [process.stderr.readline() for _ in range(20)]
    process.send_signal(signal.SIGINT)
    lines = seen + process.stderr.readlines()
    assert process.wait(30) == 130
    traced = [line for line in lines if line[:4] in ("SENT", "RCVD")]
    assert len(packets_in(tmp_path / "cut.pcap")) == len(traced) >= 20


def test_connections_are_traced(pyscan, listener: int, closed_port: int) -> None:
    done = pyscan("127.0.0.1", "-sT", "-p", f"{listener},{closed_port}", "--packet-trace")
    assert done.returncode == 0
    assert timeless(done.stderr) == {
        f"CONN TCP > 127.0.0.1:{listener} => asked",
        f"CONN TCP > 127.0.0.1:{listener} => Connected",
        f"CONN TCP > 127.0.0.1:{closed_port} => asked",
        f"CONN TCP > 127.0.0.1:{closed_port} => Connection refused",
    }


def test_datagrams_through_sockets_are_traced(pyscan) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
        taken.bind(("::1", 0))
        port = taken.getsockname()[1]
    done = pyscan("::1", "-sU", "-p", str(port), "--transport", "sockets", "--packet-trace")
    assert timeless(done.stderr) == {
        f"CONN UDP > [::1]:{port} => asked",
        f"CONN UDP > [::1]:{port} => ICMPv6 type=1 code=4",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-sT", "--pcap", "x.pcap"], "'-sT' leaves its packets to the operating system"),
        (["-sU", "--transport", "sockets", "--pcap", "x.pcap"], "'-sU' leaves its packets"),
        (["--pcap", "-"], "'-' is not a file"),
        (["--pcap", "missing/x.pcap"], "'missing/x.pcap' there is no such folder"),
        (["--pcap", "."], "is a directory"),
        (["--pcap", "both", "-oX", "both"], "'both' is given twice"),
    ],
)
def test_what_cannot_be_recorded_is_said_before_the_scan(
    pyscan, tmp_path: Path, words: list[str], said: str
) -> None:
    (tmp_path / "x.pcap").write_text("older")
    done = pyscan("127.0.0.1", "-p", "1", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert (tmp_path / "x.pcap").read_text() == "older"


@pytest.mark.root
def test_a_full_disk_is_said_and_the_scan_goes_on(pyscan) -> None:
    done = pyscan("127.0.0.1", "-sS", "-p", "1", "--pcap", "/dev/full")
    assert done.returncode == 1
    assert "1/tcp closed" in done.stdout
    assert done.stderr == "pyscan: /dev/full is not complete: No space left on device\n"


def test_a_trace_nobody_reads_is_bounded_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packet_trace, "CAPACITY", 5)
    trace = PacketTrace()
    packets = np.zeros((4, 40), np.uint8)
    for _ in range(3):
        trace.received(packets, np.full(4, 40), np.zeros(4))
    *lines, last = trace.lines()
    assert lines == ["RCVD (0.0000s) unreadable, 40 bytes"] * 4
    assert last.startswith("8 packets are not shown")
    trace.sent(packets, np.full(4, 40), np.zeros(4))
    assert trace.lines() == ["SENT (0.0000s) unreadable, 40 bytes"] * 4
    assert trace.lines() == []

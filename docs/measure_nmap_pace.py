"""Measure nmap's pace in the situations of docs/pacing.md: docs/nmap_pace.json.

Run as root from the repository: ``python -m docs.measure_nmap_pace``, with the names of situations
for those alone. Takes about four minutes. Every situation is built in a lab of its own (network
namespaces, see tests/lab), Debian's nmap scans the host there, and a packet socket in the scanner's
namespace (packet(7)) notes when probes leave and when ports first answer. The figures are
those of the machine it runs on, so nothing runs this by itself; ``docs/make_plots.py`` draws them.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import struct
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.pace_situations import SITUATIONS, Course, Situation
from tests.lab import namespace, wire
from tests.lab.namespace import LabError
from tests.lab.network import Lab
from tests.lab.nmap_oracle import nmap_version

FIGURES = Path(__file__).parent / "nmap_pace.json"
OPTIONS = ("-n", "-Pn", "-T4")
BOUND = 60.0
"""Seconds after which nmap is stopped."""
POINTS = 60
QUICK, TRIES = 10.0, 5
"""A scan of fewer seconds is repeated, so often in all."""
DEVICE = "to1"
"""The scanner's end of a lab's first link."""

SOL_PACKET, PACKET_STATISTICS = 263, 6
ETH_P_ALL, ETH_P_IP = 0x0003, 0x0800
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
MEMORY = 512 << 20
"""Bytes of packets the kernel may hold for us; nothing is read before a scan is done."""


@dataclass
class Record:
    """What was seen of a scan: times in seconds since the epoch, as the kernel gives them."""

    sent: list[float] = field(default_factory=list)
    answers: dict[int, float] = field(default_factory=dict)
    """Port -> when it first answered."""

    def note(self, at: float, outgoing: bool, data: bytes, host: bytes) -> None:
        """Take in one IP packet."""
        packet = wire.parse(data)
        if packet is None:
            return
        if outgoing and packet.target == host:
            self.sent.append(at)
        elif not outgoing and packet.source == host:
            port = answering_port(packet)
            if port is not None:
                self.answers.setdefault(port, at)


def answering_port(packet: wire.Packet) -> int | None:
    """The port an answer is about; of an ICMP error the one in the quoted probe, which follows
    eight bytes of ICMP and twenty of IP."""
    at = {wire.TCP: 0, wire.UDP: 0, wire.ICMP: 8 + 20 + 2}.get(packet.protocol)
    if at is None or len(packet.payload) < at + 2:
        return None
    return int.from_bytes(packet.payload[at : at + 2], "big")


def listen() -> socket.socket:
    """A packet socket that sees what DEVICE carries in both directions. Raises OSError."""
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    heard.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, MEMORY)
    heard.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    heard.bind((DEVICE, ETH_P_ALL))
    heard.setblocking(False)
    return heard


def take(heard: socket.socket, host: bytes) -> Record:
    """What the packets that wait say of a scan of ``host``."""
    record = Record()
    try:
        while True:
            data, ancillary, _, address = heard.recvmsg(2048, 64)
            if address[1] == ETH_P_IP and ancillary:
                seconds, nanoseconds = struct.unpack("ll", ancillary[0][2])
                outgoing = address[2] == socket.PACKET_OUTGOING
                record.note(seconds + nanoseconds / 1e9, outgoing, data, host)
    except BlockingIOError:
        return record


def lost(heard: socket.socket) -> int:
    """Packets the kernel had no room for (PACKET_STATISTICS in packet(7))."""
    counts = heard.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
    return int(struct.unpack("II", counts)[1])


def measure(it: Situation) -> Course:
    """How nmap does in a situation; of a quick scan, which whatever else the machine does slows
    down, the quickest of several. Raises LabError."""
    courses = [scan(it)]
    while courses[0].seconds < QUICK and len(courses) < TRIES:
        courses.append(scan(it))
    return min(courses, key=lambda course: course.seconds)


def scan(it: Situation) -> Course:
    """How one scan by nmap goes in a lab of its own. Raises LabError."""
    with Lab() as lab:
        ground = it.scene(lab, it.scan, range(1, it.ports + 1))
        nmap = ("nmap", it.scan, *OPTIONS, f"-p1-{it.ports}", *ground.targets)
        words = lab.scan_command(*nmap)
        with namespace.inside(lab.scanner, listen) as heard:
            try:
                # Nothing is read before nmap is done: that would take processor time from it.
                subprocess.run(words, capture_output=True, timeout=BOUND, check=True)
                stopped = False
            except subprocess.TimeoutExpired:
                stopped = True
            except subprocess.CalledProcessError as error:
                raise LabError(f"{' '.join(words)}: {error.stderr.decode().strip()}") from None
            over = time.time()
            record = take(heard, socket.inet_aton(ground.targets[0]))
            unseen = lost(heard)
    if unseen or not record.sent:
        raise LabError(f"{it.name}: {unseen:,} packets went unseen, {len(record.sent):,} seen")
    first = record.sent[0]
    taken = round(over - first, 3)
    answers = sorted(record.answers.values())
    return Course(taken, stopped, totals(record.sent, first, taken), totals(answers, first, taken))


def totals(times: Sequence[float], first: float, seconds: float) -> list[int]:
    """How many of these ascending times had passed at each step."""
    return [bisect_right(times, first + seconds * step / POINTS) for step in range(1, POINTS + 1)]


def circumstances() -> dict[str, object]:
    """What the figures depend on beside the situation."""
    return {
        "nmap": nmap_version(),
        "options": " ".join(OPTIONS),
        "bound": BOUND,
        "date": datetime.now(UTC).date().isoformat(),
        "system": f"Linux {platform.release()}, {os.cpu_count()} processors",
    }


def page(measured: Mapping[str, object]) -> str:
    """The JSON, a situation per line."""
    lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in measured.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(names: Sequence[str]) -> None:
    """Measure, and keep what was measured of the other situations."""
    known = [it.name for it in SITUATIONS]
    if not set(names) <= set(known):
        sys.exit(f"unknown situation; there are: {', '.join(known)}")
    if os.geteuid():
        sys.exit("network namespaces need root: run it with sudo")
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    try:
        os.nice(-20)  # The machine's other work must slow down neither nmap nor the link.
        for it in SITUATIONS:
            if not names or it.name in names:
                course = measure(it)
                figures[it.name] = {
                    "measured": circumstances(),
                    "situation": asdict(it),
                    "course": asdict(course),
                }
                print(f"{it.name}: {course.seconds} s, stopped: {course.stopped}", flush=True)
    except (LabError, OSError) as error:
        sys.exit(f"not measured: {error}")
    FIGURES.write_text(page({name: figures[name] for name in known if name in figures}))
    print(f"wrote {FIGURES.name}")


if __name__ == "__main__":
    main(sys.argv[1:])

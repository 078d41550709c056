"""Capture files, read back by scapy and by tcpdump."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.utils import RawPcapReader

from engine.formats.pcap import _FILE_HEADER, PcapFile, pcap_records

PACKETS = [
    bytes(IP(src="192.0.2.1", dst="192.0.2.2", id=7) / TCP(sport=6000, dport=22, flags="S")),
    bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP(sport=6000, dport=80, flags="RA")),
    bytes(IP(src="192.0.2.2", dst="192.0.2.1", id=8) / ICMP(type=3, code=3) / (b"\x1b[2J" * 9)),
]


def rows(packets: list[bytes], width: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Packets as the channels hold them, the bytes behind each one left over from others."""
    lengths = np.array([len(packet) for packet in packets], np.uint32)
    matrix = np.full((len(packets), width or max(lengths)), 0xEE, np.uint8)
    for row, packet in zip(matrix, packets, strict=True):
        kept = np.frombuffer(packet, np.uint8)[: len(row)]
        row[: len(kept)] = kept
    return matrix, lengths


def read(path: Path) -> list[tuple[bytes, int, float]]:
    with RawPcapReader(str(path)) as reader:
        assert (reader.nano, reader.linktype, reader.snaplen) == (True, 101, 65_535)
        return [(data, meta.wirelen, meta.sec + meta.usec * 1e-9) for data, meta in reader]


def test_packets_come_back_with_their_times(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcap"
    path.write_text("an older file")
    matrix, lengths = rows(PACKETS)
    capture = PcapFile(path)
    before, now = time.time(), time.monotonic()
    capture.sent(matrix[:1], lengths[:1], np.array([now]))
    capture.received(matrix[1:], lengths[1:], np.array([now + 1.25, now + 2.5]))
    assert len(read(path)) == 3, "whole batches are there before the end"
    capture.close()
    capture.close()
    capture.sent(matrix, lengths, np.full(3, now))  # too late: nothing is written, nothing raised
    found = read(path)
    assert [data for data, _, _ in found] == PACKETS
    assert [wire for _, wire, _ in found] == lengths.tolist()
    assert [moment - before for _, _, moment in found] == pytest.approx([0, 1.25, 2.5], abs=0.1)
    assert capture.failure == ""


def test_a_packet_that_was_cut_keeps_its_real_length(tmp_path: Path) -> None:
    long4 = bytes(IP(src="192.0.2.2", dst="192.0.2.1") / TCP() / bytes(900))
    long6 = bytes(IPv6(src="2001:db8::2", dst="2001:db8::1") / TCP() / bytes(900))
    matrix, _ = rows([long4, long6, PACKETS[0]], width=256)
    capture = PcapFile(tmp_path / "cut.pcap")
    capture.received(matrix, np.array([256, 256, len(PACKETS[0])]), np.ones(3))
    capture.close()
    found = read(tmp_path / "cut.pcap")
    assert [data for data, _, _ in found] == [long4[:256], long6[:256], PACKETS[0]]
    assert [wire for _, wire, _ in found] == [len(long4), len(long6), len(PACKETS[0])]


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="needs tcpdump")
def test_tcpdump_reads_it(tmp_path: Path) -> None:
    capture = PcapFile(tmp_path / "scan.pcap")
    matrix, lengths = rows(PACKETS)
    capture.sent(matrix, lengths, np.ones(3))
    capture.close()
    done = subprocess.run(
        ["tcpdump", "-nr", "-"],
        input=(tmp_path / "scan.pcap").read_bytes(),
        capture_output=True,
        timeout=30,
        check=True,
    )
    text = done.stdout.decode()
    assert len(text.splitlines()) == 3
    assert "IP 192.0.2.1.6000 > 192.0.2.2.22: Flags [S]" in text
    assert "IP6 2001:db8::1.6000 > 2001:db8::2.80: Flags [R.]" in text
    assert "IP 192.0.2.2 > 192.0.2.1:" in text


@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(6, 256))
def test_any_bytes_make_a_readable_file(packets: list[bytes], width: int) -> None:
    matrix, lengths = rows(packets, width)
    block = pcap_records(matrix, lengths, np.ones(len(packets)), 1_700_000_000_000_000_000)
    reader = RawPcapReader(io.BytesIO(_FILE_HEADER + block))
    found = list(reader)
    assert [data for data, _ in found] == [packet[:width] for packet in packets]
    for packet, (_, meta) in zip(packets, found, strict=True):
        assert meta.wirelen >= len(packet)
        assert (meta.sec, meta.usec) == (1_700_000_001, 0)


def test_a_full_disk_ends_the_capture_and_nothing_else() -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this system has no /dev/full")
    capture = PcapFile(Path("/dev/full"))
    matrix, lengths = rows(PACKETS)
    capture.sent(matrix, lengths, np.ones(3))
    capture.close()
    assert capture.failure == os.strerror(errno.ENOSPC)

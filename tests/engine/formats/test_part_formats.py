"""A part of the results in every format: these rows only, and the file says so."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libnmap.parser import NmapParser
from lxml import etree
from msgspec.structs import replace

from engine.formats.records import Document, EndLine, HostLine, PortLine, StartLine
from engine.formats.registry import EXPORT_FORMATS
from engine.results.cell import cell_key
from engine.results.part import Part
from engine.results.report import ScanReport

DTD = Path("/usr/share/nmap/nmap.dtd")
NO_ENTITIES = etree.XMLParser(resolve_entities=False, no_network=True)
WORDS = "the marked rows"
CHOSEN = ((0, 0, 22), (0, 0, 1003), (3, 0, 22))
"""Host, protocol and port: an open port, one of forty closed ones, and one of another host."""


def written(report: ScanReport, name: str) -> bytes:
    stream = io.BytesIO()
    EXPORT_FORMATS[name].write(report, stream)
    return stream.getvalue()


def part_of(report: ScanReport, words: str = WORDS, chosen=CHOSEN) -> ScanReport:
    keys = np.array([cell_key(*one) for one in chosen], np.int64)
    return replace(report, part=Part.of(words, keys, report.snapshot.view))


@pytest.fixture
def part(mixed: ScanReport) -> ScanReport:
    made = part_of(mixed)
    assert made.part is not None and len(made.part) == 3
    return made


def test_json(part: ScanReport, mixed: ScanReport) -> None:
    document = msgspec.json.decode(written(part, "json"), type=Document)
    whole = msgspec.json.decode(written(mixed, "json"), type=Document)
    assert document.part is not None and whole.part is None
    assert (document.part.ports, document.part.hosts, document.part.chosen) == (3, 2, WORDS)
    ports = [(host.address, port.port) for host in document.hosts for port in host.ports]
    first, last = whole.hosts[0].address, whole.hosts[3].address
    assert ports == [(first, 22), (first, 1003), (last, 22)]
    assert document.summary == whole.summary
    assert [host.counts for host in document.hosts] == [whole.hosts[i].counts for i in (0, 3)]


def test_json_lines(part: ScanReport) -> None:
    kinds = StartLine | HostLine | PortLine | EndLine
    lines = [msgspec.json.decode(line, type=kinds) for line in written(part, "jsonl").splitlines()]
    assert isinstance(lines[0], StartLine) and lines[0].part is not None
    assert (lines[0].part.ports, lines[0].part.chosen) == (3, WORDS)
    assert len([line for line in lines if isinstance(line, HostLine)]) == 2
    assert sorted(line.port for line in lines if isinstance(line, PortLine)) == [22, 22, 1003]
    assert isinstance(lines[-1], EndLine)


def test_nmap_xml(part: ScanReport) -> None:
    data = written(part, "xml")
    root = etree.fromstring(data, NO_ENTITIES)
    remarks = [one.text for one in root.xpath("/comment()")]
    assert f" Only a part of the results: 3 of 47 decided ports: {WORDS} " in remarks
    summary = root.find("runstats/finished").get("summary")
    assert summary.endswith(f"; this file is a part: 3 of 47 decided ports: {WORDS}")
    listed = [one.get("portid") for one in root.iterfind("host/ports/port")]
    assert listed == ["22", "1003", "22"]
    assert root.find("host/ports/extraports") is None
    parsed = NmapParser.parse_fromstring(data.decode())
    assert [host.get_ports() for host in parsed.hosts] == [
        [(22, "tcp"), (1003, "tcp")],
        [(22, "tcp")],
    ]


def test_text(part: ScanReport) -> None:
    lines = written(part, "text").decode().splitlines()
    assert lines[1] == f"Only a part of the results: 3 of 47 decided ports: {WORDS}"
    assert lines[-1].endswith(f"; this file is a part: 3 of 47 decided ports: {WORDS}")
    assert len([line for line in lines if line.startswith("PyScan scan report for")]) == 2
    assert [line.split()[0] for line in lines if "/tcp" in line] == ["22/tcp", "1003/tcp", "22/tcp"]
    assert not any(line.startswith(("Not shown", "Not decided", "All")) for line in lines)


@pytest.mark.parametrize("name", [*EXPORT_FORMATS])
def test_a_whole_report_says_nothing_of_parts(mixed: ScanReport, name: str) -> None:
    data = written(mixed, name)
    assert b"part of the results" not in data and b"is a part" not in data


@pytest.mark.skipif(not DTD.exists(), reason="needs nmap's DTD: install the package nmap-common")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_words_break_the_document(mixed: ScanReport, words: str) -> None:
    root = etree.fromstring(written(part_of(mixed, words + "-->"), "xml"), NO_ENTITIES)
    dtd = etree.DTD(str(DTD))
    assert dtd.validate(root), dtd.error_log
    text = written(part_of(mixed, words), "text").decode()
    assert text.replace("\n", "").isprintable()


def test_an_empty_part_is_a_whole_document(mixed: ScanReport) -> None:
    empty = part_of(mixed, chosen=())
    assert msgspec.json.decode(written(empty, "json"), type=Document).hosts == []
    assert etree.fromstring(written(empty, "xml"), NO_ENTITIES).find("host") is None
    assert "0 of 47 decided ports" in written(empty, "text").decode()


def test_hosts_of_a_sweep(swept: ScanReport) -> None:
    """Down or up, and no others."""
    some = replace(swept, part=Part.of_hosts(WORDS, [3, 0]))
    document = msgspec.json.decode(written(some, "json"), type=Document)
    assert [host.address for host in document.hosts] == ["10.0.0.1", "10.0.0.4"]
    assert document.part is not None and (document.part.ports, document.part.hosts) == (0, 2)
    lines = written(some, "text").decode().splitlines()
    assert lines[1] == f"Only a part of the results: 2 of 6 hosts: {WORDS}"
    assert [line for line in lines if line.startswith("Host is")] == [
        "Host is up (0.0010s latency).", "Host is down.",
    ]  # fmt: skip
    root = etree.fromstring(written(some, "xml"), NO_ENTITIES)
    assert [one.get("addr") for one in root.iterfind("host/address[@addrtype='ipv4']")] == [
        "10.0.0.1", "10.0.0.4",
    ]  # fmt: skip
    kinds = StartLine | HostLine | PortLine | EndLine
    told = [msgspec.json.decode(line, type=kinds) for line in written(some, "jsonl").splitlines()]
    assert [one.address for one in told if isinstance(one, HostLine)] == ["10.0.0.1", "10.0.0.4"]

"""``pyscan`` from the outside: what it prints, writes and returns."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pexpect
import pytest
from libnmap.parser import NmapParser

from engine.formats.records import Document, EndLine, HostLine, PortLine, StartLine

SLOW = ("127.0.0.1", "-sT", "-p", "1-20000", "--max-rate", "200")
"""A scan of 100 seconds, to be stopped long before."""


Line = StartLine | HostLine | PortLine | EndLine


def lines_in(text: str) -> list[Line]:
    return [msgspec.json.decode(line, type=Line) for line in text.splitlines()]


def test_text_by_default(pyscan, listener: int, closed_port: int) -> None:
    done = pyscan("127.0.0.1", "-sT", "-p", f"{listener},{closed_port}", "--reason")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("PyScan ")
    assert lines[-1].startswith("PyScan done: 1 IP address (1 host up) scanned in ")
    table = {line.split()[0]: line.split()[1:] for line in lines if "/tcp" in line}
    assert table[f"{listener}/tcp"][0::2] == ["open", "syn-ack"]
    assert table[f"{closed_port}/tcp"][0::2] == ["closed", "conn-refused"]


def test_every_format_tells_the_same(
    pyscan, tmp_path: Path, listener: int, closed_port: int
) -> None:
    ports = f"{listener},{closed_port}"
    done = pyscan("127.0.0.1", "-sT", "-p", ports, "-oA", "all", "-oL", "all.jsonl")
    assert done.returncode == 0
    expected = {(listener, "open"), (closed_port, "closed")}
    document = msgspec.json.decode((tmp_path / "all.json").read_bytes(), type=Document)
    assert {(port.port, port.state) for port in document.hosts[0].ports} == expected
    assert document.summary.complete
    lines = lines_in((tmp_path / "all.jsonl").read_text())
    assert {(one.port, one.state) for one in lines if isinstance(one, PortLine)} == expected
    host = NmapParser.parse_fromfile(str(tmp_path / "all.xml")).hosts[0]
    assert {(one.port, one.state) for one in host.services} == expected
    assert (tmp_path / "all.txt").read_text() == done.stdout


@pytest.mark.parametrize("option", ["-oJ", "-oL", "-oX"])
def test_standard_output_carries_only_what_was_asked(pyscan, option: str, listener: int) -> None:
    done = pyscan("127.0.0.1", "-sT", "-p", str(listener), option, "-", "-v3")
    assert done.returncode == 0
    assert done.stderr
    if option == "-oJ":
        assert msgspec.json.decode(done.stdout, type=Document).hosts[0].status == "up"
    elif option == "-oL":
        first, *found, last = (type(line) for line in lines_in(done.stdout))
        assert (first, set(found), last) == (StartLine, {HostLine, PortLine}, EndLine)
    else:
        assert NmapParser.parse_fromstring(done.stdout).hosts[0].is_up()


def test_ipv6(pyscan) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        done = pyscan("-6", "::1", "-sT", "-p", str(port))
    assert done.returncode == 0
    assert f"{port}/tcp open" in done.stdout
    assert "PyScan scan report for ::1" in done.stdout


def test_udp_without_a_listener_is_closed(pyscan) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    done = pyscan("127.0.0.1", "-sU", "-p", str(port), "--transport", "sockets", "--reason")
    assert done.returncode == 0
    assert f"{port}/udp closed" in done.stdout
    assert "port-unreach" in done.stdout


@pytest.mark.root
def test_syn(pyscan, listener: int, closed_port: int) -> None:
    done = pyscan("127.0.0.1", "-sS", "-p", f"{listener},{closed_port}", "-oJ", "-")
    assert done.returncode == 0
    host = msgspec.json.decode(done.stdout, type=Document).hosts[0]
    found = {port.port: (port.state, port.reason, port.reason_ttl) for port in host.ports}
    assert found == {listener: ("open", "syn-ack", 64), closed_port: ("closed", "reset", 64)}


def test_open_only_hides_the_rest(pyscan, listener: int, closed_port: int) -> None:
    ports = f"{listener},{closed_port}"
    done = pyscan("127.0.0.1", "-sT", "-p", ports, "--open")
    assert f"{listener}/tcp" in done.stdout
    assert f"{closed_port}/tcp" not in done.stdout
    assert "Not shown: 1 closed tcp port (conn-refused)" in done.stdout


def test_a_target_that_does_not_resolve_makes_the_exit_code_1(pyscan, listener: int) -> None:
    done = pyscan("nowhere.invalid", "127.0.0.1", "-sT", "-p", str(listener), "-oJ", "-")
    assert done.returncode == 1
    assert "nowhere.invalid does not resolve" in done.stderr
    document = msgspec.json.decode(done.stdout, type=Document)
    assert document.scan.target_problems[0].target == "nowhere.invalid"
    assert document.hosts[0].counts == {"open": 1}


@pytest.mark.root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)")
@pytest.mark.parametrize("scan_type", ["-sT", "-sS", "-sU"])
def test_a_host_without_a_route_is_not_called_filtered(scan_type: str) -> None:
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "engine.cli", "127.0.0.1",
         scan_type, "-p", "1,2", "-oJ", "-"],
        capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 1
    host = msgspec.json.decode(done.stdout, type=Document).hosts[0]
    assert (host.status, host.pending, host.ports) == ("failed", 2, [])
    assert "no route" in host.problem


def test_a_ping_scan_scans_no_port(pyscan) -> None:
    done = pyscan("-sn", "-n", "127.0.0.1", "--reason", "-oJ", "hosts.json")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:3] == [
        "PyScan scan report for 127.0.0.1",
        "Host is up, received localhost-response.",
    ]
    assert done.stdout.splitlines()[-1].startswith("PyScan done: 1 IP address (1 host up) asked in")


def test_a_list_sends_nothing(pyscan) -> None:
    done = pyscan("-sL", "-n", "127.0.0.0/30", "--exclude", "127.0.0.2")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:4] == [
        f"PyScan scan report for 127.0.0.{last}" for last in (0, 1, 3)
    ]


def test_random_targets_need_no_others(pyscan) -> None:
    done = pyscan("-sL", "-n", "-iR", "3", "--within", "127.8.0.0/16", "--seed", "1", "-oJ", "-")
    assert done.returncode == 0
    addresses = [host.address for host in msgspec.json.decode(done.stdout, type=Document).hosts]
    assert len(addresses) == 3
    assert all(address.startswith("127.8.") for address in addresses)


def test_explanations_stand_below_the_table(pyscan, listener: int, closed_port: int) -> None:
    done = pyscan("127.0.0.1", "-n", "-sT", "-p", f"{listener},{closed_port}", "--explain")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    for port, state in ((listener, "open"), (closed_port, "closed")):
        paragraph = lines[lines.index(f"{port}/tcp") :]
        paragraph = paragraph[: paragraph.index("")]
        headings = [line.split(":")[0].strip() for line in paragraph[1:] if line[2] != " "]
        assert headings == ["meaning", "probe", "reply", "rule", "advice"]
        assert f"means {state} advice:" in " ".join(" ".join(paragraph).split())
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-sn"], "'--explain' does not go with -sn"),
        (["-sL"], "'--explain' does not go with -sL"),
        (["-oJ", "-"], "'--explain' adds to text, and no text is written; add -oN FILE"),
    ],
)
def test_what_cannot_be_explained_is_said(pyscan, words: list[str], message: str) -> None:
    done = pyscan("--explain", "127.0.0.1", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_no_target_resolves(pyscan) -> None:
    done = pyscan("nowhere.invalid", "-sT", "-p", "1", "-oJ", "-")
    assert done.returncode == 1
    assert msgspec.json.decode(done.stdout, type=Document).hosts == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-oG", "x", "127.0.0.1"], "-oG is not an option of pyscan; did you mean -oN?"),
        ([], "no target given"),
        (["-p", "x y", "127.0.0.1"], "ports"),
        (["127.0.0.1", "-oX", "/nonexistent/x.xml"], "there is no such folder"),
        (["127.0.0.1", "-oX", "/"], "is a directory"),
        (["127.0.0.1", "-oX", "-", "-oJ", "-"], "is given twice"),
        (["::1/64", "-p", "1"], "more than one scan can hold"),
        (["127.0.0.1", "--\x1b[31m\n"], "is not an option"),
    ],
)
def test_usage_errors_are_one_line(pyscan, words: list[str], message: str) -> None:
    done = pyscan(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("pyscan: ")
    assert message in done.stderr
    assert "\x1b" not in done.stderr


def test_syn_without_the_right_says_how_to_get_it(tmp_path: Path) -> None:
    drop: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv (util-linux) to give up the right to send raw packets")
        drop = ["setpriv", "--bounding-set=-net_raw"]
    done = subprocess.run(
        [*drop, sys.executable, "-m", "engine.cli", "127.0.0.1", "-sS", "-p", "1"],
        capture_output=True, text=True, timeout=60, check=False,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stdout == ""
    first, *advice = done.stderr.splitlines()
    assert first == "pyscan: -sS needs the right to send raw packets; -sT works without"
    assert advice


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_writes_what_it_found(
    start_pyscan, tmp_path: Path, number: signal.Signals
) -> None:
    process = start_pyscan(*SLOW, "-oX", "cut.xml", "-oJ", "cut.json", "-oL", "-")
    seen = [process.stdout.readline() for _ in range(5)]
    process.send_signal(number)
    lines = lines_in("".join(seen) + process.stdout.read())
    assert process.wait(30) == 130
    assert isinstance(lines[0], StartLine)
    assert isinstance(lines[-1], EndLine)
    assert lines[-1].summary.phase == "cancelled"
    decided = sum(isinstance(line, PortLine) for line in lines)
    assert 0 < decided < 20_000
    document = msgspec.json.decode((tmp_path / "cut.json").read_bytes(), type=Document)
    assert (document.summary.complete, document.hosts[0].pending) == (False, 20_000 - decided)
    xml = (tmp_path / "cut.xml").read_text()
    assert 'exit="error" errormsg="aborted"' in xml
    assert NmapParser.parse_fromstring(xml).hosts[0].is_up()


def test_an_existing_file_stays_whole_until_the_scan_is_over(start_pyscan, tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text("old")
    process = start_pyscan(*SLOW, "-v", "-oJ", "kept.json")
    process.stderr.readline()
    process.kill()
    process.wait(30)
    assert (tmp_path / "kept.json").read_text() == "old"


def test_a_reader_that_goes_away_ends_the_scan_quietly(start_pyscan) -> None:
    process = start_pyscan(*SLOW, "-oL", "-")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 141
    assert "Traceback" not in process.stderr.read()


def test_a_reader_that_was_never_there() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "--print-json-schema"],
        stdout=writing, stderr=subprocess.PIPE,
        text=True, timeout=60, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("option", ["-oN", "-oL", "-oJ"])
def test_a_full_disk_is_said_in_one_line(option: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "engine.cli", "127.0.0.1", "-sT", "-p", "1", option, "-"],
            stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=60, check=False, cwd=Path(__file__).parents[3],
        )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "No space left on device" in done.stderr


def test_closed_standard_streams_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    command = f"{sys.executable} -m engine.cli 127.0.0.1 -sT -p 1 -oJ {file} >&- 2>&-"
    done = subprocess.run(
        ["sh", "-c", command], timeout=60, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 0
    assert msgspec.json.decode(file.read_bytes(), type=Document).summary.complete


def test_the_progress_line_is_only_for_terminals(pyscan) -> None:
    quiet = pyscan("127.0.0.1", "-sT", "-p", "1-50", "--max-rate", "200")
    assert "probes/s" not in quiet.stderr
    screen = pexpect.spawn(
        sys.executable, ["-m", "engine.cli", *SLOW],
        cwd=str(Path(__file__).parents[3]), encoding="utf-8", timeout=30,
    )  # fmt: skip
    screen.expect(r"of 20,000 ports  [\d,]+ probes/s")
    screen.sendintr()
    screen.expect("PyScan interrupted: 1 IP address")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 130


def test_narration_grows_with_verbosity(pyscan, listener: int) -> None:
    quiet, loud = (
        pyscan("127.0.0.1", "-sT", "-p", str(listener), *level).stderr.splitlines()
        for level in ((), ("-v3",))
    )
    assert len(quiet) < len(loud)
    assert any(line.startswith(f"open: {listener}/tcp") for line in loud)


def test_the_schema_is_printed(pyscan) -> None:
    done = pyscan("--print-json-schema")
    assert done.returncode == 0
    assert "Document" in json.loads(done.stdout)["$defs"]


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["--help"], ["-oG"], []])
def test_simple_answers_load_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\n"
        "from engine.cli import main\n"
        "try:\n"
        f"    main({words!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'numpy', 'scapy', 'textual', 'rich', 'psutil', 'netifaces'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_text_scan_does_without_scapy_and_json(listener: int) -> None:
    code = (
        "import sys\n"
        "from engine.cli import main\n"
        f"main(['127.0.0.1', '-sT', '-p', '{listener}'])\n"
        "heavy = {'scapy', 'engine.formats.records', 'textual', 'rich'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

"""Command-line words to ScanSpec, without a process and without the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.options import Output, pyscan_parser, requested_outputs
from engine.spec.command_line import BuiltSpec, UsageError, build_spec, scan_parser
from engine.spec.error import SpecError
from engine.spec.scan import Shard
from engine.spec.scan_type import Protocol, ScanType

NAMES = {
    "one.test": ["127.0.0.5"],
    "two.test": ["::1", "127.0.0.6", "127.0.0.7"],
    "six.test": ["::1"],
}


def resolver(name: str) -> Sequence[str]:
    if name not in NAMES:
        raise OSError("no such name")
    return NAMES[name]


def build(line: str, default: Sequence[ScanType] = (ScanType.CONNECT,)) -> BuiltSpec:
    return build_spec(pyscan_parser().read(line.split()), default, resolver=resolver)


def targets(line: str) -> list[str]:
    return list(build(line).spec.targets.addresses(100))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("127.0.0.1 -sT 127.0.0.2", ["127.0.0.1", "127.0.0.2"]),
        ("-p 1 127.0.0.1 -n 127.0.0.2 -Pn", ["127.0.0.1", "127.0.0.2"]),
        ("127.0.0.1-3 --exclude 127.0.0.2", ["127.0.0.1", "127.0.0.3"]),
        ("127.0.0.0/30 --exclude 127.0.0.1,127.0.0.2", ["127.0.0.0", "127.0.0.3"]),
        ("127.0.0.5-6 --exclude one.test", ["127.0.0.6"]),
        ("two.test", ["127.0.0.6"]),
        ("-6 two.test", ["::1"]),
        ("--resolve-all two.test", ["127.0.0.6", "127.0.0.7", "::1"]),
        ("--resolve-all -4 two.test", ["127.0.0.6", "127.0.0.7"]),
        ("::1 127.0.0.1", ["127.0.0.1", "::1"]),
    ],
)
def test_targets(line: str, expected: list[str]) -> None:
    assert targets(line) == expected


def test_a_target_file_adds_to_the_line(tmp_path: Path) -> None:
    file = tmp_path / "targets"
    file.write_text("127.0.0.2 # second\n127.0.0.3\n")
    assert targets(f"127.0.0.1 -iL {file}") == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert targets(f"127.0.0.1-4 --excludefile {file}") == ["127.0.0.1", "127.0.0.4"]


def test_what_does_not_resolve_is_a_problem_and_the_rest_goes_on() -> None:
    built = build("nowhere.test 127.0.0.1")
    assert built.target_problems == (("nowhere.test", "does not resolve (no such name)"),)
    assert built.spec.targets.count == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-p22,80", "22,80"),
        ("-p-", "1-65535"),
        ("-p -", "1-65535"),
        ("-p -100", "1-100"),
        ("-p 22 --exclude-ports -5", "22"),
        ("-p 1-9 --exclude-ports 3", "1-2,4-9"),
        ("-sSU -p T:22,U:53", "T:22,U:53"),
        ("-sSU -p 53", "53"),
        ("-p 22,23,1 --top-ports 2", "22-23"),
    ],
)
def test_ports(line: str, expected: str) -> None:
    spec = build(f"{line} 127.0.0.1").spec
    assert spec.ports.expression(spec.protocols) == expected


def test_port_counts() -> None:
    assert build("127.0.0.1").spec.ports.count(Protocol.TCP) == 1000
    assert build("-F 127.0.0.1").spec.ports.count(Protocol.TCP) == 100
    assert build("-sU --top-ports 7 127.0.0.1").spec.ports.count(Protocol.UDP) == 7
    left = build("-F --exclude-ports 1-1023 127.0.0.1").spec.ports
    assert left.count(Protocol.TCP) == 100
    assert not left.contains(Protocol.TCP, 80)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", (ScanType.CONNECT,)),
        ("-sS", (ScanType.SYN,)),
        ("-sSU", (ScanType.SYN, ScanType.UDP)),
        ("-sU -sT", (ScanType.UDP, ScanType.CONNECT)),
        ("-s T", (ScanType.CONNECT,)),
        ("-sAU", (ScanType.ACK, ScanType.UDP)),
        *((one.option, (one,)) for one in ScanType),
    ],
)
def test_scan_types(line: str, expected: tuple[ScanType, ...]) -> None:
    assert build(f"{line} 127.0.0.1").spec.scan_types == expected


def test_a_scan_type_without_ports_is_noted() -> None:
    assert build("-sSU -p U:53 127.0.0.1").notes == ("-sS has no ports to scan",)


@pytest.mark.parametrize("line", ["-T4", "-T 4", "-T aggressive", "--timing 4", "--timing=T4"])
def test_timing_templates(line: str) -> None:
    assert build(f"{line} 127.0.0.1").spec.timing.number == 4


def test_bounds_go_into_the_template() -> None:
    timing = build(
        "-T2 --max-retries 3 --min-rate 10 --max-rate 200.5 --max-parallelism 7 --scan-delay 20ms "
        "--initial-rtt-timeout 1s --min-rtt-timeout 200ms --max-rtt-timeout 3 127.0.0.1"
    ).spec.timing
    assert (timing.max_retries, timing.min_rate, timing.max_rate) == (3, 10.0, 200.5)
    assert (timing.max_parallelism, timing.scan_delay) == (7, 0.02)
    assert (timing.initial_timeout, timing.min_timeout, timing.max_timeout) == (1.0, 0.2, 3.0)


def test_seed_shard_transport_and_command() -> None:
    spec = build("--seed 7 --shard 2/4 --transport sockets 127.0.0.1").spec
    assert (spec.seed, spec.shard, spec.transport) == (7, Shard(2, 4), "sockets")
    assert spec.command == "pyscan --seed 7 --shard 2/4 --transport sockets 127.0.0.1"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-oG out 127.0.0.1", "-oG is not an option of pyscan; did you mean -oN?"),
        ("--top-port 5 127.0.0.1", "did you mean --top-ports?"),
        ("--max-retry=5 127.0.0.1", "--max-retry is not an option of pyscan; did you mean --max-r"),
        ("-O 127.0.0.1", "-O is not an option of pyscan"),
        ("-sV 127.0.0.1", "'-sV' is not a scan type PyScan has; use -sT, -sS, -sU"),
        ("-sSn 127.0.0.1", "'-sn' is an option of its own; write it apart"),
        ("-sST 127.0.0.1", "'-sT' is a second tcp scan type"),
        ("-p 80-70 127.0.0.1", "'80-70' runs backwards; did you mean 70-80?"),
        ("-p 127.0.0.1", "ports at character 1"),
        ("-F -p 22 127.0.0.1", "'-p' does not go with -F"),
        ("-p 5 --exclude-ports 5 127.0.0.1", "leaves no port to scan"),
        ("-T9 127.0.0.1", "'9' is not a timing template"),
        ("--max-retries -1 127.0.0.1", "max-retries"),
        ("--max-retries 1e3 127.0.0.1", "'1e3' is not a whole number from 0 to 250"),
        ("--min-rate nan 127.0.0.1", "'nan' is not a rate"),
        ("--max-rate 0 127.0.0.1", "'0' is not a rate"),
        ("--min-rate 9 --max-rate 5 127.0.0.1", "minimum rate above the maximum rate"),
        ("--scan-delay soon 127.0.0.1", "'soon' is not a time"),
        ("--shard 5/4 127.0.0.1", "'5/4' is not a shard"),
        ("--transport pigeon 127.0.0.1", "invalid choice: 'pigeon'"),
        ("-4 -6 127.0.0.1", "not allowed with"),
        ("--seed", "expected one argument"),
        ("-iL /nonexistent/file", "cannot be read"),
        ("--exclude nowhere.test 127.0.0.1", "does not resolve"),
        ("--exclude 127.0.0.1 127.0.0.1", "is all excluded"),
        ("127.0.0.1/33", "did you mean /32?"),
        ("--version=1 127.0.0.1", "ignored explicit argument"),
    ],
)
def test_mistakes_are_one_line_that_helps(line: str, message: str) -> None:
    with pytest.raises((UsageError, SpecError)) as caught:
        build(line)
    text = str(caught.value)
    assert message in text
    assert "\n" not in text


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=6))
def test_any_words_are_understood_or_refused(words: list[str]) -> None:
    informative = {"-h", "--help", "-V", "--version"}
    try:
        args = scan_parser("pyscan", "").read([word for word in words if word not in informative])
        build_spec(args, (ScanType.CONNECT,), resolver=resolver)
    except (UsageError, SpecError) as error:
        assert str(error)


def test_both_programs_share_the_options() -> None:
    args = scan_parser("pyscan-tui", "A screen").read(["127.0.0.1", "-p", "22", "-T4"])
    built = build_spec(args, (ScanType.SYN,))
    assert (built.spec.scan_types, built.spec.timing.number) == ((ScanType.SYN,), 4)
    assert built.spec.command == "pyscan-tui 127.0.0.1 -p 22 -T4"


@pytest.mark.parametrize(
    ("line", "level"), [("", 0), ("-v", 1), ("-vv", 2), ("-v3", 3), ("-v0", 0)]
)
def test_verbosity(line: str, level: int) -> None:
    assert pyscan_parser().read([*line.split(), "127.0.0.1"]).verbosity == level


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [Output("text", "-")]),
        ("-oX a.xml", [Output("text", "-"), Output("xml", "a.xml")]),
        ("-oJ -", [Output("json", "-")]),
        ("-oN - -oL l", [Output("text", "-"), Output("jsonl", "l")]),
        (
            "-oA b",
            [
                Output("text", "-"),
                Output("text", "b.txt"),
                Output("xml", "b.xml"),
                Output("json", "b.json"),
            ],
        ),
    ],
)
def test_outputs(line: str, expected: list[Output]) -> None:
    assert requested_outputs(pyscan_parser().read([*line.split(), "127.0.0.1"])) == expected

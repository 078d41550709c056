from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

from engine.spec.error import SpecError
from engine.spec.options import scan_parser
from engine.spec.ping import Mode
from engine.spec.scan_type import Protocol, ScanType
from tui.__main__ import parser
from tui.plan import Finding, Plan
from tui.plan_words import command_words


def plan(*words: str) -> Plan:
    return Plan(parser().read(words), (ScanType.SYN,))


def test_what_the_command_line_leaves_open() -> None:
    blank = plan()
    assert not blank.names_targets
    assert blank.scan_types == (ScanType.SYN,)
    assert blank.outline.ports.total == 1000
    assert blank.title == "1,000 most common TCP ports  ·  -sS TCP SYN  ·  T3 normal"
    for words, ports in (
        (("-sSU",), "1,000 most common TCP ports + 1,000 most common UDP ports"),
        (("-F",), "100 most common TCP ports"),
        (("--top-ports", "10"), "10 most common TCP ports"),
        (("-sO",), "256 IP protocols"),
        (("-p", "22,80"), "ports 22,80"),
        (("-p", "web"), "ports web"),
        (("-p-",), "ports 1-65535"),
        (("-sO", "-p-"), "ports 0-255"),
        (("-sSU", "-p", "T:-,U:53-,-9"), "ports T:1-65535,U:53-,-9"),
    ):
        assert plan(*words).title.startswith(ports + "  ·  ")


def test_a_limit_given_once_holds_for_every_template() -> None:
    fast = plan("--max-rate", "200", "-T4").with_timing(5)
    assert (fast.timing.number, fast.timing.max_rate) == (5, 200.0)


def test_an_exclusion_holds_for_targets_chosen_later() -> None:
    built = plan("--exclude", "10.0.0.3").with_targets("10.0.0.1-4").build()
    assert list(built.spec.targets.addresses(9)) == ["10.0.0.1", "10.0.0.2", "10.0.0.4"]


def test_ports_chosen_later_replace_fast_and_top_ports() -> None:
    assert plan("-F").ports == "fast"
    assert plan("--top-ports", "7").ports == "top7"
    assert plan("-F").with_ports("22,80").outline.ports.total == 2
    assert plan("--top-ports", "7").with_ports("1-9").outline.ports.total == 9
    with pytest.raises(SpecError):
        plan().with_ports("70000")


def test_ports_that_do_not_fit_another_scan_type_become_the_default() -> None:
    udp = plan("-p", "T:22").with_scan_types((ScanType.UDP,))
    assert udp.outline.ports.count(Protocol.UDP) == 1000


def test_ports_for_a_protocol_that_joins_the_scan() -> None:
    assert plan("-p", "22,53").ports_for((Protocol.UDP,)).count(Protocol.UDP) == 2
    assert plan("-p", "T:22").ports_for((Protocol.UDP,)).count(Protocol.UDP) == 1000


def test_targets_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("10.0.0.1 # one\n10.0.0.8/31\n")
    assert plan().with_targets(f"@{path}").build().spec.targets.count == 3
    with pytest.raises(SpecError):
        plan().with_targets("@/no/such\0file").build()


@pytest.mark.parametrize(
    "words",
    [
        "-sU -p 53 -T4 10.0.0.1",
        "-sSU --max-rate 200 --exclude 10.0.0.3 --seed 7 --shard 1/2 10.0.0.1-9",
        "-sT -F -T0 --scan-delay 500ms --exclude-ports 80 10.0.0.0/24",
        "-sT -6 --resolve-all --transport sockets ::1",
        "-sn -PE -PS22,443 -PU -R --dns-servers 192.0.2.53 --randomize-hosts 10.0.0.0/24",
        "-Pn -n -sI 10.0.0.9:80 -p 22 --disable-arp-ping 10.0.0.1",
        "-sL --system-dns 10.0.0.1-9",
        "-sS -e lo -g 53 --ttl 9 --data-length 8 --scanflags SYNFIN -p -100 127.0.0.1",
        "-iR 3 --within 10.0.0.0/8 --seed 1 --discovery-ignore-rst",
    ],
)
def test_the_command_line_shown_means_the_same_scan(words: str) -> None:
    given = plan(*words.split())
    again = Plan(parser().read(shlex.split(given.command)[1:]), (ScanType.SYN,))
    first, second = given.build().spec, again.build().spec
    assert shlex.split(given.command)[0] == "pyscan"
    assert (first.targets, first.ports, first.timing) == (
        second.targets,
        second.ports,
        second.timing,
    )
    assert (first.discovery, first.packets, first.zombie, first.scan_ports) == (
        second.discovery,
        second.packets,
        second.zombie,
        second.scan_ports,
    )
    assert (first.scan_types, first.seed, first.shard, first.transport) == (
        second.scan_types,
        second.seed,
        second.shard,
        second.transport,
    )


def test_ports_and_types_come_back_when_hosts_are_scanned_again() -> None:
    whole = plan("-sU", "-p", "53", "-PS22,80", "10.0.0.1")
    only = whole.with_finding(Finding.ONLY)
    assert not only.outline.scan_ports and only.args.ping_syn == ["22,80"]
    assert "-sn" in only.command and "-p" not in only.command.split()
    assert only.title == "only which hosts are up, no ports  ·  T3 normal"
    listed = only.with_finding(Finding.LIST)
    assert listed.outline.discovery.mode is Mode.LIST and listed.finding is Finding.LIST
    again = listed.with_finding(Finding.PING)
    assert again.command == whole.command and again.scan_types == (ScanType.UDP,)
    assert whole.with_finding(Finding.EVERY).command == "pyscan -sU -T3 -Pn -p 53 10.0.0.1"


def test_who_chooses_ports_or_types_wants_ports_scanned() -> None:
    for way in (Finding.ONLY, Finding.LIST):
        assert plan().with_finding(way).with_ports("80").finding is Finding.PING
        chosen = plan("-p", "1-9").with_finding(way).with_scan_types((ScanType.UDP,))
        assert chosen.finding is Finding.PING and chosen.ports == "1-9"
    assert plan().with_finding(Finding.ONLY).without_raw().finding is Finding.ONLY


def test_names_are_looked_up_or_not() -> None:
    asked = plan("--dns-servers", "192.0.2.53")
    silent = asked.with_names(False)
    assert not silent.looks_up_names and silent.checked().args.dns_servers is None
    assert silent.with_names(True).command == asked.command


def test_an_idle_scan_keeps_its_zombie_until_another_type_is_chosen() -> None:
    idle = plan().with_scan_types((ScanType.IDLE, ScanType.UDP), "10.0.0.9:80")
    assert idle.scan_types == (ScanType.UDP, ScanType.IDLE)
    assert idle.outline.zombie == "10.0.0.9:80"
    assert idle.with_scan_types((ScanType.SYN,)).args.zombie is None


def test_mistakes_of_the_command_line_are_not_smoothed_over() -> None:
    with pytest.raises(SpecError, match="does not go with -sn"):
        plan("-sn", "-p", "80").checked()


SAMPLES = {
    "targets": "10.0.0.1", "target_files": "some.txt", "exclude": "10.0.0.9",
    "exclude_files": "other.txt", "random": "5", "within": "10.0.0.0/24", "dns_servers": "10.0.0.2",
    "ports": "22", "exclude_ports": "80", "top_ports": "7", "scan_types": "S",
    "zombie": "10.0.0.3:80", "transport": "sockets", "interface": "lo",
    "source_address": "10.0.0.4", "source_port": "53", "ttl": "9", "data_length": "4",
    "scanflags": "SYN", "timing": "4", "max_retries": "1", "min_rate": "2.5", "max_rate": "50",
    "max_parallelism": "9", "min_parallelism": "3", "scan_delay": "1s",
    "initial_rtt_timeout": "300ms", "min_rtt_timeout": "90ms", "max_rtt_timeout": "2s",
    "host_timeout": "5m", "seed": "7", "shard": "1/2",
    **dict.fromkeys(("ping_syn", "ping_ack", "ping_udp", "ping_sctp", "ping_protocol"), "1,2"),
}  # fmt: skip
"""A value for every option that has one, by its attribute."""


@pytest.mark.parametrize("action", scan_parser("pyscan", "")._actions, ids=lambda one: one.dest)
def test_no_option_is_missing_from_the_equivalent_command(action: argparse.Action) -> None:
    option = next(iter(action.option_strings), "")
    value = "" if action.nargs == 0 else SAMPLES[action.dest]
    glued = action.dest.startswith("ping_")
    given = [option + value] if glued else [word for word in (option, value) if word]
    before = scan_parser("pyscan", "").read(given)
    nothing, after = (
        vars(scan_parser("pyscan", "").read(words)) | {"command": before.command}
        for words in ([], list(command_words(before)))
    )
    assert vars(before) == after != nothing

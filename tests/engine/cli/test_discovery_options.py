"""Host discovery, packets and random targets: from command-line words to ScanSpec."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.options import pyscan_parser
from engine.spec.command_line import BuiltSpec, UsageError, build_spec
from engine.spec.discovery_arguments import MOST_PORTS
from engine.spec.error import SpecError
from engine.spec.packet_options import AS_USUAL, PacketOptions
from engine.spec.ping import DiscoverySpec, Mode, Names, PingKind, PingProbe
from engine.spec.random_targets import random_targets
from engine.spec.scan_type import ScanType
from engine.spec.target_set import TargetSet
from engine.spec.targets import parse_targets, resolve_targets


def resolver(name: str) -> Sequence[str]:
    raise OSError("no such name")


def build(line: str, default: Sequence[ScanType] = (ScanType.SYN,)) -> BuiltSpec:
    return build_spec(pyscan_parser().read(line.split()), default, resolver=resolver)


def discovery(line: str) -> DiscoverySpec:
    found = build(f"{line} 127.0.0.1").spec.discovery
    assert found is not None
    return found


def set_of(text: str) -> TargetSet:
    return resolve_targets(parse_targets(text)).targets


def test_hosts_are_asked_first_and_named_unless_told_otherwise() -> None:
    spec = build("127.0.0.1").spec
    assert spec.discovery == DiscoverySpec(Mode.PING, None, names=Names.UP)
    assert (spec.scan_ports, spec.packets, spec.zombie) == (True, AS_USUAL, "")


@pytest.mark.parametrize(
    ("line", "mode", "scan_ports", "names"),
    [
        ("-Pn", Mode.ASSUME_UP, True, Names.UP),
        ("-sn", Mode.PING, False, Names.UP),
        ("-sn -Pn -R", Mode.ASSUME_UP, False, Names.ALL),
        ("-sL", Mode.LIST, False, Names.ALL),
        ("-sL -n", Mode.LIST, False, Names.NEVER),
        ("-sS -n", Mode.PING, True, Names.NEVER),
    ],
)
def test_modes(line: str, mode: Mode, scan_ports: bool, names: Names) -> None:
    spec = build(f"{line} 127.0.0.1").spec
    assert spec.discovery is not None
    found = (spec.discovery.mode, spec.scan_ports, spec.discovery.names)
    assert found == (mode, scan_ports, names)
    assert bool(spec.ports) is scan_ports


@pytest.mark.parametrize(
    ("line", "probes"),
    [
        ("-PE", [(PingKind.ECHO, 0)]),
        ("-PM -PP -PE", [(PingKind.ECHO, 0), (PingKind.TIMESTAMP, 0), (PingKind.MASK, 0)]),
        ("-PS", [(PingKind.SYN, 80)]),
        ("-PS22,443", [(PingKind.SYN, 22), (PingKind.SYN, 443)]),
        ("-PS=22", [(PingKind.SYN, 22)]),
        ("-PSssh", [(PingKind.SYN, 22)]),
        ("-PS-3", [(PingKind.SYN, 1), (PingKind.SYN, 2), (PingKind.SYN, 3)]),
        ("-PA -PS443", [(PingKind.SYN, 443), (PingKind.ACK, 80)]),
        ("-PU -PE", [(PingKind.ECHO, 0), (PingKind.UDP, 40_125)]),
        ("-PY36412", [(PingKind.SCTP, 36_412)]),
        ("-PO", [(PingKind.PROTOCOL, 1), (PingKind.PROTOCOL, 2), (PingKind.PROTOCOL, 4)]),
        ("-PO47,0", [(PingKind.PROTOCOL, 0), (PingKind.PROTOCOL, 47)]),
    ],
)
def test_pings(line: str, probes: list[tuple[PingKind, int]]) -> None:
    assert discovery(line).probes == tuple(PingProbe(*probe) for probe in probes)


def test_how_hosts_are_asked() -> None:
    found = discovery(
        "--disable-arp-ping --discovery-ignore-rst --randomize-hosts --dns-servers 127.0.0.1,::1"
    )
    assert (found.neighbours, found.ignore_resets, found.shuffle) == (False, True, True)
    assert found.name_servers == ("127.0.0.1", "::1")
    assert discovery("--send-ip").neighbours is False
    assert discovery("--system-dns").system_resolver


def test_packet_options() -> None:
    line = "-e lo -S 127.0.0.9 -g 53 --ttl 7 --data-length 24 --scanflags SYNFIN"
    assert build(f"{line} 127.0.0.1").spec.packets == PacketOptions(
        tcp_flags=3, source_port=53, ttl=7, data_length=24, interface="lo",
        source_address="127.0.0.9",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("URGACKPSHRSTSYNFIN", 0x3F),
        ("FINSYNRSTPSHACKURGECECWR", 0xFF),
        ("synSYN", 2),
        ("0", 0),
        ("18", 18),
        ("0x12", 18),
        ("255", 255),
    ],
)
def test_scan_flags(text: str, flags: int) -> None:
    assert build(f"--scanflags {text} 127.0.0.1").spec.packets.tcp_flags == flags


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-sn -p 22", "options: '-p' does not go with -sn, which scans no ports; leave one of"),
        ("-sn -sS", "'-sS' does not go with -sn"),
        ("-sn -F", "'-F' does not go with -sn"),
        ("-sn --scanflags SYN", "'--scanflags' does not go with -sn"),
        ("-sL -sU", "'-sU' does not go with -sL, which only lists"),
        ("-sL -PE", "'-PE' does not go with -sL"),
        ("-sL -Pn", "'-Pn' does not go with -sL"),
        ("-sL -sn", "'-sn' does not go with -sL"),
        ("-Pn -PS22", "'-PS' does not go with -Pn, which asks no host whether it is up"),
        ("-n --dns-servers 127.0.0.1", "'--dns-servers' does not go with -n"),
        ("--system-dns --dns-servers ::1", "'--dns-servers' does not go with --system-dns"),
        ("-n -R", "not allowed with"),
        ("-PS22 -PS80", "'-PS' is given twice; write all ports in one list, as in -PS22,443"),
        ("-PSnowhere", "-PS at character 1: 'nowhere' is not a known service"),
        ("-PO256", "-PO at character 1: '256' is too high"),
        ("-PS-", "names 65,535 ports; name 256 at most"),
        ("-PR", "-PR is not an option of pyscan; neighbours on the local link are asked by ARP"),
        ("-P0", "-P0 is not an option of pyscan; write -Pn"),
        ("-sP", "'-sP' is an option of its own; write -sn"),
        ("-sSn", "write it apart: -sn"),
        ("-sI 10.0.0.1 --scanflags SYN", "'--scanflags' does not go with -sI"),
        ("-sI 10.0.0.1 -sS", "'-sI' is a second tcp scan type"),
        ("-sOS", "'-sO' goes with no other type; scan in two runs"),
        ("-sYZ", "'-sZ' is a second sctp scan type"),
        ("-sI 10.0.0.1:0", "is not a host and port; write for example"),
        ("-sI a/b", "is not a host and port"),
        ("--dns-servers dns.test", "'dns.test' is not an address"),
        ("--ttl 0", "'0' is not a whole number from 1 to 255"),
        ("-g 70000", "'70000' is not a whole number from 1 to 65535"),
        ("--data-length 1401", "'1401' is not a whole number from 0 to 1400"),
        ("-sT --data-length 5", "'--data-length' does not go with -sT"),
        ("-sT --scanflags SYN", "'--scanflags' needs a TCP scan type that sends packets itself"),
        ("-sU --scanflags SYN", "'--scanflags' needs a TCP scan type"),
        ("--scanflags SYNFOO", "'SYNFOO' is not a set of TCP flags"),
        ("--scanflags 256", "'256' is not a set of TCP flags"),
        ("--scanflags 0x", "'0x' is not a set of TCP flags"),
        ("-S here", "'here' is not an address"),
        ("-S ::1", "is an IPv6 address, but no target is"),
        ("-e a/b", "'a/b' is not the name of an interface"),
        ("-iR 5", "'-iR' draws only from a set you name; add --within TARGETS"),
        ("--within 127.0.0.0/30", "'--within' says where -iR draws from"),
        ("-iR 0 --within 127.0.0.0/8", "'0' is not a whole number from 1"),
        ("-iR 5 --within 127.0.0.0/30", "is more than the 4 addresses of --within"),
        ("-iR 1 --within nowhere.test", "'nowhere.test' does not resolve"),
    ],
)
def test_mistakes_and_contradictions_are_one_line(line: str, message: str) -> None:
    with pytest.raises((UsageError, SpecError)) as caught:
        build(f"{line} 127.0.0.1")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("option", ["-PM", "-PP"])
def test_a_ping_of_ipv4_needs_such_a_target(option: str) -> None:
    with pytest.raises(SpecError, match=f"'{option}' exists only in IPv4"):
        build(f"{option} -PE ::1")
    assert build(f"{option} ::1 127.0.0.1").spec.targets.count == 2


def test_tcp_udp_and_sctp_go_together_in_one_run() -> None:
    spec = build("-sSUY -p 80,S:36412 127.0.0.1").spec
    assert [one.option for one in spec.scan_types] == ["-sS", "-sU", "-sY"]
    assert str(spec.ports) == "T:80,U:80,S:80,36412"


def test_ports_of_a_protocol_scan_are_protocols() -> None:
    assert str(build("-sO 127.0.0.1").spec.ports) == "P:0-255"
    assert str(build("-sO -p tcp,P:17,47 127.0.0.1").spec.ports) == "P:6,17,47"


def test_a_ping_names_no_more_ports_than_a_host_can_bear() -> None:
    assert len(discovery(f"-PS1-{MOST_PORTS}").probes or ()) == MOST_PORTS


def test_random_targets_come_from_the_set_without_what_is_excluded() -> None:
    spec = build("-iR 3 --within 127.0.0.0/30,127.1.0.0/31 --exclude 127.0.0.0-2 --seed 1").spec
    assert list(spec.targets.addresses(9)) == ["127.0.0.3", "127.1.0.0", "127.1.0.1"]


def test_random_targets_repeat_with_their_seed_and_join_others() -> None:
    line = "-iR 4 --within 127.0.0.0/8 --seed 5 ::1"
    assert build(line).spec.targets == build(line).spec.targets
    assert build(line).spec.targets != build(line.replace("5", "6")).spec.targets
    assert build(line).spec.targets.count == 5


@given(
    st.sampled_from(
        ["10.0.0.0/29", "10.1,3.0-2.1-4", "fd00::/125 10.0.0.1", "fe80::%lo/120 ::/1 10.0.0.0/8"]
    ),
    st.integers(1, 8),
    st.integers(0, 9),
)
def test_random_targets_are_different_ones_of_the_set(text: str, number: int, seed: int) -> None:
    within = set_of(text)
    drawn = random_targets(number, within, seed)
    assert drawn.count == number
    assert not drawn.minus(within)


@pytest.mark.parametrize(
    "zombie", ["127.0.0.1", "127.0.0.1:113", "zombie.test:80", "[::1]:80", "[::1]", "::1"]
)
def test_zombies(zombie: str) -> None:
    spec = build(f"-sI {zombie} 127.0.0.1").spec
    assert (spec.zombie, [one.option for one in spec.scan_types]) == (zombie, ["-sI"])


@given(st.lists(st.sampled_from([
    "-sn", "-sL", "-Pn", "-PE", "-PM", "-PS22", "-PAx", "-PO", "-n", "-R", "-e", "lo", "-S", "::1",
    "-g", "53", "--ttl", "3", "--scanflags", "SYN", "-sI", "z", "-sY", "-sO", "-sU", "-iR", "2",
    "--within", "127.0.0.0/8", "127.0.0.1", "--dns-servers", "--data-length", "-p", "S:80", "-F",
]), max_size=8))  # fmt: skip
def test_any_combination_is_understood_or_refused(words: list[str]) -> None:
    try:
        build_spec(pyscan_parser().read(words), (ScanType.CONNECT,), resolver=resolver)
    except (UsageError, SpecError) as error:
        assert "\n" not in str(error)

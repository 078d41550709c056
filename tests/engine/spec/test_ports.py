"""Port text, row by row from the grammar, presets and the top N."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.spec.error import SpecError
from engine.spec.ports import PortSet, default_ports, parse_ports, top_ports
from engine.spec.presets import PRESETS
from engine.spec.scan_type import Protocol
from engine.spec.services import named_ports, popularity, ports_named, service_names

TCP, UDP, SCTP, IP = Protocol
BOTH = (TCP, UDP)


@pytest.mark.parametrize(
    ("text", "protocols", "canonical"),
    [
        ("22", (TCP,), "T:22"),
        ("20-25", (TCP,), "T:20-25"),
        ("-100", (TCP,), "T:1-100"),
        ("65530-", (TCP,), "T:65530-65535"),
        ("-", (TCP,), "T:1-65535"),
        ("0-", (TCP,), "T:0-65535"),
        ("0", (TCP,), "T:0"),
        ("-", (IP,), "P:0-255"),
        ("udp", (IP,), "P:17"),
        ("300", (TCP, IP), "T:300"),
        ("ssh", (TCP,), "T:22"),
        ("SSH", (TCP,), "T:22"),
        ("http", BOTH, "T:80,U:80"),
        ("?ttp", (TCP,), "T:80"),
        ("pop3*", (TCP,), "T:110,995"),
        ("[21-24]", (TCP,), "T:21-23"),
        ("U:53,T:21-25,80", BOTH, "T:21-25,80,U:53"),
        ("53,U:161", BOTH, "T:53,U:53,161"),
        ("[U:1-9],1-4", BOTH, "T:1-4,U:1-5,7,9"),
        ("80,80,79-81", (TCP,), "T:79-81"),
        ("22,23,24", (TCP,), "T:22-24"),
        (" 22 , 80 - 81 ,", (TCP,), "T:22,80-81"),
        ("T: 22", (TCP,), "T:22"),
        ("0022", (TCP,), "T:22"),
        ("S:38412", (TCP, SCTP), "S:38412"),
    ],
)
def test_understood(text: str, protocols: tuple[Protocol, ...], canonical: str) -> None:
    ports = parse_ports(text, protocols)
    assert str(ports) == canonical
    assert parse_ports(canonical, protocols) == ports


@pytest.mark.parametrize(
    ("text", "protocols", "piece", "position", "says"),
    [
        ("", (TCP,), "", 0, "names no port"),
        ("  ", (TCP,), "  ", 0, "names no port"),
        ("22", (), "22", 0, "choose a scan type"),
        (",22", (TCP,), ",", 0, "remove the comma"),
        ("22,,80", (TCP,), ",", 3, "remove the comma"),
        ("22,80-70", (TCP,), "80-70", 3, "did you mean 70-80?"),
        ("22, 70000", (TCP,), "70000", 4, "0 to 65535"),
        ("9" * 5000, (TCP,), "9" * 5000, 0, "0 to 65535"),
        ("300", (IP,), "300", 0, "0 to 255"),
        ("1-3-5", (TCP,), "1-3-5", 0, "commas between"),
        ("20 25", (TCP,), "20 25", 0, "did you mean 20,25"),
        ("-0", (TCP,), "-0", 0, "holds no port"),
        ("t:22", (TCP,), "t:", 0, "did you mean T:?"),
        ("22,Q:22", (TCP,), "Q:", 3, "T:, U:, S: or P:"),
        ("22,U:53", (TCP,), "U:", 3, "add -sU"),
        ("T:80", (UDP,), "T:", 0, "add -sT or -sS"),
        ("S:80", (TCP,), "S:", 0, "an SCTP scan"),
        ("U:", BOTH, "U:", 0, "no port"),
        ("htp", (TCP,), "htp", 0, "did you mean http?"),
        ("zzzzqqqq", (TCP,), "zzzzqqqq", 0, "write a port number"),
        ("capwap-data", (TCP,), "capwap-data", 0, "known for UDP"),
        ("x*nomatch", (TCP,), "x*nomatch", 0, "matches no service"),
        ("22/tcp", (TCP,), "22/tcp", 0, "not a port"),
        ("[1-10", (TCP,), "[", 0, "add ]"),
        ("1-10]", (TCP,), "]", 4, "closes nothing"),
        ("[]", (TCP,), "]", 1, "empty"),
        ("[[1]]", (TCP,), "[", 1, "belong"),
        ("[1] 2", (TCP,), "2", 3, "comma between"),
        ("top0", (TCP,), "top0", 0, "top1 to top65535"),
        ("U:mail", BOTH, "mail", 2, "has no UDP ports"),
        ("22\x1b[2J", (TCP,), "22\x1b", 0, "not a port"),
        ("22,é", (TCP,), "é", 3, "not a port"),
    ],
)
def test_errors_name_the_piece_and_the_likely_meaning(
    text: str, protocols: tuple[Protocol, ...], piece: str, position: int, says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        parse_ports(text, protocols)
    error = caught.value
    assert (error.what, error.piece, error.position) == ("ports", piece, position)
    assert says in f"{error.problem}; {error.hint}"


def test_hostile_text_is_bounded() -> None:
    with pytest.raises(SpecError, match="comes after 256 names"):
        parse_ports(",".join(["a*"] * 300), (TCP,))
    with pytest.raises(SpecError, match="too long"):
        parse_ports("1," * 600_000, (TCP,))
    assert parse_ports("1-65535," * 100_000, (TCP,)).total == 65535
    with pytest.raises(SpecError, match="matches no service"):
        parse_ports("*a" * 200 + "*zz9", (TCP,))


def test_presets_have_ports_and_names_of_their_own() -> None:
    names = {preset.name for preset in PRESETS}
    assert len(names) == len(PRESETS)
    for preset in PRESETS:
        ports = preset.ports(BOTH)
        assert ports.count(TCP)
        assert parse_ports(preset.name, BOTH) == ports
        assert preset.title
        assert preset.about.endswith(".")
    for protocol in BOTH:
        assert not names & service_names(protocol)


def test_preset_words() -> None:
    assert parse_ports("default", (TCP,)) == default_ports((TCP,)) == parse_ports("top1000", (TCP,))
    assert parse_ports("fast", BOTH).total == 200
    assert parse_ports("all", (TCP,)) == parse_ports("-", (TCP,))
    assert parse_ports("web,22,U:53", BOTH).contains(TCP, 443)
    assert parse_ports("U:top5,T:22", BOTH).count(UDP) == 5


def test_top_ports() -> None:
    for n in (1, 10, 100, 1000, 5000, 65535):
        assert top_ports(n, BOTH).total == 2 * n
    assert {22, 80, 443} <= set(top_ports(5, (TCP,)).ports(TCP))
    within = parse_ports("1-50", (TCP,))
    assert list(top_ports(3, (TCP,), within).ports(TCP)) == [21, 22, 23]
    assert top_ports(100, (TCP,), within) == within
    for n in (0, -1, 65536):
        with pytest.raises(SpecError):
            top_ports(n, (TCP,))


RANGES = st.lists(
    st.tuples(st.sampled_from([TCP, UDP]), st.integers(0, 60), st.integers(0, 9)).map(
        lambda drawn: (drawn[0], drawn[1], drawn[1] + drawn[2])
    ),
    max_size=8,
)


def enumerated(ports: PortSet) -> set[tuple[Protocol, int]]:
    return {(protocol, port) for protocol in Protocol for port in ports.ports(protocol)}


@given(RANGES, RANGES)
def test_port_sets_against_plain_sets(
    some: list[tuple[Protocol, int, int]], others: list[tuple[Protocol, int, int]]
) -> None:
    left, right = PortSet.of(some), PortSet.of(others)
    assert enumerated(left.union(right)) == enumerated(left) | enumerated(right)
    assert enumerated(left.minus(right)) == enumerated(left) - enumerated(right)
    assert left.minus(right).union(right) == left.union(right)
    assert left.total == len(enumerated(left)) == left.count(TCP) + left.count(UDP)
    assert left.only((TCP,)).union(left.only((UDP,))) == left
    for port in (0, 5, 30, 69):
        assert left.contains(TCP, port) == ((TCP, port) in enumerated(left))


@given(RANGES.filter(bool))
def test_text_round_trip(ranges: list[tuple[Protocol, int, int]]) -> None:
    ports = PortSet.of(ranges)
    assert parse_ports(str(ports), BOTH) == ports
    assert parse_ports(ports.expression(BOTH), BOTH) == ports
    assert parse_ports(ports.expression(ports.protocols), ports.protocols) == ports


def test_expression_is_plain_when_every_protocol_has_the_same_ports() -> None:
    assert parse_ports("22,80", BOTH).expression(BOTH) == "22,80"
    assert parse_ports("T:22", BOTH).expression(BOTH) == "T:22"
    assert parse_ports("T:22", BOTH).expression((TCP,)) == "22"


@given(
    st.one_of(st.text(max_size=30), st.text("0123456789-, TUS:[]*?ahtpsé", max_size=30)),
    st.sampled_from([(TCP,), (UDP,), BOTH, (IP,), (TCP, SCTP, IP)]),
)
@example("A :", (TCP,))
@example("U : 53", (TCP,))
def test_any_text_parses_or_says_where_it_is_wrong(
    text: str, protocols: tuple[Protocol, ...]
) -> None:
    try:
        ports = parse_ports(text, protocols)
    except SpecError as error:
        assert error.position is not None
        assert text[error.position :].startswith(error.piece)
    else:
        assert set(ports.protocols) <= set(protocols)
        if ports:
            assert parse_ports(str(ports), protocols) == ports


def test_lists_are_long_enough_and_clean() -> None:
    for protocol in BOTH:
        ranked = popularity(protocol)
        assert len(ranked) >= 1000
        assert len(set(ranked)) == len(ranked)
        assert all(0 < port <= 65535 for port in ranked)
        assert len(named_ports(protocol)) >= 500
    assert ports_named("HTTPS", TCP) == (443,)


def test_sctp_and_ip_start_with_what_is_in_use_and_invent_nothing() -> None:
    sctp, ip = Protocol.SCTP, Protocol.IP
    assert set(default_ports((sctp,)).ports(sctp)) == set(popularity(sctp))
    assert {36412, 3868, 2905, 80} <= set(top_ports(40, (sctp,)).ports(sctp))
    assert list(default_ports((ip,)).ports(ip)) == list(range(256))
    assert set(top_ports(3, (ip,)).ports(ip)) == {1, 6, 17}
    assert parse_ports("fast", (ip,)).total == 100
    assert list(top_ports(5, (sctp,), parse_ports("S:70-90", (sctp,))).ports(sctp)) == [80]
    for protocol in (sctp, ip):
        ranked = popularity(protocol)
        assert len(set(ranked)) == len(ranked)
        assert set(named_ports(protocol)) == set(ranked)


def test_protocols_of_ip_are_named_or_numbered() -> None:
    ip = (Protocol.IP,)
    assert list(parse_ports("tcp,gre,P:0,ipv6-*", ip).ports(Protocol.IP)) == [
        0, 6, 43, 44, 47, 58, 59, 60,
    ]  # fmt: skip
    assert parse_ports("-", ip).total == 256
    with pytest.raises(SpecError, match="0 to 255"):
        parse_ports("256", ip)
    with pytest.raises(SpecError, match="-sY or -sZ"):
        parse_ports("S:80", ip)

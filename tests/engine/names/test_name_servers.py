"""Server addresses and the files names come from: tolerant of anything, bounded."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.names.hosts_file import read_hosts
from engine.names.servers import parse_server, system_servers
from engine.spec.error import SpecError


@pytest.mark.parametrize(
    ("text", "family", "where"),
    [
        ("192.0.2.1", socket.AF_INET, ("192.0.2.1", 53)),
        (" 192.0.2.1:5353 ", socket.AF_INET, ("192.0.2.1", 5353)),
        ("2001:db8::1", socket.AF_INET6, ("2001:db8::1", 53, 0, 0)),
        ("[2001:db8::1]:5353", socket.AF_INET6, ("2001:db8::1", 5353, 0, 0)),
        ("fe80::1%lo", socket.AF_INET6, ("fe80::1%lo", 53, 0, socket.if_nametoindex("lo"))),
    ],
)
def test_server_addresses(text: str, family: int, where: tuple[object, ...]) -> None:
    server = parse_server(text)
    assert server.family == family
    assert server.where[1:] == where[1:]
    assert server.where[0].partition("%")[0] == str(where[0]).partition("%")[0]


@pytest.mark.parametrize(
    "text",
    [
        *("", "dns.example", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x", "[::1]", "127.1"),
        *("::1%nowhere", "192.0.2.1\0", "::1%lo\0", "é.example", "\ud800", "a" * 5000),
    ],
)
def test_other_text_is_one_clear_line(text: str) -> None:
    with pytest.raises(SpecError, match="is not the address of a server; give addresses") as error:
        parse_server(text)
    assert error.value.line.isprintable()
    assert len(error.value.line) < 160


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        assert 1 <= parse_server(text).where[1] <= 65_535
    except SpecError as error:
        assert error.line


def test_three_servers_of_resolv_conf_are_asked(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_bytes(
        b"; comment\n# nameserver 192.0.2.9\nsearch a b\nnameserver 192.0.2.1 # first\n"
        b"nameserver \xff\xfe\nnameserver\t2001:db8::1\nnameserver\n  nameserver 192.0.2.3\n"
        b"nameserver 192.0.2.4\noptions timeout:1\n"
    )
    assert [server.text for server in system_servers(path)] == [
        "192.0.2.1",
        "2001:db8::1",
        "192.0.2.3",
    ]
    assert system_servers(tmp_path / "missing") == []
    assert system_servers(tmp_path) == []


def test_the_hosts_file(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(
        b"127.0.0.1 localhost\n127.0.0.1 second\n# 192.0.2.9 comment\n192.0.2.1\tweb www # real\n"
        b"192.0.2.2\n\xff\xfe\nnot-an-address name\n::1 ip6-localhost\nfe80::1%lo link\n"
        b"192.0.2.3 \x1b]0;pwned\x07\n192.0.2.4 " + b"x" * 400 + b"\n192.0.2.5 dot.example.\n"
    )
    names = read_hosts(path)
    assert names[socket.inet_aton("127.0.0.1")] == "localhost"
    assert names[socket.inet_aton("192.0.2.1")] == "web"
    assert names[socket.inet_aton("192.0.2.3")] == "␛]0;pwned␇"
    assert len(names[socket.inet_aton("192.0.2.4")]) == 253
    assert names[socket.inet_aton("192.0.2.5")] == "dot.example"
    assert names[socket.inet_pton(socket.AF_INET6, "::1")] == "ip6-localhost"
    assert socket.inet_aton("192.0.2.2") not in names
    assert socket.inet_aton("192.0.2.9") not in names


def test_a_hosts_file_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    assert read_hosts(tmp_path / "missing") == {}
    assert read_hosts(tmp_path) == {}


def test_only_the_beginning_of_a_huge_hosts_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"192.0.2.1 first\n" + b"#" * (4 << 20) + b"\n192.0.2.2 last\n")
    assert list(read_hosts(path).values()) == ["first"]


@given(data=st.binary(max_size=300))
def test_no_bytes_break_the_files(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    assert all(len(name) <= 253 for name in read_hosts(path).values())
    assert len(system_servers(path)) <= 3

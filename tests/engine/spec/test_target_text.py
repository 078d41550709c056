"""Target expressions, row by row from the grammar, and what is said about bad ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spec.error import SpecError
from engine.spec.targets import parse_excludes, parse_targets

UNDERSTOOD = [
    ("10.0.0.1-3", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    ("10.0.0.5/30", ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"]),
    ("10.0.0.*", [f"10.0.0.{n}" for n in range(256)]),
    ("10.0.0.-", [f"10.0.0.{n}" for n in range(256)]),
    ("10.0.0.0-255", [f"10.0.0.{n}" for n in range(256)]),
    ("10.0.1,3-4.1-2", [f"10.0.{third}.{n}" for third in (1, 3, 4) for n in (1, 2)]),
    ("10.0.0.-2", ["10.0.0.0", "10.0.0.1", "10.0.0.2"]),
    ("10.0.0.254-", ["10.0.0.254", "10.0.0.255"]),
    ("10.0-1.0.1/31", ["10.0.0.0", "10.0.0.1", "10.1.0.0", "10.1.0.1"]),
    ("10.0.0.1,2", ["10.0.0.1", "10.0.0.2"]),
    ("127.0.0.01", ["127.0.0.1"]),
    ("10.0.0.1/32", ["10.0.0.1"]),
    ("10.0.0.1 \t\n10.0.0.1", ["10.0.0.1"]),
    ("fd00::/126", ["fd00::", "fd00::1", "fd00::2", "fd00::3"]),
    ("FD00:0::1", ["fd00::1"]),
    ("fe80::1%eth0", ["fe80::1%eth0"]),
    ("fe80::2%eth0/127", ["fe80::2%eth0", "fe80::3%eth0"]),
    ("::1 127.0.0.1", ["127.0.0.1", "::1"]),
    ("::ffff:10.0.0.1", ["10.0.0.1"]),
    ("::ffff:10.0.0.1/127", ["10.0.0.0", "10.0.0.1"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "addresses"), UNDERSTOOD)
def test_literals(text: str, addresses: list[str]) -> None:
    parsed = parse_targets(text)
    assert list(parsed.literals.addresses(1000)) == addresses
    assert parsed.count == len(addresses)
    assert parsed.host_names == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("10.0.0.0/8", 1 << 24),
        ("0.0.0.0/0", 1 << 32),
        ("*.*.*.*", 1 << 32),
        ("fd00::/64", 1 << 64),
        ("10.0.0.0/8 10.1.2.3 10.0.0.0/9", 1 << 24),
        ("fd00::/64 fd00::5 10.0.0.1", (1 << 64) + 1),
        ("name/24", 256),
        ("name/64", 1 << 64),
        ("name other name", 2),
    ],
)
def test_counts_are_arithmetic(text: str, count: int) -> None:
    assert parse_targets(text).count == count


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("127.1", "127.1"),
        ("2130706433", "2130706433"),
        ("0x7f000001", "0x7f000001"),
        ("localhost", "localhost"),
        ("printer_3.lan.", "printer_3.lan."),
        ("name/24", "name"),
    ],
)
def test_names_are_left_to_the_resolver(text: str, name: str) -> None:
    assert parse_targets(text).host_names == (name,)


@pytest.mark.parametrize(
    ("text", "piece", "position", "says"),
    [
        ("10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2", 0, "blanks: 10.0.0.1 10.0.0.2"),
        ("10.0.0.7 10.0.0.1-300", "1-300", 16, "did you mean 1-255?"),
        ("10.0.0.9-3", "9-3", 7, "did you mean 3-9?"),
        ("10.0.0.256", "256", 7, "beyond 255"),
        ("10.0.0.1-2-3", "1-2-3", 7, "not an octet"),
        ("10.0.0.", "10.0.0.", 0, "empty octet"),
        ("10.0.0.1.5", "10.0.0.1.5", 0, "four octets"),
        ("1-2", "1-2", 0, "four octets"),
        ("10.0.0.1-10.0.0.20", "10.0.0.1-10.0.0.20", 0, "did you mean 10.0.0.1-20?"),
        ("10.0.0.0-10.0.3.255", "10.0.0.0-10.0.3.255", 0, "did you mean 10.0.0-3.*?"),
        ("10.0.0.9-10.1.0.3", "10.0.0.9-10.1.0.3", 0, "ranges go inside an octet"),
        ("10.0.0.1/33", "33", 9, "did you mean /32?"),
        ("10.0.0.1/", "10.0.0.1/", 0, "no mask length"),
        ("10.0.0.1/x", "x", 9, "write /0 to /32"),
        ("10.0.0.1/255.255.255.0", "255.255.255.0", 9, "did you mean /24?"),
        ("10.0.0.1/255.0.255.0", "255.0.255.0", 9, "write /0 to /32"),
        ("fd00::/129", "129", 7, "did you mean /128?"),
        ("fd00::1-5", "fd00::1-5", 0, "no ranges"),
        ("fe80::1%", "fe80::1%", 0, "%interface"),
        ("fe80::1%a/b/64", "fe80::1%a/b/64", 0, "%interface"),
        ("2001:db8::1%eth0", "2001:db8::1%eth0", 0, "link-local"),
        ("fe80::1%eth0/9", "fe80::1%eth0/9", 0, "/10 or longer"),
        ("10.0.0.1:80", "10.0.0.1:80", 0, "10.0.0.1 with port 80"),
        ("[::1]:80", "[::1]:80", 0, "write ::1 with port 80"),
        ("[::1]", "[::1]", 0, "write ::1"),
        ("1::2::3", "1::2::3", 0, "write for example"),
        ("http://host/", "http://host/", 0, "only the host name"),
        ("a,b", "a,b", 0, "blanks: a b"),
        ("a/b/3", "a/b/3", 0, "more than one slash"),
        ("/24", "/24", 0, "no host before the slash"),
        ("-sS", "-sS", 0, "looks like an option"),
        ("bücher.example", "bücher.example", 0, "xn--bcher-kva.example"),
        ("a..b", "a..b", 0, "not a host name"),
        ("x" * 64, "x" * 64, 0, "not a host name"),
        ("a" * 1024, "a" * 1024, 0, "too long"),
        ("a\x1b[2J", "a\x1b[2J", 0, "not a host name"),
        ("10.0.0.\u0663", "10.0.0.\u0663", 0, "ASCII"),
    ],
)
def test_errors_name_the_piece_and_the_likely_meaning(
    text: str, piece: str, position: int, says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        parse_targets(text)
    error = caught.value
    assert (error.what, error.piece, error.position) == ("targets", piece, position)
    assert says in f"{error.problem}; {error.hint}"
    assert error.line.isprintable()


def test_excludes_are_separated_by_commas_too() -> None:
    parsed = parse_excludes("10.0.0.1,10.0.0.4/31, name")
    assert parsed.count == 4
    assert parsed.host_names == ("name",)
    with pytest.raises(SpecError) as caught:
        parse_excludes("10.0.0.1,10.0.0.256")
    assert caught.value.position == 16


def test_union_keeps_the_order_and_counts_once() -> None:
    both = parse_targets("b 10.0.0.1").union(parse_targets("10.0.0.0/31 a b"))
    assert both.host_names == ("b", "a")
    assert both.count == 4
    assert str(both) == "b 10.0.0.1 10.0.0.0/31 a b"


TARGET_LIKE = st.text("0123456789.,-*/:%abcfxé[] \n", max_size=40)


@given(st.one_of(st.text(max_size=40), TARGET_LIKE))
def test_any_text_parses_or_says_where_it_is_wrong(text: str) -> None:
    try:
        parsed = parse_targets(text)
    except SpecError as error:
        assert error.position is not None
        assert text[error.position :].startswith(error.piece)
    else:
        assert parse_targets(str(parsed)) == parsed
        assert parse_targets(str(parsed.literals)).literals == parsed.literals

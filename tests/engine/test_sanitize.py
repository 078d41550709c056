from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sanitize import DEFAULT_LIMIT, clean

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Me", "Cn", "Co")),
    ),
    max_size=80,
)


def assert_harmless(text: str) -> None:
    for character in text:
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"), ascii(text)
        assert category != "Zs" or character == " "
    assert text.encode("utf-8").decode("utf-8") == text
    assert len(text.splitlines()) <= 1


@given(HOSTILE, st.integers(1, 100))
def test_text_is_harmless_and_bounded(data: str, limit: int) -> None:
    shown = clean(data, limit)
    assert_harmless(shown)
    assert len(shown) <= limit


@given(st.binary(max_size=200), st.integers(1, 100))
def test_bytes_are_harmless_and_bounded(data: bytes, limit: int) -> None:
    shown = clean(data, limit)
    assert_harmless(shown)
    assert len(shown) <= limit


@given(HOSTILE)
def test_cleaning_twice_changes_nothing(data: str) -> None:
    once = clean(data, 2000)
    assert clean(once, 2000) == once


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=DEFAULT_LIMIT))
def test_printable_ascii_is_left_alone(data: str) -> None:
    assert clean(data) == data
    assert clean(data.encode()) == data


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"\x1b[2J\x07", "␛[2J␇"),
        ("a\nb\r\tc\x7f", "a␊b␍␉c␡"),
        (b"\x9b31m", "\\x9b31m"),
        ("\x9b31m\x85", "\\x9b31m\\x85"),
        ("\u202eexe.txt\u2066", "\\u202eexe.txt\\u2066"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("x\u2028y\u2029", "x\\u2028y\\u2029"),
        ("\ud800", "\\ud800"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("\ue000\U000e0041", "\\ue000\\U000e0041"),
        ("caf\u00e9 \u4e16\u754c", "caf\u00e9 \u4e16\u754c"),
        ("a\u00a0b\u3000c", "a b c"),
        ("[/red] [bold]", "[/red] [bold]"),
        ("\u0301e\u0301\u0301\u0301", "\\u0301e\u0301\u0301\\u0301"),
        ("\u3164\u2800\ufe0f", "\\u3164\\u2800\\ufe0f"),
        ("", ""),
    ],
)
def test_marks(data: bytes | str, shown: str) -> None:
    assert clean(data) == shown


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert clean("x" * 11, 10) == "x" * 9 + "…"
    assert clean("x" * 10, 10) == "x" * 10
    assert clean("é".encode() * 1_000_000, 10) == "é" * 9 + "…"
    assert clean("\x1b" * 1_000_000, 10) == "␛" * 9 + "…"
    assert clean("\u202e" * 3, 10) == "\\u202e\\u2…"

"""Regular expressions that never take long: the same answers as Python's, and no way to hang."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.results.pattern import MAX_TEXT, parse_pattern
from engine.results.pattern_syntax import MAX_PATTERN, PatternError

ATOMS = st.sampled_from(
    ["a", "b", "C", "0", "-", "_", ".", "^", "$", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\.",
     "[ab]", "[^ab]", "[a-c0-9]", "[]x]", "[a-]", r"[\d_]", "()"]
)  # fmt: skip
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,}", "{0,2}"])).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)
TEXTS = st.text("abcABC019-_. ", max_size=12)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(expression=EXPRESSIONS, texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_it_finds_what_python_finds(expression: str, texts: list[str]) -> None:
    if len(expression) > MAX_PATTERN:
        return
    # Python's $ also stands before a last line feed; no text here has one.
    ours, theirs = parse_pattern(expression), re.compile(expression.replace("C", "c"), re.A)
    for text in texts:
        assert ours.found_in(text) is (theirs.search(text.lower()) is not None)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("(", r"\( without \)"),
        (")", r"\) without \("),
        ("a)", r"\) without \("),
        ("[", r"\[ without \]"),
        ("[]", r"\[ without \]"),
        ("*", r"nothing before \*"),
        ("a|+", r"nothing before \+"),
        ("[z-a]", "backwards: z-a"),
        ("a{3,2}", r"backwards: \{3,2\}"),
        ("(?:a)", "not supported"),
        (r"(a)\1", "not supported"),
        (r"\q", "not supported"),
        (r"[\D]", "not supported"),
        ("a\\", "ends too early"),
        ("a{999}", "repeats too much"),
        ("(a{20}){20}", "repeats too much"),
        ("()" + "{99}" * 20, "repeats too much"),
        ("a" * (MAX_PATTERN + 1), "longer than"),
    ],
)
def test_what_cannot_be_used_is_told(expression: str, why: str) -> None:
    with pytest.raises(PatternError, match=why):
        parse_pattern(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "(a+)+$",
        "(a|a)*$",
        "(a*)*b",
        "(a|aa)+$",
        "(.*a){12}$",
        "(a?){30}a{30}$",
        "^(([a-z])+.)+[A-Z]$",
    ],
)
def test_expressions_that_hang_others_end_at_once(expression: str) -> None:
    pattern = parse_pattern(expression)
    for length in range(20, 60):
        pattern.found_in("a" * length + "!")


def test_nested_as_deep_as_can_be_typed() -> None:
    assert parse_pattern("(" * 49 + "x" + ")" * 49).found_in("six")
    assert parse_pattern("x" + "?" * 99).found_in("")


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    pattern = parse_pattern("x")
    assert pattern.found_in("a" * (MAX_TEXT - 1) + "x")
    assert not pattern.found_in("a" * MAX_TEXT + "x")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(text=st.text("a()[]{}|*+?\\^$.-,09d", max_size=30), searched=st.text(max_size=20))
def test_no_expression_breaks_it(text: str, searched: str) -> None:
    try:
        pattern = parse_pattern(text)
    except PatternError:
        return
    pattern.found_in(searched)

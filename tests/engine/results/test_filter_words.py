from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.results.filter import FIELDS, MAX_LENGTH, parse_filter
from engine.results.filter_words import begun, completion, words


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("po", "port:"),
        ("-St", "-State:"),
        ("p", "port:"),
        ("pr", "proto:"),
        ("state:o", "state:open"),
        ("state:open|", "state:open|filtered"),
        ("STATE:Cl", "STATE:Closed"),
        ("port:22 -reason:rst", None),
        ("port:22 -reason:res", "port:22 -reason:reset"),
        ("proto:u", "proto:udp"),
        ("service:htt", "service:http"),
        ("state:closed", "state:closed|filtered"),
        ("", None),
        ("port:22 ", None),
        ("state:", None),
        ("port:2", None),
        ("host:10", None),
        ("colour:r", None),
        ("zzz", None),
        ("/po", None),
    ],
)
def test_the_last_term_is_completed(typed: str, completed: str | None) -> None:
    found = completion(typed)
    assert (found and found.lower()) == (completed and completed.lower())
    assert found is None or found.startswith(typed)


@pytest.mark.parametrize(
    ("typed", "before", "hint"),
    [
        ("ssh state:", "ssh ", "state: open, closed, filtered"),
        ("state:clo", "", "state: closed, closed|filtered"),
        ("-STATE:Clo", "", "state: closed, closed|filtered"),
        ("proto:u", "", "proto: udp"),
        ("port:", "", "port: numbers and ranges"),
        ("port:22,", "", "port: numbers and ranges"),
        ("host:", "", "host: a part of it"),
        ("ssh\t/^a b", "ssh\t", "a / ends the regular expression"),
        ("host:/^a", "", "a / ends the regular expression"),
        ("ssh -", "ssh ", "- before a term"),
    ],
)
def test_a_last_term_that_is_only_begun_waits(typed: str, before: str, hint: str) -> None:
    found = begun(typed)
    assert found is not None and found.before == before
    assert found.hint.startswith(hint)
    parse_filter(found.before)


@pytest.mark.parametrize(
    "typed",
    ["", "ssh", "state:open", "state:opne", "port:80-", "reason:x", "service:s", "/^web/", "a/b",
     "colour:", "state:op 22", "host:10.0.0.0/8"],
)  # fmt: skip
def test_what_is_complete_or_wrong_does_not_wait(typed: str) -> None:
    assert begun(typed) is None


def test_hosts_of_the_scan_are_completed() -> None:
    hosts = ("www.example", "Mail.example", "10.0.0.1")
    assert completion("22 host:m", hosts) == "22 host:mail.example"
    assert completion("-host:10", hosts) == "-host:10.0.0.1"
    assert completion("host:x", hosts) is None
    assert completion("m", hosts) is None


@pytest.mark.parametrize("field", [one for one in FIELDS if words(one)])
def test_every_word_offered_is_understood(field: str) -> None:
    for word in words(field):
        assert parse_filter(f"{field}:{word}").terms


@given(text=st.text(max_size=MAX_LENGTH))
def test_nothing_typed_breaks_it(text: str) -> None:
    found = completion(text)
    assert found is None or found.startswith(text)
    waiting = begun(text)
    assert waiting is None or text.startswith(waiting.before)

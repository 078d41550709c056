from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.results.filter import FIELDS, MAX_LENGTH, parse_filter
from engine.results.filter_words import completion, words


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


@pytest.mark.parametrize("field", [one for one in FIELDS if words(one)])
def test_every_word_offered_is_understood(field: str) -> None:
    for word in words(field):
        assert parse_filter(f"{field}:{word}").terms


@given(text=st.text(max_size=MAX_LENGTH))
def test_nothing_typed_breaks_it(text: str) -> None:
    found = completion(text)
    assert found is None or found.startswith(text)

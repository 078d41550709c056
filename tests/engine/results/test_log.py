"""The log: everything is recorded, readers choose, and no text can harm them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.results.log import CAPACITY, WIDTH, ScanLog


def texts(log: ScanLog, since: int = 0, level: int = 3) -> list[str]:
    return [line.text for line in log.lines(since, level)]


def test_more_detail_shows_what_was_logged_before() -> None:
    log = ScanLog()
    for level in (0, 1, 2, 3, 0):
        log.add(level / 10, level, f"level {level}")
    assert texts(log, level=0) == ["level 0", "level 0"]
    assert texts(log, level=1) == ["level 0", "level 1", "level 0"]
    assert texts(log, level=3) == ["level 0", "level 1", "level 2", "level 3", "level 0"]


def test_serials_grow_and_since_leaves_out_what_was_read() -> None:
    log = ScanLog()
    assert log.newest == 0 and log.lines() == ()
    log.add(0.0, 0, "one")
    seen = log.newest
    log.add(1.5, 3, "two")
    (line,) = log.lines(seen)
    assert (line.serial, line.time, line.level, line.text) == (seen + 1, 1.5, 3, "two")
    assert log.lines(log.newest) == ()


def test_only_the_last_lines_are_kept() -> None:
    log = ScanLog()
    for number in range(CAPACITY + 10):
        log.add(0.0, 0, str(number))
    kept = texts(log)
    assert len(kept) == CAPACITY and kept[0] == "10" and log.newest == CAPACITY + 10


@given(st.text(max_size=1_000))
def test_every_line_is_harmless_and_short(text: str) -> None:
    log = ScanLog()
    log.add(0.0, 0, text)
    (line,) = texts(log)
    assert line.isprintable() and len(line) <= WIDTH


def test_escape_sequences_become_visible() -> None:
    log = ScanLog()
    log.add(0.0, 0, "a\x1b[31m\nb\u202e")
    assert texts(log) == ["a␛[31m␊b\\u202e"]


def test_words_are_made_for_readers_only_and_are_harmless() -> None:
    log, made = ScanLog(), []

    def say() -> str:
        made.append(1)
        return "open\x1b[2J: 22"

    log.add(0.0, 1, say)
    log.lines(level=0)
    assert not made
    assert texts(log, level=1) == ["open␛[2J: 22"]

from __future__ import annotations

import pytest

from engine.results.filter import parse_filter
from engine.results.query import Query, run_query
from engine.results.snapshot import Phase
from engine.spec.port_state import PortState
from tui.widgets.results_text import counts_line, empty_text


def told(snapshot, query) -> str:
    return empty_text(snapshot, query, run_query(snapshot, query), "o")


def test_counts_say_where_the_other_rows_are(usual_scan) -> None:
    snapshot = usual_scan.snapshot()
    query = Query()
    line = counts_line(run_query(snapshot, query), marked=2)
    assert line == "3 shown of 100 · 2 marked · hidden: 90 closed, 7 filtered"


def test_counts_tell_filtered_rows_from_hidden_ones(usual_scan) -> None:
    snapshot = usual_scan.snapshot()
    query = Query(filter=parse_filter("port:20-29"))
    line = counts_line(run_query(snapshot, query), marked=0)
    assert line == "1 shown of 100 · hidden: 9 closed · 90 not matching"


def test_counts_are_those_of_the_chosen_host(make_scan) -> None:
    scan = make_scan(hosts=2)
    scan.decide(PortState.OPEN, 22, host=0)
    scan.decide(PortState.CLOSED, 22, 23, host=1)
    snapshot, query = scan.snapshot(), Query(host=1)
    line = counts_line(run_query(snapshot, query), marked=0)
    assert line == "0 shown of 2 · hidden: 2 closed"


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.WAITING, "not started"),
        (Phase.RUNNING, "No answers yet: 100 ports"),
        (Phase.PAUSED, "Paused"),
        (Phase.FINISHED, "the log says why"),
        (Phase.CANCELLED, "cancelled"),
        (Phase.FAILED, "no route to host"),
    ],
)
def test_nothing_decided_says_why(make_scan, phase: Phase, words: str) -> None:
    assert words in told(make_scan().snapshot(phase=phase, failure="no route to host"), Query())


def test_all_hidden_says_what_and_how_to_see_it(make_scan) -> None:
    scan = make_scan()
    scan.decide(PortState.CLOSED, *range(1, 99))
    scan.decide(PortState.FILTERED, 99, 100)
    assert told(scan.snapshot(phase=Phase.FINISHED), Query()) == (
        "No open ports: 98 closed, 2 filtered hidden. Press o to show them."
    )
    assert told(scan.snapshot(phase=Phase.RUNNING), Query()).startswith("No open ports so far:")


def test_a_filter_that_matches_nothing_says_so(usual_scan) -> None:
    text = told(usual_scan.snapshot(), Query(filter=parse_filter("port:999"), open_only=False))
    assert text.startswith("Nothing matches the filter: none of the 100 results.")

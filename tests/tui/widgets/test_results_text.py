from __future__ import annotations

import numpy as np
import pytest

from engine.core.progress import Progress
from engine.discovery.verdict import HOST_VERDICT
from engine.results.filter import parse_filter
from engine.results.host_table import HostTable
from engine.results.query import Query, run_query
from engine.results.snapshot import Phase
from engine.spec.host_state import HostState
from engine.spec.port_state import PortState
from tui.keymap import Keymap
from tui.widgets.empty_words import awaited_text, empty_text, no_scan_text
from tui.widgets.results_text import counts_line


def told(snapshot, query) -> str:
    return empty_text(snapshot, query, run_query(snapshot, query), Keymap().keys)


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


def test_counts_give_words_away_before_they_are_cut(usual_scan) -> None:
    rows = run_query(usual_scan.snapshot(), Query())
    before = ("following", "12 services")
    lead = "following · 12 services · "
    for width, line in (
        (90, lead + "3 shown of 100 · 2 marked · hidden: 90 closed, 7 filtered"),
        (80, lead + "3 of 100 · 2 marked · hidden: 90 closed, 7 filtered"),
        (70, lead + "3 of 100 · 2 marked · hidden ○90 ▒7"),
        (50, "3 of 100 · 2 marked · hidden ○90 ▒7"),
        (10, "3 of 100 · 2 marked · hidden ○90 ▒7"),
    ):
        assert counts_line(rows, 2, width, before) == line


def test_counts_tell_how_many_ports_have_changed(usual_scan) -> None:
    usual_scan.decide(PortState.FILTERED, 22)
    rows = run_query(usual_scan.snapshot(), Query())
    assert counts_line(rows, 0) == "2 shown of 100 · hidden: 90 closed, 8 filtered · 1 changed"


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


def test_while_hosts_are_found_it_says_so(make_scan) -> None:
    figures = Progress(hosts_total=3, hosts_up=1, sent=5)
    text = told(make_scan(hosts=3).snapshot(progress=figures), Query())
    assert text.startswith("No ports yet, finding hosts: 1 up, 0 down, 2 left.")
    text = told(make_scan(hosts=3).snapshot(progress=Progress(hosts_total=3)), Query())
    assert text.startswith("No ports yet, finding hosts.")


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


def test_that_nothing_has_changed_is_news(usual_scan) -> None:
    text = told(usual_scan.snapshot(), Query(filter=parse_filter("state:changed")))
    assert text.startswith("No port is in another state than before it was probed again. A probes")


def test_ports_that_are_all_alike_mean_something(make_scan) -> None:
    closed, filtered = make_scan(), make_scan()
    closed.decide(PortState.CLOSED, *range(1, 101))
    filtered.decide(PortState.FILTERED, *range(1, 101))
    over = {"phase": Phase.FINISHED}
    assert "Nothing listens on the ports asked" in told(closed.snapshot(**over), Query())
    assert "firewall drops or rejects" in told(filtered.snapshot(**over), Query())
    assert "firewall" not in told(filtered.snapshot(phase=Phase.RUNNING), Query())


def test_hosts_that_could_not_be_probed_say_why(make_scan) -> None:
    scan = make_scan(hosts=3)
    snapshot = scan.snapshot(phase=Phase.FINISHED, problems={1: "no route", 2: "no\x1b[0m way"})
    assert told(snapshot, Query()) == "10.0.0.1 cannot be probed: no route. 1 more host too."
    assert "10.0.0.2 cannot be probed: no\x1b" not in told(snapshot, Query(host=2))
    assert told(snapshot, Query(host=2)).startswith("10.0.0.2 cannot be probed: no")


def test_hosts_that_are_down_and_what_to_do(make_scan) -> None:
    table = HostTable(1)
    verdicts = np.zeros(1, HOST_VERDICT)
    verdicts["state"] = HostState.DOWN
    table.note(verdicts)
    text = told(make_scan().snapshot(phase=Phase.FINISHED, hosts=table.snapshot()), Query())
    assert text.startswith("The host did not answer, so no port was asked")
    assert "u scans a host all the same, a asks again" in text
    skipped = make_scan().snapshot(phase=Phase.FINISHED, skipped=frozenset({0}))
    assert told(skipped, Query()).startswith("Hosts were skipped: R ")


def test_without_a_scan_it_says_how_to_begin() -> None:
    keys = Keymap().keys
    assert no_scan_text("", keys).startswith("No scan yet. Press t ")
    awaited = awaited_text("a\x1b[2J", False, keys)
    assert no_scan_text("", keys, awaited) == awaited
    assert awaited.endswith(" begins in a moment.") and "\x1b" not in awaited
    assert "; Q and then s begins it now." in awaited_text("b", True, keys)
    refused = no_scan_text("too\x1b[2J many", keys)
    assert refused.startswith("The scan could not start: too") and "\x1b" not in refused

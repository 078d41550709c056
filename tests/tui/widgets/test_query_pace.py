from __future__ import annotations

import pytest

from engine.results.query import SortColumn
from tui.widgets.query_pace import QueryPace


def test_the_first_query_runs_at_once() -> None:
    assert QueryPace().wait(100.0, SortColumn.RTT) == 0


def test_cheap_queries_run_four_times_a_second() -> None:
    pace = QueryPace()
    pace.ran(10.0, 10.001)
    assert pace.wait(10.001, SortColumn.PORT) == pytest.approx(0.25)
    assert pace.wait(10.252, SortColumn.PORT) == 0


def test_a_dear_query_takes_a_tenth_of_the_time() -> None:
    pace = QueryPace()
    pace.ran(10.0, 10.2)
    assert pace.wait(10.2, SortColumn.PORT) == pytest.approx(1.8)


def test_an_order_that_changes_is_renewed_twice_a_second() -> None:
    pace = QueryPace()
    pace.ran(10.0, 10.001)
    assert pace.wait(10.001, SortColumn.RTT) == pytest.approx(0.5)


def test_rows_do_not_change_places_while_the_user_moves() -> None:
    pace = QueryPace()
    pace.ran(10.0, 10.001)
    pace.moved(10.9)
    assert pace.wait(11.0, SortColumn.STATE) == pytest.approx(0.9)
    assert pace.wait(11.0, SortColumn.HOST) == 0

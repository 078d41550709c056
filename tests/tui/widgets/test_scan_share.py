from __future__ import annotations

from typing import Any

import pytest

from engine.core.progress import Progress
from engine.results.snapshot import Phase
from tui.widgets.scan_share import amount, finding, share_done


def at(make_scan: Any, phase: Phase = Phase.RUNNING, **figures: int) -> Any:
    return make_scan().snapshot(progress=Progress(**figures), phase=phase)


def test_while_hosts_are_found(make_scan: Any) -> None:
    figures = {"hosts_total": 256, "hosts_up": 40, "hosts_down": 12, "sent": 300}
    assert finding(at(make_scan, **figures)) == "finding hosts: 40 up, 12 down, 204 left"
    assert finding(at(make_scan, Phase.CANCELLED, **figures)) == ""
    assert finding(at(make_scan, **(figures | {"hosts_down": 216}))) == ""
    assert finding(at(make_scan, **(figures | {"sent": 0}))) == ""


@pytest.mark.parametrize(
    ("figures", "phase", "share"),
    [
        ({"total": 100, "decided": 50}, Phase.RUNNING, 0.5),
        ({}, Phase.RUNNING, 0.0),
        ({"hosts_total": 10, "hosts_up": 5, "total": 10, "decided": 10}, Phase.RUNNING, 0.5),
        ({"hosts_total": 10, "hosts_up": 5, "hosts_down": 4}, Phase.RUNNING, 0.9),
        ({"hosts_total": 10}, Phase.FINISHED, 1.0),
    ],
)
def test_the_share_of_hosts_and_ports(
    make_scan: Any, figures: dict[str, int], phase: Phase, share: float
) -> None:
    assert share_done(at(make_scan, phase, **figures)) == pytest.approx(share)


def test_hosts_without_a_way_to_them_are_not_called_up(make_scan: Any) -> None:
    progress = Progress(hosts_total=2, hosts_up=2)
    for phase, problems, words in (
        (Phase.FINISHED, {0: "no route", 1: "no route"}, "no way to 2 hosts"),
        (Phase.FINISHED, {0: "no route"}, "2 of 2 hosts up"),
        (Phase.RUNNING, {0: "no route", 1: "no route"}, "2 of 2 hosts up"),
    ):
        found = make_scan(hosts=2).snapshot(progress=progress, phase=phase, problems=problems)
        assert amount(found) == words


def test_hosts_are_counted_where_no_ports_are_asked(make_scan: Any) -> None:
    assert amount(at(make_scan, hosts_total=10, hosts_up=3)) == "3 of 10 hosts up"
    assert amount(at(make_scan, total=10, decided=3, hosts_total=10)) == "3 of 10 ports"

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.collapse import host_ports, range_list
from engine.formats.style import Style
from engine.spec.port_state import PortState


@given(st.sets(st.integers(0, 65_535), max_size=60))
def test_range_list_names_exactly_the_ports(ports: set[int]) -> None:
    text = range_list(np.array(sorted(ports), np.int64))
    named: list[int] = []
    for item in filter(None, text.split(",")):
        first, _, last = item.partition("-")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(ports)


@given(st.lists(st.integers(0, 300), min_size=1, unique=True))
def test_range_list_is_as_short_as_can_be(ports: list[int]) -> None:
    items = range_list(np.array(sorted(ports), np.int64)).split(",")
    assert len(items) == sum(port - 1 not in ports for port in ports)


@pytest.mark.parametrize(
    ("closed", "detail", "listed"),
    [(25, 0, 25), (26, 0, 0), (50, 1, 50), (51, 1, 0), (100, 3, 100), (101, 3, 0)],
)
def test_a_state_is_summed_up_when_it_outgrows_the_detail(
    report_of, many, closed: int, detail: int, listed: int
) -> None:
    report = report_of(many(PortState.CLOSED, closed))
    ports = host_ports(report.snapshot, 0, Style(detail=detail))
    assert len(ports.listed) == listed
    assert ports.summed_up == closed - listed


def test_open_ports_are_always_listed(report_of, many) -> None:
    report = report_of(many(PortState.OPEN, 300))
    assert len(host_ports(report.snapshot, 0, Style()).listed) == 300


def test_open_filtered_is_listed_at_full_detail_only(report_of, many) -> None:
    report = report_of(many(PortState.OPEN_FILTERED, 300))
    assert len(host_ports(report.snapshot, 0, Style(detail=2)).listed) == 0
    assert len(host_ports(report.snapshot, 0, Style(detail=3)).listed) == 300


def test_open_only_sums_up_every_dull_state_and_no_other(mixed) -> None:
    ports = host_ports(mixed.snapshot, 0, Style(open_only=True))
    states = {PortState(int(state)) for state in ports.listed["state"]}
    assert states == {PortState.OPEN, PortState.OPEN_FILTERED}
    assert [(group.state, group.count) for group in ports.groups] == [
        (PortState.CLOSED, 40),
        (PortState.FILTERED, 1),
    ]


def test_listed_ports_are_in_order_tcp_before_udp(mixed) -> None:
    ports = host_ports(mixed.snapshot, 0, Style())
    assert [(c >> 16, c & 0xFFFF) for c in ports.channels.tolist()] == [
        (0, 22), (0, 25), (0, 443), (1, 53), (1, 161),
    ]  # fmt: skip

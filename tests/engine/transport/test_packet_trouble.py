"""What the packet channel says when probes cannot leave: never silence, never a traceback."""

from __future__ import annotations

import errno
import os
import time
from typing import Any

import numpy as np
import pytest

from engine.core.batch import REFUSED
from engine.spec.scan_type import ScanType
from engine.transport.packet import dispatch
from engine.transport.packet.messages import PacketSender
from tests.engine.transport.packet_scanner import (
    GATEWAY_LESS,
    V4,
    V6,
    Scanner,
    cells,
    pair,
    scanning,
)
from tests.lab.namespace import command, ip_batch

pytestmark = pytest.mark.root
__all__ = ["pair"]


def test_silent_neighbours_are_told_and_do_not_hold_up_the_others(pair: tuple[str, str]) -> None:
    def work(scanner: Scanner) -> None:
        names = [scanner.book.text(host) for host in range(4)]
        silent = {names.index(address) for address in ("10.99.7.77", "fd99::77")}
        batch = np.concatenate([cells([80], ScanType.SYN, host) for host in range(4)])
        first = scanner.channel.send(batch)
        assert all(np.isnan(first.sent_at[host]) for host in silent)
        assert first.problems == ()
        told: dict[int, str] = {}
        sent: set[int] = set()
        end = time.monotonic() + 10
        while len(told) + len(sent) < 4 and time.monotonic() < end:
            batch = batch[[host not in told and host not in sent for host in batch["host"]]]
            report = scanner.channel.send(batch)
            sent.update(batch["host"][~np.isnan(report.sent_at)].tolist())
            for problem in report.problems:
                assert (problem.lasting, problem.errno) == (True, errno.EHOSTUNREACH)
                told.update(dict.fromkeys(problem.hosts, problem.text))
            time.sleep(0.02)
        assert set(told) == silent
        assert all(names[host] in text for host, text in told.items())
        assert {text[:6] for text in told.values()} == {"no ARP", "no nei"}
        again = scanner.channel.send(cells([80], ScanType.SYN, min(silent)))
        assert again.problems == (), "a rescan looks for the neighbour again"

    scanning(pair[0], f"10.99.7.77 fd99::77 {V4} {V6}", work)


def test_a_silent_gateway_is_named(pair: tuple[str, str]) -> None:
    ip_batch(["route add default via 10.99.7.88"], pair[0])

    def work(scanner: Scanner) -> None:
        (problem,) = scanner.send(cells([80], ScanType.SYN)).problems
        assert problem.lasting
        assert "10.99.7.88" in problem.text
        assert GATEWAY_LESS in problem.text

    scanning(pair[0], GATEWAY_LESS, work)


def test_no_route_and_addresses_of_no_single_host_are_told(pair: tuple[str, str]) -> None:
    ip_batch(["route add 224.0.0.0/4 dev wire"], pair[0])

    def work(scanner: Scanner) -> None:
        names = [scanner.book.text(host) for host in range(scanner.book.count)]
        batch = np.concatenate([cells([80], ScanType.SYN, host) for host in range(len(names))])
        report = scanner.channel.send(batch)
        assert np.isnan(report.sent_at).all()
        assert all(problem.lasting for problem in report.problems)
        told = {names[host]: problem.errno for problem in report.problems for host in problem.hosts}
        assert told == {
            GATEWAY_LESS: errno.ENETUNREACH,
            "10.123.0.2": errno.ENETUNREACH,
            "2001:db8::1": errno.ENETUNREACH,
            "10.99.7.255": errno.EACCES,
            "224.0.0.9": errno.EACCES,
            "fe80::1": errno.ENODEV,
        }
        (shared,) = [problem for problem in report.problems if len(problem.hosts) == 3]
        assert "and 2 more" in shared.text

    scanning(
        pair[0],
        f"{GATEWAY_LESS}-2 10.99.7.255 224.0.0.9 2001:db8::1 fe80::1%nowhere",
        work,
    )


def test_an_interface_that_goes_down_or_away_mid_scan_is_told(pair: tuple[str, str]) -> None:
    here, there = pair

    def work(scanner: Scanner) -> None:
        assert not scanner.send(cells([80], ScanType.SYN)).problems
        ip_batch(["link set wire down"], there)
        (unplugged,) = scanner.send(cells([81], ScanType.SYN)).problems
        assert "no carrier" in unplugged.text
        ip_batch(["link set wire up"], there)
        ip_batch(["link set wire down"], here)
        (down,) = scanner.channel.send(cells([82], ScanType.SYN)).problems
        assert (down.errno, down.lasting) == (errno.ENETUNREACH, True)
        ip_batch(["link set wire up"], here)
        assert not scanner.send(cells([83], ScanType.SYN)).problems
        ip_batch(["link del wire"], here)
        report = scanner.channel.send(cells([84, 85], ScanType.SYN))
        (gone,) = report.problems
        assert np.isnan(report.sent_at).all()
        assert (gone.errno, gone.lasting, gone.hosts) == (errno.ENETDOWN, True, (0,))
        assert "interface wire went away" in gone.text
        scanner.channel.drain(time.monotonic())

    scanning(here, V4, work)


def test_an_interface_that_goes_away_while_two_batches_leave_is_told(
    pair: tuple[str, str],
) -> None:
    here, _ = pair

    def work(scanner: Scanner) -> None:
        assert not scanner.send(cells([80], ScanType.SYN)).problems
        first = scanner.channel.begin(cells(range(1, 8_000), ScanType.SYN))
        first.take_part()
        second = scanner.channel.begin(cells(range(8_000, 60_000), ScanType.SYN))
        ip_batch(["link set wire down"], here)
        assert first.report().sent_at[0] > 0
        (down,) = second.report().problems
        assert down.lasting and "wire" in down.text
        ip_batch(["link set wire up"], here)
        assert not scanner.send(cells([82], ScanType.SYN)).problems

    scanning(here, V4, work)


def test_a_local_firewall_that_refuses_is_told(pair: tuple[str, str]) -> None:
    rules = "add table inet t; add chain inet t out { type filter hook output priority 0; };"
    rules += " add rule inet t out ip daddr 127.0.0.2 drop"
    command("ip", "netns", "exec", pair[0], "nft", rules)

    def work(scanner: Scanner) -> None:
        refused = [scanner.book.text(host) for host in range(2)].index("127.0.0.2")
        batch = np.concatenate([cells([1, 2, 3], ScanType.SYN, host) for host in (0, 1)])
        report = scanner.channel.send(batch)
        (problem,) = report.problems
        assert (problem.errno, problem.lasting, problem.hosts) == (errno.EPERM, True, (refused,))
        assert not problem.whole_host
        assert "firewall" in problem.text
        assert np.array_equal(report.sent_at == REFUSED, batch["host"] == refused)
        scanner.collect(3)
        assert len(scanner.states) == 3

    scanning(pair[0], "127.0.0.1 127.0.0.2", work)


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN])
def test_full_queues_hand_the_rest_back(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(scanner: Scanner) -> None:
        real = PacketSender.send
        taken: list[int] = []

        def full(sender: PacketSender, descriptor: int, *rows: Any) -> int:
            if taken:
                raise OSError(number, os.strerror(number))
            taken.append(real(sender, descriptor, *(some[:500] for some in rows)))
            return taken[0]

        monkeypatch.setattr(PacketSender, "send", full)
        monkeypatch.setattr(dispatch, "_LEAST_PIECE", 1_000)
        report = scanner.channel.send(cells(range(1, 1001), ScanType.SYN))
        (problem,) = report.problems
        assert (problem.errno, problem.lasting, problem.hosts) == (number, False, ())
        assert np.isnan(report.sent_at).tolist() == [False] * 500 + [True] * 500
        scanner.collect(500)
        assert len(scanner.states) == 500

    scanning(None, "127.0.0.1", work)

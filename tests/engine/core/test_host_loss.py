"""Loss by host: whose silent ports deserve how many copies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.host_loss import HostLoss
from engine.core.loss import LEAST_COPIES


def note(loss: HostLoss, host: int, answers: int, lost: int) -> None:
    hosts = np.full(answers, host, np.uint32)
    loss.note(hosts, np.arange(answers) < lost)


def hosts(*numbers: int) -> NDArray[np.uint32]:
    return np.array(numbers, np.uint32)


def test_nothing_known_takes_two_copies() -> None:
    assert HostLoss(3).copies(hosts(0, 2), 10).tolist() == [LEAST_COPIES] * 2


def test_one_bad_host_is_no_reason_to_ask_the_others_more() -> None:
    loss = HostLoss(20)
    for host in range(9):
        note(loss, host, 100, 0)
    note(loss, 9, 100, 80)
    assert loss.copies(hosts(0, 5, 19), 10).tolist() == [LEAST_COPIES] * 3
    assert loss.copies(hosts(9), 10)[0] == 11


def test_hosts_without_answers_share_the_loss_of_the_path() -> None:
    loss = HostLoss(30)
    for host in range(10):
        note(loss, host, 1_000, 100)
    assert loss.copies(hosts(5, 29), 20).tolist() == [6, 6]


def test_a_single_host_counts_for_itself() -> None:
    loss = HostLoss(1)
    note(loss, 0, 1_000, 10)
    assert loss.copies(hosts(0), 10).tolist() == [3]
    assert loss.copies(hosts(0), 1).tolist() == [2]
    loss.forget(0)
    note(loss, 0, 1_000, 0)
    assert loss.shares(hosts(0))[0] < 1e-3


def test_it_grows() -> None:
    loss = HostLoss(2)
    note(loss, 1, 50, 10)
    loss.grow(5)
    note(loss, 4, 50, 0)
    assert loss.shares(hosts(1))[0] > 0.1 > loss.shares(hosts(4))[0]
    assert loss.answered(hosts(1, 2, 4)).tolist() == [60, 0, 50]

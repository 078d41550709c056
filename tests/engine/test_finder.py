"""HostFinder beside a name lookup."""

from __future__ import annotations

import pytest

from engine.names import lookup
from engine.spec.ping import DiscoverySpec
from engine.traffic import LONGEST_WAIT
from tests.engine.core.simulated_scan import SimulatedScan

NETWORK = '[[host]]\naddress = "10.0.0.1"\n[host.tcp]\ndefault = "closed"\n'
PATIENCE = 50


class _SlowLookup:
    """Knows a name when it has been asked ``PATIENCE`` times."""

    trouble = ""

    def __init__(self, *_: object) -> None:
        self._left = PATIENCE

    @property
    def waiting(self) -> int:
        return int(self._left > 0)

    def ask(self, host: int, address: str) -> None:
        assert (host, address) == (0, "10.0.0.1")

    def take(self) -> list[tuple[int, str]]:
        self._left -= 1
        return [] if self._left else [(0, "one.example")]

    def close(self) -> None:
        pass


def test_a_scan_that_only_waits_for_names_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "NameLookup", _SlowLookup)
    scan = SimulatedScan(NETWORK, which="1-3", discovery=DiscoverySpec()).run()
    assert scan.runner.age >= PATIENCE * LONGEST_WAIT / 2

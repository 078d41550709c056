"""The demonstration: a door to an engine whose network is simulated.

``pyscan-tui --demo`` puts it in place of the real one. Sessions, timing, rescans and exports are
real; probes end in a simulation (demo.toml), names are looked up in a table, and no packet leaves
the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine.spec.ping import Names
from engine.spec.scan_type import ScanType
from tui.door import EngineDoor
from tui.recent import RecentTargets

if TYPE_CHECKING:
    from engine.session import LocalNetwork, ScanSession, TransportMaker
    from engine.spec.scan import ScanSpec

NETWORK = Path(__file__).with_name("demo.toml")
NAMES: Mapping[str, str] = {
    "www.example": "192.0.2.10",
    "mail.example": "192.0.2.25",
    "dns.example": "192.0.2.53",
    "db.example": "192.0.2.80",
    "vault.example": "192.0.2.99",
    "router.example": "198.51.100.1",
    "camera.example": "198.51.100.77",
    "six.example": "2001:db8::6",
    "localhost": "127.0.0.1",
}
"""Every name the demonstration knows (``.example`` is set aside by RFC 2606), and its address."""

TARGETS = tuple(name for name in NAMES if name != "localhost")
"""What is scanned when no target is named."""
NETWORKS = ("192.0.2.0/25", "198.51.100.0/25")
"""Where the IPv4 hosts are, among many addresses that stay silent."""


class DemoDoor(EngineDoor):
    """Real sessions over the simulated network."""

    demonstration = "Demonstration: the network is simulated and no packet leaves this machine."

    def open_session(
        self, spec: ScanSpec, problems: tuple[tuple[str, str], ...], verbosity: int
    ) -> ScanSession:
        """A session that has not started; its reports carry the command that repeats it here.

        No server is asked for names: that would leave the machine.
        Raises SpecError.
        """
        from engine.session import ScanSession

        options = spec.command.removeprefix("pyscan ")
        asked = spec.discovery and replace(spec.discovery, names=Names.NEVER)
        return ScanSession(
            replace(spec, command=f"pyscan-tui --demo {options}", discovery=asked),
            make_transport=self.network(),
            verbosity=verbosity,
            target_problems=problems,
        )

    def network(self) -> TransportMaker:
        """The way to the simulated network."""
        from engine.session import simulation

        return simulation(NETWORK.read_text(encoding="utf-8"))

    def look_up(self, name: str) -> list[str]:
        """The address of one of NAMES. Raises OSError for any other."""
        address = NAMES.get(name.lower().rstrip("."))
        if address is None:
            raise OSError("the demonstration knows " + ", ".join(NAMES))
        return [address]

    def local_networks(self) -> tuple[LocalNetwork, ...]:
        """None: the machine's own networks have no part in it."""
        return ()

    def can_send_raw(self) -> bool:
        """The simulation takes every scan type, whoever runs it."""
        return True

    def default_scan_types(self) -> tuple[ScanType, ...]:
        """SYN, as with rights."""
        return (ScanType.SYN,)


class DemoTargets(RecentTargets):
    """Targets kept in memory: a demonstration leaves no trace among the user's own."""

    heading = "In the demonstration"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = [" ".join(TARGETS), *NETWORKS, *TARGETS]

    def read(self) -> tuple[str, ...]:
        """The expressions, newest first; at the beginning what the demonstration has."""
        return tuple(self._lines)

    def add(self, expression: str) -> None:
        """Put an expression first, in place of an equal one."""
        self._lines = [expression, *(line for line in self._lines if line != expression)]

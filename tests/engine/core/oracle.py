"""An oracle: it knows a simulated network, and says what a scan of it must find and how long that
takes at least.

It has the scan's rules to keep (the least timeout, the promised error), but has nothing to find
out: it knows each host's round trip, loss, queue, rations and bad moments, and spends no packet too
many.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hypothesis.vendor.pretty import RepresentationPrinter

from engine.core.loss import LEAST_COPIES, MISS_TARGET
from engine.spec.scan_type import ScanType
from engine.spec.timing import TEMPLATES

MOST_COPIES = 16
PATIENT = TEMPLATES[4].with_bounds(max_retries=MOST_COPIES - 1)
"""So many copies find a port behind 30 % loss each way, but for one in 48,000."""

States = Mapping[tuple[int, int], str]
"""The state of each host index and port."""

_SILENT = {ScanType.SYN: "filtered", ScanType.UDP: "open|filtered"}
_LUCK = 1e-3
"""Probability of more misses than promised at which a network is called missed."""


@dataclass(frozen=True)
class Host:
    """One host and the path to it; seconds, packets per second and shares as in a scenario.
    ``ports``: how ports 1, 2, ... behave. ``spell``: one of pause, hold and down, its begin and
    its end."""

    ports: tuple[str, ...]
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    burst: float = 0.0
    queue: int = 0
    rate: float = 0.0
    rst_rate: float = 0.0
    icmp_rate: float = 0.0
    spell: tuple[str, float, float] | None = None

    def toml(self, address: str, protocol: str) -> str:
        names = ("delay", "jitter", "loss", "burst", "queue", "rate", "rst_rate", "icmp_rate")
        lines = [f"{name} = {getattr(self, name)}" for name in names if getattr(self, name)]
        if self.spell:
            kind, begin, end = self.spell
            lines.append(f'{kind} = "{begin:.3f}-{end:.3f}"')
        lines.append(f'[host.{protocol}]\ndefault = "filtered"')
        for word in ("open", "closed"):
            here = [str(port) for port, behaves in enumerate(self.ports, 1) if behaves == word]
            lines += [f'{word} = "{",".join(here)}"'] if here else []
        return "\n".join(("[[host]]", f'address = "{address}"', *lines, ""))

    @property
    def answering(self) -> int:
        """Ports that answer."""
        return len(self.ports) - self.ports.count("filtered")

    @property
    def gone(self) -> float:
        """Probability that a probe or its answer is lost."""
        return 1 - (1 - self.loss) ** 2

    @property
    def copies(self) -> int:
        """How many copies make silence believable."""
        needed = math.ceil(math.log(MISS_TARGET) / math.log(self.gone)) if self.gone else 1
        return min(max(needed, LEAST_COPIES), MOST_COPIES)

    def least_seconds(self, protocol: str) -> float:
        """Time until every port is known, if nothing else is to be done."""
        number = Counter(self.ports)
        trip = max(PATIENT.min_timeout, self.delay + self.jitter)
        seconds = self.copies * trip
        if self.burst:
            seconds += self.burst * -math.log(MISS_TARGET)  # so long a bad time may be
        if self.rate:
            packets = self.answering / (1 - self.gone) + number["filtered"] * self.copies
            seconds += max(0.0, packets - self.queue) / self.rate
        ration = self.rst_rate if protocol == "tcp" else self.icmp_rate
        if ration:
            bucket = max(6.0 if protocol == "udp" else 1.0, ration)
            seconds += max(0.0, number["closed"] / (1 - self.loss) - bucket) / ration
        if self.spell:
            seconds += self.spell[2]
        return seconds


@dataclass(frozen=True)
class Network:
    """Hosts 10.0.0.1, 10.0.0.2, ... and the scan of them."""

    hosts: tuple[Host, ...]
    scan_type: ScanType = ScanType.SYN
    seed: int = 0

    @property
    def protocol(self) -> str:
        return self.scan_type.protocol.label

    @property
    def toml(self) -> str:
        entries = (
            host.toml(f"10.0.0.{number}", self.protocol)
            for number, host in enumerate(self.hosts, 1)
        )
        return "\n".join((f"seed = {self.seed}", *entries))

    def __repr__(self) -> str:
        """As one can paste it into a report."""
        return f"{self.scan_type.name} {len(self.hosts[0].ports)} ports\n{self.toml}"

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """What hypothesis shows of a failing example."""
        printer.text(repr(self))

    def _truths(self) -> Iterator[tuple[tuple[int, int], str]]:
        for index, host in enumerate(self.hosts):
            for port, behaves in enumerate(host.ports, 1):
                silent = behaves == "filtered"
                yield (index, port), _SILENT[self.scan_type] if silent else behaves

    @property
    def truth(self) -> States:
        """What a right scan finds."""
        return dict(self._truths())

    @property
    def least_seconds(self) -> float:
        """Time a right scan takes at least. Hosts do not get into each other's way."""
        return max(host.least_seconds(self.protocol) for host in self.hosts)

    @property
    def misses_allowed(self) -> int:
        """Ports that may be called silent although they answer: as many as the promised error, or
        the end of all copies, makes probable."""
        expected = sum(
            max(MISS_TARGET, host.gone**MOST_COPIES)
            * (len(host.ports) - host.ports.count("filtered"))
            for host in self.hosts
        )
        most, more = 0, 1 - math.exp(-expected)
        term = math.exp(-expected)
        while more > _LUCK:
            most += 1
            term *= expected / most
            more -= term
        return most


def wrong(network: Network, found: States) -> tuple[list[str], list[str]]:
    """Ports that were missed, and ports of which something was said that nobody has answered. A
    host that gave no answer at all, because its bad times swallowed the first copies, counts as
    dead: nothing tells it from hosts that are."""
    missed: list[str] = []
    invented: list[str] = []
    silent = _SILENT[network.scan_type]
    heard = {host for (host, _), state in found.items() if state != silent}
    for (host, port), state in network.truth.items():
        if found[host, port] == state or (host not in heard and network.hosts[host].burst):
            continue
        line = f"10.0.0.{host + 1}:{port} {state} called {found[host, port]}"
        (missed if found[host, port] == silent else invented).append(line)
    return missed, invented

"""Lab: real hosts in network namespaces, joined to one scanner namespace by veth pairs.

Every address exists only inside the namespaces: link ``n`` uses 10.77.n.0/24 and fd77:n::/64, what
lies behind a gateway 10.78.n.0/24 and fd78:n::/64.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.lab import namespace, services, slow_link
from tests.lab.firewall import ruleset
from tests.lab.hosts import HostPlan
from tests.lab.namespace import LabError, command, ip_batch
from tests.lab.slow_link import End, LinkQuality

ROOT = Path(__file__).resolve().parents[2]
"""The repository: programs under test run from here."""

CALM = (
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv4.icmp_msgs_per_sec=1000000",
    "net.ipv4.icmp_msgs_burst=100000",
    "net.ipv6.icmp.ratelimit=0",
    "net.ipv4.tcp_max_syn_backlog=65535",
    "net.core.somaxconn=4096",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.tcp_syncookies=0",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.default.router_solicitations=0",
)
"""ICMP rationing and SYN cookies off: two scans one after the other must see the same host. Packets
with forged sources pass, as an idle scan needs. IPv6 addresses are usable at once, and nobody asks
for routers. Keys a kernel lacks are skipped."""

ROUTER = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


@dataclass(frozen=True)
class LabHost:
    """A host that is up: its plan, its namespace and its addresses."""

    plan: HostPlan
    namespace: str
    ipv4: str
    ipv6: str

    def address(self, family: int) -> str:
        """The address of family 4 or 6."""
        return self.ipv4 if family == 4 else self.ipv6


class Lab:
    """A scanner namespace and the hosts around it; a context manager that leaves nothing behind.

    Attributes:
        scanner: name of the namespace scans run in.
        hosts: the hosts by their plan's name.
        relays: the processes of the slow links, in the order they were made.
    """

    def __init__(self) -> None:
        self.scanner = ""
        self.hosts: dict[str, LabHost] = {}
        self.relays: list[subprocess.Popen[str]] = []
        self._links = 0
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        namespace.require("ip", "nft", "sysctl")
        namespace.delete_stale()
        try:
            self.scanner = self.new_namespace("scanner")
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    def new_namespace(self, label: str, sysctls: Sequence[str] = CALM) -> str:
        """A namespace that goes away with the lab."""
        name = namespace.create(label)
        self._cleanup.callback(namespace.delete, name)
        command(*inside(name, "sysctl", "-eqw", *sysctls))
        return name

    def add(self, plan: HostPlan, quality: LinkQuality | None = None) -> LabHost:
        """Bring one host up, behind a slow link when a quality is given. Raises LabError."""
        return self.add_all((plan,), quality)[0]

    def add_all(
        self, plans: Sequence[HostPlan], quality: LinkQuality | None = None
    ) -> list[LabHost]:
        """Bring hosts up: links, addresses, firewalls, services. Raises LabError."""
        built = [self._build(plan, quality) for plan in plans]
        waits = [self.start_services(host.namespace, host.plan) for host in built]
        for wait in waits:
            wait()
        self.hosts.update((host.plan.name, host) for host in built)
        return built

    def next_link(self) -> int:
        """The number of a new link to the scanner, for its addresses and device names."""
        self._links += 1
        return self._links

    def _build(self, plan: HostPlan, quality: LinkQuality | None) -> LabHost:
        n = self.next_link()
        name = self.new_namespace(plan.name)
        near, wall, hook = name, name, "input"
        if plan.routed:
            near = wall = self.new_namespace(f"{plan.name}gw", (*CALM, *ROUTER))
            hook = "forward"
        link = Subnet(77, n)
        self._join(link, (self.scanner, f"to{n}"), (near, "up0"), quality)
        if plan.routed:
            beyond = Subnet(78, n)
            join(beyond, (near, "down0"), (name, "up0"))
            routes = zip(beyond.nets, link.far, strict=True)
            ip_batch([f"route add {net} via {hop}" for net, hop in routes], self.scanner)
            ip_batch([f"route add default via {hop}" for hop in beyond.near], name)
            link = beyond
        firewall = plan.firewall_lines()
        if firewall:
            load_firewall(wall, ruleset(firewall, hook))
        return LabHost(plan, name, *link.far)

    def _join(self, subnet: Subnet, near: End, far: End, quality: LinkQuality | None) -> None:
        if quality is None:
            join(subnet, near, far)
            return
        relay = self.start(*slow_link.relay_command(near, far, quality))
        wait_ready(relay, "slow link")
        self.relays.append(relay)
        address_device(*near, *subnet.near)
        address_device(*far, *subnet.far)

    def start_services(self, where: str, plan: HostPlan) -> Callable[[], None]:
        """Start a plan's listeners in a namespace; the returned call waits until they listen."""
        tcp = ",".join(map(str, plan.tcp_open))
        udp = ",".join(f"{port}={service}" for port, service in plan.udp_services.items())
        script = str(Path(services.__file__))
        process = self.start(*inside(where, sys.executable, "-S", script, tcp, udp))
        return lambda: wait_ready(process, f"services of {plan.name}")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a process that ends when its stdin closes: with the lab, or by the kernel's hand
        when we die. Ctrl-C is for us alone: it gets a session of its own."""
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        self._cleanup.callback(stop, process)
        return process

    def scan_command(self, *words: str) -> tuple[str, ...]:
        """The command line that runs ``words`` in the scanner namespace."""
        return inside(self.scanner, *words)


def inside(name: str, *words: str) -> tuple[str, ...]:
    """The command line that runs ``words`` in a namespace."""
    return ("ip", "netns", "exec", name, *words)


@dataclass(frozen=True)
class Subnet:
    """The addresses of one link, each an (IPv4, IPv6) pair."""

    block: int
    number: int

    @property
    def nets(self) -> tuple[str, str]:
        return f"10.{self.block}.{self.number}.0/24", f"fd{self.block}:{self.number}::/64"

    @property
    def near(self) -> tuple[str, str]:
        """The end on the scanner's side."""
        return self.host(1)

    @property
    def far(self) -> tuple[str, str]:
        """The host's end."""
        return self.host(2)

    def host(self, number: int) -> tuple[str, str]:
        """Any address pair, by a number of 1 to 254."""
        ipv4, ipv6 = f"10.{self.block}.{self.number}", f"fd{self.block}:{self.number}"
        return f"{ipv4}.{number}", f"{ipv6}::{number:x}"


def join(subnet: Subnet, near: End, far: End) -> None:
    """Join two ends by a veth pair with addresses on both."""
    command("ip", "link", "add", near[1], "netns", near[0], "type", "veth",
            "peer", "name", far[1], "netns", far[0])  # fmt: skip
    address_device(*near, *subnet.near)
    address_device(*far, *subnet.far)


def address_device(name: str, device: str, ipv4: str, ipv6: str) -> None:
    """Give a device its two addresses and bring it up."""
    ip_batch(
        (
            f"addr add {ipv4}/24 dev {device}",
            f"link set {device} up",
            f"addr add {ipv6}/64 dev {device} nodad",
        ),
        name,
    )


def load_firewall(name: str, text: str) -> None:
    """Load an nft ruleset in a namespace. Raises LabError."""
    command(*inside(name, "nft", "-f", "-"), stdin=text)


def wait_ready(process: subprocess.Popen[str], what: str) -> None:
    """Wait for the line ``ready`` a lab process prints. Raises LabError when it ends instead."""
    line = pipe(process.stdout).readline()
    if line != "ready\n":
        raise LabError(f"{what}: ended with {process.wait()} before it was ready")


def stop(process: subprocess.Popen[str]) -> str:
    """Close a lab process's stdin, wait for its end, and return what it printed last."""
    try:
        return process.communicate(timeout=10)[0] or ""
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0] or ""
    except ValueError:  # stopped before
        return ""


def last_counts(relay: subprocess.Popen[str]) -> dict[str, dict[str, float]]:
    """Stop a slow link's relay: what it counted ``outward`` (from the scanner) and ``inward``, see
    slow_link.Direction.counts."""
    counts: dict[str, dict[str, float]] = json.loads(stop(relay))
    return counts


def pipe(stream: IO[str] | None) -> IO[str]:
    """A stream that was asked for as a pipe."""
    if stream is None:
        raise LabError("the process was started without a pipe")
    return stream

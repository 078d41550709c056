"""Lab: real hosts in network namespaces, joined to one scanner namespace by veth pairs.

Every address exists only inside the namespaces: link ``n`` uses 10.77.n.0/24 and fd77:n::/64, what
lies behind a gateway 10.78.n.0/24 and fd78:n::/64.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.lab import namespace
from tests.lab.firewall import ruleset
from tests.lab.hosts import HostPlan
from tests.lab.namespace import LabError, command, ip_batch

FOLDER = Path(__file__).resolve().parent

CALM = (
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv4.icmp_msgs_per_sec=1000000",
    "net.ipv4.icmp_msgs_burst=100000",
    "net.ipv6.icmp.ratelimit=0",
    "net.ipv4.tcp_max_syn_backlog=65535",
    "net.core.somaxconn=4096",
    "net.ipv4.tcp_syncookies=0",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.default.router_solicitations=0",
)
"""ICMP rationing and SYN cookies off: two scans one after the other must see the same host. IPv6
addresses are usable at once, and nobody asks for routers."""

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


@dataclass
class Lab:
    """A scanner namespace and the hosts around it; a context manager that leaves nothing behind.

    Attributes:
        scanner: name of the namespace scans run in.
        hosts: the hosts by their plan's name.
    """

    scanner: str = ""

    def __post_init__(self) -> None:
        self.hosts: dict[str, LabHost] = {}
        self._links = 0
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        namespace.delete_stale()
        self.scanner = self.new_namespace("scanner")
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
        command("ip", "netns", "exec", name, "sysctl", "-qw", *sysctls)
        return name

    def add(self, plan: HostPlan) -> LabHost:
        """Bring a host up: link, addresses, services, firewall. Raises LabError."""
        return self.add_all((plan,))[0]

    def add_all(self, plans: Sequence[HostPlan]) -> list[LabHost]:
        """Bring hosts up; their services start side by side. Raises LabError."""
        built = [self._build(plan) for plan in plans]
        waits = [self.start_services(host.namespace, host.plan) for host in built]
        for wait in waits:
            wait()
        self.hosts.update((host.plan.name, host) for host in built)
        return built

    def _build(self, plan: HostPlan) -> LabHost:
        self._links += 1
        n = self._links
        name = self.new_namespace(plan.name)
        near, wall, hook = name, name, "input"
        ipv4, ipv6 = f"10.77.{n}.2", f"fd77:{n}::2"
        if plan.routed:
            near = wall = self.new_namespace(f"{plan.name}gw", (*CALM, *ROUTER))
            hook = "forward"
        join(self.scanner, f"to{n}", f"10.77.{n}.1/24", f"fd77:{n}::1/64",
             near, "up0", f"{ipv4}/24", f"{ipv6}/64")  # fmt: skip
        if plan.routed:
            ip_batch((f"route add 10.78.{n}.0/24 via {ipv4}", f"route add fd78:{n}::/64 via {ipv6}"),
                     self.scanner)  # fmt: skip
            ipv4, ipv6 = f"10.78.{n}.2", f"fd78:{n}::2"
            join(near, "down0", f"10.78.{n}.1/24", f"fd78:{n}::1/64",
                 name, "up0", f"{ipv4}/24", f"{ipv6}/64")  # fmt: skip
            ip_batch((f"route add default via 10.78.{n}.1", f"route add default via fd78:{n}::1"),
                     name)  # fmt: skip
        if plan.rules:
            load_firewall(wall, ruleset(plan.rules, hook))
        return LabHost(plan, name, ipv4, ipv6)

    def start_services(self, where: str, plan: HostPlan) -> Callable[[], None]:
        """Start a plan's listeners in a namespace; the returned call waits until they listen."""
        tcp = ",".join(map(str, plan.tcp_open))
        udp = ",".join(f"{port}={service}" for port, service in plan.udp_services.items())
        script = str(FOLDER / "services.py")
        process = self.start(where, sys.executable, "-S", script, tcp, udp)
        return lambda: wait_ready(process, f"services of {plan.name}")

    def start(self, where: str, *words: str) -> subprocess.Popen[str]:
        """Start a process in a namespace that ends when its stdin closes, at the latest with the
        lab (or with our death: the kernel then closes the pipe)."""
        process = subprocess.Popen(
            ("ip", "netns", "exec", where, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._cleanup.callback(stop, process)
        return process

    def scan_command(self, *words: str) -> tuple[str, ...]:
        """The command line that runs ``words`` in the scanner namespace."""
        return ("ip", "netns", "exec", self.scanner, *words)


def join(
    left: str, left_name: str, left4: str, left6: str,
    right: str, right_name: str, right4: str, right6: str,
) -> None:  # fmt: skip
    """Join two namespaces by a veth pair with an IPv4 and an IPv6 address on each end."""
    command("ip", "link", "add", left_name, "netns", left, "type", "veth",
            "peer", "name", right_name, "netns", right)  # fmt: skip
    for name, device, ipv4, ipv6 in (
        (left, left_name, left4, left6),
        (right, right_name, right4, right6),
    ):
        address_device(name, device, ipv4, ipv6)


def address_device(name: str, device: str, ipv4: str, ipv6: str) -> None:
    """Give a device its addresses and bring it up."""
    ip_batch(
        (
            f"addr add {ipv4} dev {device}",
            f"link set {device} up",
            f"addr add {ipv6} dev {device} nodad",
        ),
        name,
    )


def load_firewall(name: str, text: str) -> None:
    """Load an nft ruleset in a namespace. Raises LabError."""
    command("ip", "netns", "exec", name, "nft", "-f", "-", stdin=text)


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


def pipe(stream: IO[str] | None) -> IO[str]:
    """A stream that was asked for as a pipe."""
    if stream is None:
        raise LabError("the process was started without a pipe")
    return stream

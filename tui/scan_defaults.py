"""The configuration's idea of a scan, where the command line says nothing."""

from __future__ import annotations

import argparse
import contextlib

from engine.spec.error import SpecError
from engine.spec.scan_type import ScanType
from tui.config import ScanDefaults
from tui.plan import Finding, Plan

_PORTS = ("ports", "fast", "top_ports", "no_ports", "list_only")
_FINDING = (
    "no_ports", "list_only", "no_ping", "ping_echo", "ping_timestamp", "ping_mask", "ping_syn",
    "ping_ack", "ping_udp", "ping_sctp", "ping_protocol",
)  # fmt: skip
_PORT_OPTIONS = ("ports", "fast", "top_ports", "exclude_ports", "scan_types", "zombie", "scanflags")
_NAMES = ("names", "dns_servers", "system_dns", "list_only")
"""Options that say something of their own about ports, finding hosts and names."""


def completed(args: argparse.Namespace, defaults: ScanDefaults) -> Plan:
    """The plan of parsed options with what ``defaults`` adds to them.

    Ports are added only where they fit the scan types that were asked for, and hosts are not only
    looked for when the options say which ports to scan or how.
    """
    plan = Plan(args)

    def silent(names: tuple[str, ...]) -> bool:
        return not any(getattr(args, name) for name in names)

    with contextlib.suppress(SpecError):
        types = plan.scan_types
        if silent(_PORTS) and defaults.ports != "default" and ScanType.PROTOCOL not in types:
            plan = plan.with_ports(defaults.ports)
    asks_ports = defaults.discovery in (Finding.PING, Finding.EVERY)
    if silent(_FINDING) and (asks_ports or silent(_PORT_OPTIONS)):
        plan = plan.with_finding(defaults.discovery)
    if silent(_NAMES) and not defaults.names and plan.finding is not Finding.LIST:
        plan = plan.with_names(False)
    return plan

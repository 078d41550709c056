"""Hosts that accept every connection: a tarpit and a SYN proxy, what scans see and what is true."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.firewall import Outcome, silence_to
from tests.lab.hosts import OPEN, HostPlan, protocol_of
from tests.lab.namespace import command
from tests.lab.network import Lab, LabHost, inside, load_firewall


@dataclass(frozen=True)
class LiarPlan(HostPlan):
    """A host whose SYN/ACKs prove nothing.

    ``truth`` is what a scan sees and nmap reports. What is really there is in ``tcp_open``.

    Attributes:
        note: why the scan is wrong.
        raw_families: the families in which a raw SYN is answered at all.
    """

    note: str = ""
    raw_families: tuple[int, ...] = (4, 6)

    def truth(self, scan: str, port: int, family: int) -> Outcome:
        if protocol_of(scan) != "tcp":
            return super().truth(scan, port, family)
        if scan == "-sT" or (scan == "-sS" and family in self.raw_families):
            return OPEN[scan]
        return silence_to(scan)


TARPIT = LiarPlan(
    "tarpit",
    also_scanned=(22, 80, 443, 1234),
    note=(
        "every port completes a handshake with a window of 0, and no data can ever be sent: "
        "nothing listens"
    ),
)
SYN_PROXY = LiarPlan(
    "synproxy",
    tcp_open=(22, 80),
    also_scanned=(443, 1234),
    note=(
        "the proxy completes every handshake itself and only then asks the server behind it: a "
        "port without a listener is reset after connect() has succeeded"
    ),
    # Linux checks the SYN's checksum by IPv4's rules in both families (nft_synproxy_do_eval), so
    # over IPv6 only SYNs whose checksum it need not check, those of a local kernel, get through.
    raw_families=(4,),
)

_PROXY = """
table inet lab {
  chain early {
    type filter hook prerouting priority raw; policy accept
    tcp flags & (fin | syn | rst | ack) == syn notrack
  }
  chain gate {
    type filter hook input priority 0; policy accept
    meta l4proto tcp ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
    meta l4proto tcp ct state invalid drop
  }
}
"""
_PROXY_NEEDS = ("net.ipv4.tcp_syncookies=1", "net.netfilter.nf_conntrack_tcp_loose=0")


def add_syn_proxy(lab: Lab) -> LabHost:
    """Bring up the host behind an nft SYN proxy. Raises LabError, also when the kernel has none."""
    host = lab.add(SYN_PROXY)
    load_firewall(host.namespace, _PROXY)
    command(*inside(host.namespace, "sysctl", "-qw", *_PROXY_NEEDS))
    return host

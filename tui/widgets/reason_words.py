"""Reasons in plain words, for people who do not read ICMP codes."""

from __future__ import annotations

from collections.abc import Mapping

from engine.spec.reason import Reason

REASON_WORDS: Mapping[Reason, str] = {
    Reason.NO_RESPONSE: "no answer to any copy of the probe",
    Reason.SYN_ACK: "the host accepted the connection",
    Reason.RESET: "the host refused with a TCP reset",
    Reason.CONN_REFUSED: "the host refused the connection",
    Reason.SPLIT_HANDSHAKE_SYN: "the host answered our SYN with a SYN of its own",
    Reason.UDP_RESPONSE: "a datagram came back from the port",
    Reason.PROTO_RESPONSE: "the host speaks this protocol",
    Reason.PORT_UNREACH: "the host says nothing listens (ICMP port unreachable)",
    Reason.PROTO_UNREACH: "the host does not speak this protocol (ICMP)",
    Reason.HOST_UNREACH: "a router cannot reach the host (ICMP)",
    Reason.NET_UNREACH: "a router cannot reach the network (ICMP)",
    Reason.HOST_PROHIBITED: "a firewall forbids traffic to this host (ICMP)",
    Reason.NET_PROHIBITED: "a firewall forbids traffic to this network (ICMP)",
    Reason.ADMIN_PROHIBITED: "a firewall forbids this traffic (ICMP)",
    Reason.DEST_UNREACH: "a router could not deliver the probe (ICMP)",
    Reason.TIME_EXCEEDED: "the probe ran out of hops on the way (ICMP)",
    Reason.NO_ROUTE: "a router has no route to the target (ICMPv6)",
    Reason.BEYOND_SCOPE: "the source address is not valid there (ICMPv6)",
    Reason.REJECT_ROUTE: "a router rejects this route (ICMPv6)",
    Reason.PARAM_PROBLEM: "the host found fault with our packet's header (ICMP)",
    Reason.ECHO_REPLY: "the host answered a ping",
    Reason.TIMESTAMP_REPLY: "the host answered a timestamp request",
    Reason.ADDRESSMASK_REPLY: "the host answered an address mask request",
    Reason.ARP_RESPONSE: "the host answered an ARP request",
    Reason.ND_RESPONSE: "the host answered a neighbour solicitation",
    Reason.INIT_ACK: "the host accepted the SCTP association",
    Reason.ABORT: "the host refused the SCTP association",
    Reason.IPID_CHANGE: "the idle host's packet counter moved",
    Reason.NO_IPID_CHANGE: "the idle host's packet counter did not move",
    Reason.TCP_RESPONSE: "a TCP segment came back",
    Reason.LOCALHOST_RESPONSE: "the target is this machine",
    Reason.USER_SET: "you said so",
    Reason.SOURCE_QUENCH: "the host asked us to slow down (ICMP)",
    Reason.PERM_DENIED: "this machine did not let us send the probe",
}

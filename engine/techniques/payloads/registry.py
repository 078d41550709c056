"""The request each UDP port gets. Ports without a row get an empty datagram."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.techniques.payloads import (
    classics,
    databases,
    directory,
    games,
    management,
    naming,
    neighbourhood,
    records,
    rpc,
    telephony,
    time,
    vpn,
)
from engine.techniques.payloads.payload import Payload

PAYLOADS: Mapping[int, Payload] = MappingProxyType(
    {
        7: classics.ECHO,
        53: naming.DNS,
        69: classics.TFTP,
        88: directory.KERBEROS,
        111: rpc.RPCBIND,
        123: time.NTP,
        137: naming.NETBIOS,
        161: management.SNMP,
        177: classics.XDMCP,
        389: directory.CLDAP,
        427: directory.SLP,
        443: records.QUIC,
        500: vpn.IKE,
        520: classics.RIP,
        623: management.RMCP,
        853: records.QUIC,
        1194: vpn.OPENVPN,
        1434: databases.SQL_BROWSER,
        1701: vpn.L2TP,
        1900: neighbourhood.SSDP,
        2049: rpc.NFS,
        2123: telephony.GTP,
        2152: telephony.GTP,
        3478: telephony.STUN,
        4433: records.DTLS,
        4500: vpn.IKE_NAT,
        5060: telephony.SIP,
        5349: records.DTLS,
        5351: neighbourhood.NAT_PMP,
        5353: naming.MDNS,
        5683: neighbourhood.COAP,
        5684: records.DTLS,
        8443: records.QUIC,
        11211: databases.MEMCACHED,
        19132: games.BEDROCK,
        27015: games.SOURCE,
        47808: management.BACNET,
        64738: games.MUMBLE,
    }
)
"""Port number to request."""

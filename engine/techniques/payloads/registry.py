"""The request each UDP port gets. Ports without a row get an empty datagram."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.techniques.payloads import naming
from engine.techniques.payloads.payload import Payload

PAYLOADS: Mapping[int, Payload] = MappingProxyType(
    {
        53: naming.DNS,
        137: naming.NETBIOS,
        5353: naming.MDNS,
    }
)
"""Port number to request."""

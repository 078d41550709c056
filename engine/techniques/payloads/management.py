"""Management: SNMP, IPMI's remote control protocol, BACnet."""

from __future__ import annotations

import struct

from engine.techniques.payloads.ber import (
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    SEQUENCE,
    TOKEN_BYTES,
    context,
    integer,
    tlv,
    token_integer,
)
from engine.techniques.payloads.payload import Payload

_SYS_DESCR = bytes([1 * 40 + 3, 6, 1, 2, 1, 1, 1, 0])
"""1.3.6.1.2.1.1.1.0 (RFC 3418): the first two arcs share a byte."""


def _snmp_get(community: bytes, object_id: bytes) -> bytes:
    version_1, no_error, no_index, get_request = 0, 0, 0, 0
    return tlv(
        SEQUENCE,
        integer(version_1),
        tlv(OCTET_STRING, community),
        context(
            get_request,
            token_integer(),
            integer(no_error),
            integer(no_index),
            tlv(SEQUENCE, tlv(SEQUENCE, tlv(OBJECT_ID, object_id), tlv(NULL))),
        ),
    )


def _presence_ping() -> bytes:
    rmcp_version, reserved, no_acknowledgment, class_asf = 6, 0, 0xFF, 6
    asf_enterprise, presence_ping, tag, data_length = 4542, 0x80, 0x50, 0
    return struct.pack(
        "!4BI4B",
        *(rmcp_version, reserved, no_acknowledgment, class_asf),
        *(asf_enterprise, presence_ping, tag, reserved, data_length),
    )


def _bacnet_read_device_id() -> bytes:
    expecting_reply, network_version = 0x04, 1
    confirmed_request, accepts_1476_bytes, invoke_id, read_property = 0x00, 0x05, 0x50, 0x0C
    device_type, any_instance, object_identifier = 8, 0x3FFFFF, 75
    network = bytes([network_version, expecting_reply])
    request = bytes([confirmed_request, accepts_1476_bytes, invoke_id, read_property])
    # Context tag 0 with 4 bytes of content, then context tag 1 with 1 byte.
    object_id = b"\x0c" + struct.pack("!I", device_type << 22 | any_instance)
    property_id = b"\x19" + bytes([object_identifier])
    npdu = network + request + object_id + property_id
    bacnet_ip, original_unicast = 0x81, 0x0A
    return struct.pack("!2BH", bacnet_ip, original_unicast, 4 + len(npdu)) + npdu


SNMP = Payload(
    "SNMPv1 get sysDescr, community public",
    "RFC 1157 section 4.1, RFC 3418 section 2",
    _snmp_get(b"public", _SYS_DESCR),
    TOKEN_BYTES,
)

RMCP = Payload("RMCP presence ping", "DMTF DSP0136 (ASF 2.0) section 3.2", _presence_ping())

BACNET = Payload(
    "BACnet/IP read device identifier",
    "ASHRAE 135 clauses 15.5, 20.1.2 and J.2.11",
    _bacnet_read_device_id(),
)

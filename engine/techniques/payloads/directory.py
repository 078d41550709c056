"""Directories and service location: Kerberos, connectionless LDAP, SLP."""

from __future__ import annotations

import struct

from engine.techniques.payloads.ber import (
    BIT_STRING,
    BOOLEAN,
    ENUMERATED,
    GENERAL_STRING,
    GENERALIZED_TIME,
    OCTET_STRING,
    SEQUENCE,
    TOKEN_BYTES,
    application,
    context,
    integer,
    tlv,
    token_integer,
)
from engine.techniques.payloads.payload import TOKEN, Payload

_REALM = b"PYSCAN.INVALID"
_XID = TOKEN[-2:]


def _kerberos_as_request() -> bytes:
    """Asks a realm that is not there, for nobody: any KDC answers with an error."""
    version, as_request, service_instance = 5, 10, 2
    aes256, aes128 = 18, 17
    no_options = tlv(BIT_STRING, b"\0", bytes(4))
    service = tlv(
        SEQUENCE,
        context(0, integer(service_instance)),
        context(1, tlv(SEQUENCE, tlv(GENERAL_STRING, b"krbtgt"), tlv(GENERAL_STRING, _REALM))),
    )
    body = tlv(
        SEQUENCE,
        context(0, no_options),
        context(2, tlv(GENERAL_STRING, _REALM)),
        context(3, service),
        context(5, tlv(GENERALIZED_TIME, b"19700101000000Z")),
        context(7, token_integer()),
        context(8, tlv(SEQUENCE, integer(aes256), integer(aes128))),
    )
    return application(
        10,
        tlv(
            SEQUENCE,
            context(1, integer(version)),
            context(2, integer(as_request)),
            context(4, body),
        ),
    )


def _ldap_root_search(attribute: bytes) -> bytes:
    """A search of the root DSE for one attribute."""
    base_object, never_dereference, no_limit = 0, 0, 0
    present_filter, search_request = 0x87, 3
    return tlv(
        SEQUENCE,
        token_integer(),
        application(
            search_request,
            tlv(OCTET_STRING),
            integer(base_object, ENUMERATED),
            integer(never_dereference, ENUMERATED),
            integer(no_limit),
            integer(no_limit),
            tlv(BOOLEAN, b"\0"),
            tlv(present_filter, b"objectClass"),
            tlv(SEQUENCE, tlv(OCTET_STRING, attribute)),
        ),
    )


def _slp_text(text: bytes) -> bytes:
    return struct.pack("!H", len(text)) + text


def _slp_service_types() -> bytes:
    version, service_type_request, flags, no_extension = 2, 9, 0, bytes(3)
    all_naming_authorities = b"\xff\xff"
    previous_responders = _slp_text(b"")
    body = previous_responders + all_naming_authorities + _slp_text(b"default")
    rest = struct.pack("!H", flags) + no_extension + _XID + _slp_text(b"en") + body
    length = 2 + 3 + len(rest)
    return bytes([version, service_type_request]) + length.to_bytes(3, "big") + rest


KERBEROS = Payload("Kerberos AS-REQ", "RFC 4120 section 5.4.1", _kerberos_as_request(), TOKEN_BYTES)

CLDAP = Payload(
    "CLDAP root DSE search",
    "RFC 4511 section 4.5.1 over UDP (RFC 1798)",
    _ldap_root_search(b"supportedLDAPVersion"),
    TOKEN_BYTES,
)

SLP = Payload(
    "SLPv2 service type request", "RFC 2608 sections 8 and 10.1", _slp_service_types(), _XID
)

"""ASN.1 values in BER (X.690): the little that SNMP, LDAP and Kerberos requests need."""

from __future__ import annotations

from engine.techniques.payloads.payload import TOKEN

INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_ID = 0x02, 0x03, 0x04, 0x05, 0x06
BOOLEAN, ENUMERATED, GENERALIZED_TIME, GENERAL_STRING = 0x01, 0x0A, 0x18, 0x1B
SEQUENCE = 0x30

TOKEN_BYTES = TOKEN[-3:]


def tlv(tag: int, *contents: bytes) -> bytes:
    """A value: tag, definite length (X.690 section 8.1.3), contents."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def application(number: int, *contents: bytes) -> bytes:
    """A constructed value tagged [APPLICATION number], number below 31."""
    return tlv(0x60 | number, *contents)


def context(number: int, *contents: bytes) -> bytes:
    """A constructed value tagged [number], below 31."""
    return tlv(0xA0 | number, *contents)


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A non-negative INTEGER (or ENUMERATED) in its shortest form (X.690 section 8.3)."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def token_integer() -> bytes:
    """A positive 32-bit INTEGER holding 24 bits of the token (TOKEN_BYTES).

    The first byte is fixed, so that the form is the shortest whatever the token.
    """
    return tlv(INTEGER, b"\x50" + TOKEN_BYTES)

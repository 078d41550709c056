"""Encrypted transports: a QUIC packet of no known version, and a DTLS ClientHello."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload


def _quic_unknown_version() -> bytes:
    """A long-header packet of a version reserved to be unknown: the server lists the versions it
    speaks and keeps nothing. Servers ignore one shorter than 1200 bytes. The rest is laid out like
    a version 1 Initial, for the sake of whoever inspects it on the way."""
    long_header, fixed_bit = 0x80, 0x40
    reserved_version = 0x1A2A3A4A
    destination_id, source_id = b"pysc" + TOKEN, b"pyscquic"
    no_token = b"\0"
    head = (
        struct.pack("!BI", long_header | fixed_bit, reserved_version)
        + bytes([len(destination_id)])
        + destination_id
        + bytes([len(source_id)])
        + source_id
        + no_token
    )
    two_byte_number, length_field = 0x4000, 2
    padding = bytes(1200 - len(head) - length_field)
    return head + struct.pack("!H", two_byte_number | len(padding)) + padding


def _extension(number: int, content: bytes) -> bytes:
    return struct.pack("!2H", number, len(content)) + content


def _u16_list(*values: int) -> bytes:
    return struct.pack(f"!{len(values) + 1}H", 2 * len(values), *values)


_CIPHER_SUITES = (
    0xC02B,  # ECDHE-ECDSA AES-128-GCM SHA256
    0xC02F,  # ECDHE-RSA AES-128-GCM SHA256
    0xC030,  # ECDHE-RSA AES-256-GCM SHA384
    0xCCA8,  # ECDHE-RSA ChaCha20-Poly1305 SHA256
    0xC0AE,  # ECDHE-ECDSA AES-128-CCM-8: what RFC 7252 asks of CoAP devices
    0xC0A8,  # PSK AES-128-CCM-8: likewise
    0xC013,  # ECDHE-RSA AES-128-CBC SHA
    0x002F,  # RSA AES-128-CBC SHA
    0x00FF,  # TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746)
)


def _dtls_client_hello() -> bytes:
    """A first ClientHello, without cookie: the server answers with one and keeps nothing."""
    dtls_1_2, dtls_1_0 = 0xFEFD, 0xFEFF
    random = TOKEN + b"pyscan looks, and goes away."
    no_session, no_cookie, null_compression = b"\0", b"\0", b"\1\0"
    x25519, secp256r1, uncompressed = 29, 23, b"\1\0"
    ecdsa_sha256, rsa_pss_sha256, rsa_sha256 = 0x0403, 0x0804, 0x0401
    extensions = (
        _extension(10, _u16_list(x25519, secp256r1))  # supported_groups
        + _extension(11, uncompressed)  # ec_point_formats
        + _extension(13, _u16_list(ecdsa_sha256, rsa_pss_sha256, rsa_sha256))
    )
    body = (
        struct.pack("!H", dtls_1_2)
        + random
        + no_session
        + no_cookie
        + _u16_list(*_CIPHER_SUITES)
        + null_compression
        + struct.pack("!H", len(extensions))
        + extensions
    )
    client_hello, message_number, fragment_offset = 1, 0, 0
    size = len(body).to_bytes(3, "big")
    handshake = (
        bytes([client_hello])
        + size
        + struct.pack("!H", message_number)
        + fragment_offset.to_bytes(3, "big")
        + size
        + body
    )
    content_handshake, epoch, sequence = 22, 0, bytes(6)
    record = struct.pack("!B2H", content_handshake, dtls_1_0, epoch) + sequence
    return record + struct.pack("!H", len(handshake)) + handshake


QUIC = Payload(
    "QUIC version negotiation",
    "RFC 9000 sections 5.2.2, 6 and 15, RFC 8999 section 5.1",
    _quic_unknown_version(),
    TOKEN,
)

DTLS = Payload(
    "DTLS 1.2 ClientHello",
    "RFC 6347 section 4.2, RFC 5246 section 7.4.1.2",
    _dtls_client_hello(),
    TOKEN,
)

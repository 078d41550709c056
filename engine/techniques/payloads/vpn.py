"""Virtual private networks: IKEv2, OpenVPN, L2TP. WireGuard answers no one without a key.

The first packet of each may make the server hold a half-open exchange until its own short timer
ends it; none authenticates, and none is ever followed up.
"""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload

_SA, _KEY_EXCHANGE, _NONCE, _NO_NEXT = 33, 34, 40, 0
_ENCRYPTION, _PRF, _INTEGRITY, _GROUP = 1, 2, 3, 4
_X25519 = 31

_TRANSFORMS = (
    (_ENCRYPTION, 12, 256),  # AES-CBC, key bits
    (_ENCRYPTION, 12, 128),
    (_PRF, 5, None),  # HMAC-SHA2-256
    (_PRF, 2, None),  # HMAC-SHA1
    (_INTEGRITY, 12, None),  # HMAC-SHA2-256-128
    (_INTEGRITY, 2, None),  # HMAC-SHA1-96
    (_GROUP, _X25519, None),
    (_GROUP, 19, None),  # 256-bit random ECP
    (_GROUP, 14, None),  # 2048-bit MODP
    (_GROUP, 2, None),  # 1024-bit MODP
)


def _ike_payload(next_payload: int, content: bytes) -> bytes:
    return struct.pack("!2BH", next_payload, 0, 4 + len(content)) + content


def _ike_transform(last: bool, kind: int, number: int, key_bits: int | None) -> bytes:
    key_length = b"" if key_bits is None else struct.pack("!2H", 0x8000 | 14, key_bits)
    more = 0 if last else 3
    return struct.pack("!2BH2BH", more, 0, 8 + len(key_length), kind, 0, number) + key_length


def _ike_sa_init() -> bytes:
    """An IKE_SA_INIT request. Its key exchange value is Curve25519's base point."""
    transforms = b"".join(
        _ike_transform(index == len(_TRANSFORMS) - 1, *row) for index, row in enumerate(_TRANSFORMS)
    )
    last, number, protocol_ike, spi_size = 0, 1, 1, 0
    proposal = struct.pack(
        "!2BH4B",
        *(last, 0, 8 + len(transforms)),
        *(number, protocol_ike, spi_size, len(_TRANSFORMS)),
    )
    key = struct.pack("!2H", _X25519, 0) + (9).to_bytes(32, "little")
    payloads = (
        _ike_payload(_KEY_EXCHANGE, proposal + transforms)
        + _ike_payload(_NONCE, key)
        + _ike_payload(_NO_NEXT, b"pyscan looks, and goes away.")
    )
    initiator_spi, responder_spi = b"pysc" + TOKEN, bytes(8)
    version_2_0, exchange_sa_init, from_initiator, message_id = 0x20, 34, 0x08, 0
    header = (
        initiator_spi
        + responder_spi
        + struct.pack(
            "!4B2I",
            *(_SA, version_2_0, exchange_sa_init, from_initiator),
            *(message_id, 28 + len(payloads)),
        )
    )
    return header + payloads


def _openvpn_hard_reset() -> bytes:
    hard_reset_client_v2, key_id = 7, 0
    session_id, no_acknowledgments, packet_id = b"pysc" + TOKEN, b"\0", bytes(4)
    return bytes([hard_reset_client_v2 << 3 | key_id]) + session_id + no_acknowledgments + packet_id


def _l2tp_avp(attribute: int, value: bytes) -> bytes:
    mandatory, ietf = 0x8000, 0
    return struct.pack("!3H", mandatory | 6 + len(value), ietf, attribute) + value


def _l2tp_start_control_connection() -> bytes:
    sccrq, version_1_0, asynchronous_and_synchronous, tunnel = 1, 0x0100, 3, 0x5053
    avps = (
        _l2tp_avp(0, struct.pack("!H", sccrq))  # message type
        + _l2tp_avp(2, struct.pack("!H", version_1_0))  # protocol version
        + _l2tp_avp(3, struct.pack("!I", asynchronous_and_synchronous))  # framing capabilities
        + _l2tp_avp(7, b"pyscan")  # host name
        + _l2tp_avp(9, struct.pack("!H", tunnel))  # assigned tunnel id
    )
    control, has_length, has_sequence, version_2 = 0x8000, 0x4000, 0x0800, 2
    no_tunnel, no_session, next_sent, next_received = 0, 0, 0, 0
    header = struct.pack(
        "!6H",
        control | has_length | has_sequence | version_2,
        12 + len(avps),
        *(no_tunnel, no_session, next_sent, next_received),
    )
    return header + avps


IKE = Payload("IKEv2 SA_INIT", "RFC 7296 sections 1.2 and 3, RFC 8031", _ike_sa_init(), TOKEN)

_NON_ESP_MARKER = bytes(4)

IKE_NAT = Payload(
    "IKEv2 SA_INIT behind a NAT",
    "RFC 3948 section 2.2, RFC 7296 section 2.23",
    _NON_ESP_MARKER + IKE.data,
    TOKEN,
)

OPENVPN = Payload(
    "OpenVPN hard reset",
    "OpenVPN source documentation, Network protocol",
    _openvpn_hard_reset(),
    TOKEN,
)

L2TP = Payload(
    "L2TP start control connection",
    "RFC 2661 sections 3.1, 4.1 and 6.1",
    _l2tp_start_control_connection(),
)

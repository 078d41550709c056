"""Telephony and mobile networks: SIP, STUN, GTP."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, TOKEN_DIGITS, Payload

_SIP_OPTIONS = (
    b"OPTIONS sip:pyscan.invalid SIP/2.0",
    b"Via: SIP/2.0/UDP pyscan.invalid;branch=z9hG4bK" + TOKEN_DIGITS + b";rport",
    # 0: whoever gets the request answers it instead of passing it on (RFC 3261 section 11).
    b"Max-Forwards: 0",
    b"From: <sip:pyscan@pyscan.invalid>;tag=pyscan",
    b"To: <sip:pyscan.invalid>",
    b"Call-ID: pyscan@pyscan.invalid",
    b"CSeq: 1 OPTIONS",
    b"Accept: application/sdp",
    b"Content-Length: 0",
)


def _stun_binding() -> bytes:
    binding_request, no_attributes, magic_cookie = 0x0001, 0, 0x2112A442
    transaction_id = b"pyscan.." + TOKEN
    return struct.pack("!2HI", binding_request, no_attributes, magic_cookie) + transaction_id


def _gtp_echo() -> bytes:
    version_1, gtp_not_prime, has_sequence = 1 << 5, 1 << 4, 1 << 1
    echo_request, no_tunnel, n_pdu, no_extension = 1, 0, 0, 0
    options = TOKEN[-2:] + bytes([n_pdu, no_extension])
    flags = version_1 | gtp_not_prime | has_sequence
    return struct.pack("!2BHI", flags, echo_request, len(options), no_tunnel) + options


SIP = Payload(
    "SIP OPTIONS",
    "RFC 3261 sections 8.1.1 and 11, RFC 3581",
    b"\r\n".join(_SIP_OPTIONS) + b"\r\n\r\n",
    TOKEN_DIGITS,
)

STUN = Payload("STUN binding request", "RFC 8489 sections 5 and 6", _stun_binding(), TOKEN)

GTP = Payload(
    "GTPv1 echo request", "3GPP TS 29.281 sections 5.1 and 7.2.1", _gtp_echo(), TOKEN[-2:]
)

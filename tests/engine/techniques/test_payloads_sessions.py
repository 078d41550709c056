"""Requests that open a session, and those to devices and servers, read back by someone else's
decoder or field by field."""

from __future__ import annotations

import ssl
import struct

import pytest

from engine.techniques.payloads import databases, games, neighbourhood, records, telephony, vpn
from engine.techniques.payloads.payload import TOKEN, TOKEN_DIGITS


def number(mark: bytes) -> int:
    return int.from_bytes(mark, "big")


# Encrypted transports and private networks


def test_quic_is_a_full_size_packet_of_a_reserved_version() -> None:
    data = records.QUIC.data
    assert len(data) >= 1200
    assert data[0] & 0xC0 == 0xC0
    assert number(data[1:5]) & 0x0F0F0F0F == 0x0A0A0A0A
    assert data[5] == 8
    assert TOKEN in data[6:14]
    assert data[14] == 8
    assert data[23] == 0
    assert number(data[24:26]) & 0x3FFF == len(data) - 26


def test_dtls() -> None:
    data = records.DTLS.data
    kind, version, epoch = struct.unpack("!B2H", data[:5])
    assert (kind, version, epoch) == (22, 0xFEFF, 0)
    assert number(data[11:13]) == len(data) - 13
    assert data[13] == 1
    assert number(data[14:17]) == number(data[22:25]) == len(data) - 25


def openssl_says(hello: bytes) -> str:
    """Why OpenSSL's TLS server, which has no certificate, turns a ClientHello's body down."""
    incoming = ssl.MemoryBIO()
    handshake = b"\1" + len(hello).to_bytes(3, "big") + hello
    incoming.write(b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.raises(ssl.SSLError) as caught:
        context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
    return caught.value.reason


def test_openssl_reads_the_dtls_hello_to_its_end() -> None:
    body = records.DTLS.data[25:]
    assert body[:2] == b"\xfe\xfd"
    assert body[34:36] == b"\0\0"  # no session, no cookie
    as_tls_1_2 = b"\3\3" + body[2:35] + body[36:]
    assert openssl_says(as_tls_1_2) == "NO_SHARED_CIPHER"
    assert openssl_says(as_tls_1_2[:-1]) == "LENGTH_MISMATCH"


def test_ike() -> None:
    from scapy.contrib.ikev2 import IKEv2, IKEv2_KE, IKEv2_Nonce, IKEv2_SA

    packet = IKEv2(vpn.IKE.data)
    assert packet.init_SPI.endswith(TOKEN)
    assert packet.resp_SPI == bytes(8)
    assert (packet.version, packet.exch_type, packet.id) == (0x20, 34, 0)
    assert packet.length == len(vpn.IKE.data)
    transforms = []
    transform = packet[IKEv2_SA].prop.trans
    while transform.name == "IKEv2 Transform":
        transforms.append((transform.transform_type, transform.transform_id))
        transform = transform.payload
    assert transforms == [
        *[(1, 12), (1, 12), (2, 5), (2, 2), (3, 12), (3, 2)],
        *[(4, 31), (4, 19), (4, 14), (4, 2)],
    ]
    assert packet[IKEv2_KE].group == 31
    assert len(packet[IKEv2_KE].ke) == 32
    assert 16 <= len(packet[IKEv2_Nonce].nonce) <= 256


def test_ike_behind_a_nat_has_the_marker_that_tells_it_from_esp() -> None:
    assert vpn.IKE_NAT.data == bytes(4) + vpn.IKE.data


def test_l2tp() -> None:
    data = vpn.L2TP.data
    flags, length, tunnel, session, sent, received = struct.unpack("!6H", data[:12])
    assert (flags, length) == (0xC802, len(data))
    assert (tunnel, session, sent, received) == (0, 0, 0, 0)
    attributes = {}
    rest = data[12:]
    while rest:
        size = number(rest[:2]) & 0x3FF
        assert rest[:1] == b"\x80"
        attributes[number(rest[4:6])] = rest[6:size]
        rest = rest[size:]
    assert attributes[0] == b"\0\1"
    assert attributes[2] == b"\1\0"
    assert attributes[3] == b"\0\0\0\3"
    assert attributes[7] == b"pyscan"
    assert number(attributes[9]) > 0


def test_openvpn() -> None:
    data = vpn.OPENVPN.data
    assert data[0] == 7 << 3
    assert data[5:9] == TOKEN
    assert data[9:] == bytes(5)


# Telephony and mobile networks


def test_sip_is_one_whole_request() -> None:
    head, _, body = telephony.SIP.data.partition(b"\r\n\r\n")
    request, *lines = head.split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    assert request == b"OPTIONS sip:pyscan.invalid SIP/2.0"
    assert {b"Via", b"Max-Forwards", b"From", b"To", b"Call-ID", b"CSeq"} <= set(headers)
    assert b";branch=z9hG4bK" + TOKEN_DIGITS in headers[b"Via"]
    assert headers[b"Via"].endswith(b";rport")
    assert int(headers[b"Content-Length"]) == len(body) == 0


def test_stun() -> None:
    from scapy.contrib.stun import STUN

    packet = STUN(telephony.STUN.data)
    assert (packet.stun_message_type, packet.length, packet.magic_cookie) == (1, 0, 0x2112A442)
    assert packet.transaction_id & 0xFFFFFFFF == number(TOKEN)


def test_gtp() -> None:
    from scapy.contrib.gtp import GTPHeader

    packet = GTPHeader(telephony.GTP.data)
    assert (packet.version, packet.PT, packet.S, packet.E, packet.PN) == (1, 1, 1, 0, 0)
    assert (packet.gtp_type, packet.teid, packet.length) == (1, 0, len(telephony.GTP.data) - 8)
    assert packet.seq == number(TOKEN[-2:])


# Devices, databases, games


def test_ssdp_searches_for_root_devices() -> None:
    request, *lines = neighbourhood.SSDP.data.removesuffix(b"\r\n\r\n").split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    assert request == b"M-SEARCH * HTTP/1.1"
    assert headers[b"MAN"] == b'"ssdp:discover"'
    assert headers[b"ST"] == b"upnp:rootdevice"


def test_coap() -> None:
    from scapy.contrib.coap import CoAP

    packet = CoAP(neighbourhood.COAP.data)
    assert (packet.ver, packet.type, packet.tkl, packet.code) == (1, 0, 0, 1)
    assert packet.msg_id == number(TOKEN[-2:])
    assert packet.options == [("Uri-Path", b".well-known"), ("Uri-Path", b"core")]


def test_the_small_ones() -> None:
    assert neighbourhood.NAT_PMP.data == b"\0\0"
    assert databases.SQL_BROWSER.data == b"\3"
    assert databases.MEMCACHED.data == TOKEN[-2:] + bytes.fromhex("0000 0001 0000") + b"version\r\n"
    assert games.SOURCE.data == b"\xff\xff\xff\xffTSource Engine Query\0"
    assert games.MUMBLE.data == bytes(4) + b"pysc" + TOKEN
    assert len(games.BEDROCK.data) == 1 + 8 + 16 + 8
    assert games.BEDROCK.data[5:9] == TOKEN

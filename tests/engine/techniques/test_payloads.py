"""Every request, read back by someone else's decoder or field by field."""

from __future__ import annotations

import ssl
import struct

import numpy as np
import pytest

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
from engine.techniques.payloads.ber import INTEGER, application, context, integer, tlv
from engine.techniques.payloads.payload import TOKEN, TOKEN_DIGITS, Payload
from engine.techniques.payloads.registry import PAYLOADS


def number(mark: bytes) -> int:
    return int.from_bytes(mark, "big")


# The table


def test_at_least_thirty_services_are_asked_in_their_own_words() -> None:
    assert len({payload.name for payload in PAYLOADS.values()}) >= 30
    assert 51820 not in PAYLOADS  # WireGuard: silent without a key


@pytest.mark.parametrize("port", sorted(PAYLOADS))
def test_a_payload_is_named_sourced_and_fits_an_unfragmented_packet(port: int) -> None:
    payload = PAYLOADS[port]
    assert 1 <= port <= 65535
    assert payload.name
    assert payload.source
    assert 0 < len(payload.data) <= 1280 - 40 - 8  # IPv6's minimum MTU
    assert len(payload.token) in (0, 2, 3, 4, 8)


@pytest.mark.parametrize("data", [b"none here", TOKEN + b"twice" + TOKEN])
def test_a_payload_with_no_or_two_places_for_its_token_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        Payload("odd", "nowhere", data, TOKEN)


def test_rows_carry_the_token_in_the_width_of_the_field() -> None:
    tokens = np.array([0x01020304, 0xFFFEFDFC], np.uint32)
    for mark, stamps in {
        TOKEN[-2:]: (b"\x03\x04", b"\xfd\xfc"),
        TOKEN[-3:]: (b"\x02\x03\x04", b"\xfe\xfd\xfc"),
        TOKEN: (b"\x01\x02\x03\x04", b"\xff\xfe\xfd\xfc"),
        TOKEN_DIGITS: (b"01020304", b"fffefdfc"),
        b"": (b"", b""),
    }.items():
        rows = Payload("any", "any", b"<" + mark + b">", mark).rows(tokens)
        assert [row.tobytes() for row in rows] == [b"<" + stamp + b">" for stamp in stamps]


# Names


def test_dns() -> None:
    from scapy.layers.dns import DNS

    query = DNS(naming.DNS.data)
    assert (query.id, query.qr, query.opcode, query.rd) == (number(TOKEN[-2:]), 0, 0, 0)
    assert (query.qdcount, query.ancount, query.nscount, query.arcount) == (1, 0, 0, 0)
    question = query.qd[0]
    assert (question.qname, question.qtype, question.qclass) == (b"version.bind.", 16, 3)
    assert bytes(query) == naming.DNS.data


def test_mdns_asks_for_a_unicast_answer() -> None:
    from scapy.layers.dns import DNS

    question = DNS(naming.MDNS.data).qd[0]
    assert question.qname == b"_services._dns-sd._udp.local."
    assert question.qtype == 12
    assert bytes(question)[-2:] == b"\x80\x01"


def test_netbios() -> None:
    from scapy.layers.netbios import NBNSHeader, NBNSNodeStatusRequest

    header = NBNSHeader(naming.NETBIOS.data)
    assert number(TOKEN[-2:]) == header.NAME_TRN_ID
    assert (header.RESPONSE, header.QDCOUNT) == (0, 1)
    status = NBNSNodeStatusRequest(bytes(header.payload))
    assert status.QUESTION_NAME.rstrip(b"\0") == b"*"
    assert (status.QUESTION_TYPE, status.QUESTION_CLASS) == (0x21, 1)


# ASN.1


def test_ber_lengths_take_the_short_form_first() -> None:
    assert tlv(4, b"x" * 127)[:2] == b"\x04\x7f"
    assert tlv(4, b"x" * 128)[:3] == b"\x04\x81\x80"
    assert tlv(4, b"x" * 300)[:4] == b"\x04\x82\x01\x2c"
    assert application(3)[:1] == b"\x63"
    assert context(7)[:1] == b"\xa7"


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 32767, 32768, 2**31 - 1])
def test_ber_integers_read_back(value: int) -> None:
    from scapy.asn1.asn1 import ASN1_INTEGER
    from scapy.asn1.ber import BERcodec_INTEGER

    decoded, rest = BERcodec_INTEGER.dec(integer(value))
    assert (decoded, rest) == (ASN1_INTEGER(value), b"")
    assert integer(value) == BERcodec_INTEGER.enc(value)
    assert integer(value)[0] == INTEGER


def test_snmp() -> None:
    from scapy.layers.snmp import SNMP

    message = SNMP(management.SNMP.data)
    assert (message.version.val, message.community.val) == (0, b"public")
    assert message.PDU.name == "SNMPget"
    assert message.PDU.id.val == number(b"\x50" + TOKEN[-3:])
    assert [bind.oid.val for bind in message.PDU.varbindlist] == ["1.3.6.1.2.1.1.1.0"]
    assert bytes(message) == management.SNMP.data


def test_cldap() -> None:
    from scapy.layers.ldap import CLDAP

    message = CLDAP(directory.CLDAP.data)
    assert message.messageID.val == number(b"\x50" + TOKEN[-3:])
    search = message.protocolOp
    assert (search.baseObject.val, search.scope.val, search.attrsOnly.val) == (b"", 0, 0)
    assert search.filter.filter.present.val == b"objectClass"
    assert [a.type.val for a in search.attributes] == [b"supportedLDAPVersion"]


def test_kerberos() -> None:
    from scapy.layers.kerberos import Kerberos

    request = Kerberos(directory.KERBEROS.data).root
    assert (request.pvno.val, request.msgType.val) == (5, 10)
    body = request.reqBody
    assert body.realm.val == b"PYSCAN.INVALID"
    assert [part.val for part in body.sname.nameString] == [b"krbtgt", b"PYSCAN.INVALID"]
    assert body.nonce.val == number(b"\x50" + TOKEN[-3:])
    assert [kind.val for kind in body.etype] == [18, 17]
    assert bytes(request) == directory.KERBEROS.data


def test_slp_states_its_own_length() -> None:
    data = directory.SLP.data
    assert data[:2] == b"\x02\x09"
    assert number(data[2:5]) == len(data)
    assert data[10:12] == TOKEN[-2:]
    assert data[12:] == b"\0\2en" + b"\0\0" + b"\xff\xff" + b"\0\7default"


def test_bacnet_states_its_own_length() -> None:
    data = management.BACNET.data
    assert data[:2] == b"\x81\x0a"
    assert number(data[2:4]) == len(data)
    (device,) = struct.unpack("!I", data[11:15])
    assert (device >> 22, device & 0x3FFFFF) == (8, 4194303)
    assert data[4:11] == bytes.fromhex("0104 0005 500c 0c")
    assert data[15:] == b"\x19\x4b"


def test_rmcp() -> None:
    version, reserved, sequence, kind, enterprise, ping, _, _, length = struct.unpack(
        "!4BI4B", management.RMCP.data
    )
    assert (version, reserved, sequence, kind) == (6, 0, 0xFF, 6)
    assert (enterprise, ping, length) == (0x11BE, 0x80, 0)


# Time, calls, elders


def test_ntp() -> None:
    from scapy.layers.ntp import NTPHeader

    packet = NTPHeader(time.NTP.data)
    assert (packet.leap, packet.version, packet.mode, packet.stratum) == (0, 4, 3, 0)
    assert len(time.NTP.data) == 48
    assert time.NTP.data[40:44] == TOKEN


@pytest.mark.parametrize(
    ("payload", "program", "version"), [(rpc.RPCBIND, 100000, 2), (rpc.NFS, 100003, 3)]
)
def test_rpc(payload: Payload, program: int, version: int) -> None:
    from scapy.contrib.oncrpc import RPC, RPC_Call

    message = RPC(payload.data)
    assert (message.xid, message.mtype) == (number(TOKEN), 0)
    call = message[RPC_Call]
    assert (call.version, call.program, call.pversion, call.procedure) == (2, program, version, 0)
    assert payload.data[24:] == bytes(16)


def test_tftp() -> None:
    from scapy.layers.tftp import TFTP, TFTP_RRQ

    packet = TFTP(classics.TFTP.data)
    assert packet.op == 1
    assert packet[TFTP_RRQ].filename.startswith(b"pyscan")
    assert packet[TFTP_RRQ].mode == b"octet"


def test_rip_asks_for_one_route_only() -> None:
    from scapy.layers.rip import RIP, RIPEntry

    packet = RIP(classics.RIP.data)
    assert (packet.cmd, packet.version) == (1, 2)
    entry = packet[RIPEntry]
    assert (entry.AF, entry.addr, entry.mask, entry.metric) == (2, "0.0.0.0", "0.0.0.0", 16)
    assert len(classics.RIP.data) == 24


def test_xdmcp_and_echo() -> None:
    assert classics.XDMCP.data == bytes.fromhex("0001 0002 0001 00")
    assert TOKEN in classics.ECHO.data


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

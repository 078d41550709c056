"""Requests to network services, read back by someone else's decoder or field by field."""

from __future__ import annotations

import struct

import pytest

from engine.techniques.payloads import classics, directory, management, naming, rpc, time
from engine.techniques.payloads.ber import INTEGER, application, context, integer, tlv
from engine.techniques.payloads.payload import TOKEN, Payload


def number(mark: bytes) -> int:
    return int.from_bytes(mark, "big")


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

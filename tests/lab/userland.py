"""Hosts in user space: small IP stacks on one TUN device that behave as no Linux kernel would.

Run as ``python -m tests.lab.userland NAMESPACE DEVICE KIND=IPV4,IPV6 ...`` where KIND is a key of
KINDS. Prints ``ready`` once the device exists and ends when its stdin closes.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
from collections.abc import Iterator, Mapping

from tests.lab import wire
from tests.lab.sctp_peer import answer_sctp
from tests.lab.slow_link import LARGEST_PACKET, READS_PER_TURN, open_tun
from tests.lab.wire import Packet

FIN, SYN, RST, ACK = 1, 2, 4, 16


class Host:
    """A host on which nothing listens: it answers echo requests and refuses all else politely."""

    def answer(self, packet: Packet) -> Iterator[bytes]:
        """The packets that go back for one that came in."""
        reply = self.reply(packet)
        if reply is not None:
            yield wire.to_bytes(reply, 0)

    def reply(self, packet: Packet) -> Packet | None:
        """What the host says to a packet, if anything."""
        if packet.protocol == wire.TCP:
            return refuse_tcp(packet)
        if packet.protocol == wire.UDP:
            return wire.port_unreachable(packet)
        if packet.protocol in (wire.ICMP, wire.ICMPV6):
            return wire.echo_reply(packet)
        if packet.protocol == wire.IGMP and packet.family == 4:
            return None
        return wire.protocol_unreachable(packet)


class Tarpit(Host):
    """Accepts every connection with a window of 0 and then holds it; all else meets silence."""

    def reply(self, packet: Packet) -> Packet | None:
        if packet.protocol != wire.TCP:
            return wire.echo_reply(packet)
        return hold_tcp(packet)


class Zombie(Host):
    """An old print server that numbers all its packets with one counter (no port is open).

    Over IPv6 a number goes out only where a "packet too big" below 1280 bytes has asked for
    fragment headers (RFC 6946). It still answers address mask requests (RFC 950).
    """

    def __init__(self) -> None:
        self._next = 0x2000
        self._fragmenting: set[bytes] = set()

    def answer(self, packet: Packet) -> Iterator[bytes]:
        self._note_too_big(packet)
        reply = mask_reply(packet) or self.reply(packet)
        if reply is None:
            return
        numbered = reply.family == 4 or reply.target in self._fragmenting
        self._next += numbered
        yield wire.to_bytes(reply, self._next, reply.target in self._fragmenting)

    def _note_too_big(self, packet: Packet) -> None:
        if packet.protocol != wire.ICMPV6 or packet.payload[:1] != b"\x02":
            return
        if len(packet.payload) >= 48 and int.from_bytes(packet.payload[4:8], "big") < 1280:
            self._fragmenting.add(packet.payload[32:48])


class SctpPeer(Host):
    """A host with SCTP (RFC 9260), which this kernel lacks."""

    def reply(self, packet: Packet) -> Packet | None:
        if packet.protocol == wire.SCTP:
            return answer_sctp(packet)
        return super().reply(packet)


KINDS = {"tarpit": Tarpit, "zombie": Zombie, "sctppeer": SctpPeer}


def refuse_tcp(packet: Packet) -> Packet | None:
    """The reset a closed port sends (RFC 9293, section 3.10.7.1)."""
    if len(packet.payload) < 20:
        return None
    sequence, acknowledged, offset, flags = struct.unpack_from("!IIBB", packet.payload, 4)
    if flags & RST:
        return None
    if flags & ACK:
        return tcp_reply(packet, acknowledged, 0, RST)
    length = len(packet.payload) - (offset >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
    return tcp_reply(packet, 0, sequence + length, RST | ACK)


def hold_tcp(packet: Packet) -> Packet | None:
    """SYN/ACK with window 0 for a SYN, nothing for anything else."""
    if len(packet.payload) < 20 or packet.payload[13] & (FIN | SYN | RST | ACK) != SYN:
        return None
    sequence = int.from_bytes(packet.payload[4:8], "big")
    return tcp_reply(packet, 0x5EED, sequence + 1, SYN | ACK)


def tcp_reply(packet: Packet, sequence: int, acknowledged: int, flags: int) -> Packet:
    """A bare segment with window 0 back to where a segment came from."""
    source, target = struct.unpack_from("!HH", packet.payload)
    numbers = (target, source, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF)
    return packet.reply(wire.TCP, struct.pack("!HHIIBBHHH", *numbers, 5 << 4, flags, 0, 0, 0))


def mask_reply(packet: Packet) -> Packet | None:
    """255.255.255.0 for an ICMP address mask request (RFC 950)."""
    if packet.protocol != wire.ICMP or packet.payload[:1] != b"\x11" or len(packet.payload) < 12:
        return None
    return packet.reply(wire.ICMP, b"\x12\0\0\0" + packet.payload[4:8] + b"\xff\xff\xff\0")


def serve(device: int, hosts: Mapping[bytes, Host], stop: int) -> None:
    """Answer what arrives on a TUN descriptor until ``stop`` becomes readable."""
    while True:
        ready = select.select((device, stop), (), ())[0]
        if stop in ready:
            return
        for packet in arrivals(device):
            host = hosts.get(packet.target)
            for answer in host.answer(packet) if host else ():
                os.write(device, answer)


def arrivals(device: int) -> Iterator[Packet]:
    """The packets that wait on a TUN descriptor, not too many at a time."""
    try:
        for _ in range(READS_PER_TURN):
            packet = wire.parse(os.read(device, LARGEST_PACKET))
            if packet is not None:
                yield packet
    except BlockingIOError:
        return


def main(where: str, device: str, *words: str) -> None:
    handle = open_tun((where, device))
    hosts: dict[bytes, Host] = {}
    for word in words:
        kind, _, addresses = word.partition("=")
        ipv4, _, ipv6 = addresses.partition(",")
        host = KINDS[kind]()
        hosts[socket.inet_pton(socket.AF_INET, ipv4)] = host
        hosts[socket.inet_pton(socket.AF_INET6, ipv6)] = host
    print("ready", flush=True)
    serve(handle, hosts, sys.stdin.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])

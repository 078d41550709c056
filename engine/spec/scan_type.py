"""Scan types and the transport protocols they probe."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

TRANSPORTS = ("auto", "packet", "sockets", "scapy")
"""What ScanSpec.transport may be."""


class Protocol(IntEnum):
    """What the port number belongs to. The value is the store's two-bit key."""

    TCP = 0
    UDP = 1
    SCTP = 2
    IP = 3

    @property
    def label(self) -> str:
        """Lower-case name as written after the slash in ``80/tcp``."""
        return self.name.lower()


class ScanType(IntEnum):
    """One way of probing a port. The value is what the store keeps (one byte)."""

    CONNECT = 1
    SYN = 2
    UDP = 3
    ACK = 4
    WINDOW = 5
    MAIMON = 6
    NULL = 7
    FIN = 8
    XMAS = 9
    SCTP_INIT = 10
    SCTP_ECHO = 11
    PROTOCOL = 12
    IDLE = 13

    @property
    def facts(self) -> ScanTypeFacts:
        """What is known about the type before any packet is sent."""
        return _FACTS[self]

    @property
    def protocol(self) -> Protocol:
        """The protocol whose ports this type probes."""
        return self.facts.protocol

    @property
    def option(self) -> str:
        """The command-line option, e.g. ``-sS``."""
        return self.facts.option

    @property
    def label(self) -> str:
        """nmap's word for the type in XML, e.g. ``syn``."""
        return self.facts.label

    @property
    def title(self) -> str:
        """Name for people, e.g. ``TCP SYN``."""
        return self.facts.title


class ScanTypeFacts(Struct, frozen=True):
    """One row of the table of scan types."""

    option: str
    label: str
    title: str
    protocol: Protocol
    needs_raw: bool
    about: str


_FACTS = {
    ScanType.CONNECT: ScanTypeFacts(
        "-sT", "connect", "TCP connect", Protocol.TCP, False,
        "Opens a full connection through the operating system. Needs no rights; servers log it.",
    ),
    ScanType.SYN: ScanTypeFacts(
        "-sS", "syn", "TCP SYN", Protocol.TCP, True,
        "Sends only the first packet of a connection. Fast and precise; needs raw-socket rights.",
    ),
    ScanType.UDP: ScanTypeFacts(
        "-sU", "udp", "UDP", Protocol.UDP, False,
        "Sends a datagram, with a real request where the port's protocol is known.",
    ),
    ScanType.ACK: ScanTypeFacts(
        "-sA", "ack", "TCP ACK", Protocol.TCP, True,
        "Maps a firewall: says which ports it lets an ACK through to, never which are open.",
    ),
    ScanType.WINDOW: ScanTypeFacts(
        "-sW", "window", "TCP Window", Protocol.TCP, True,
        "An ACK scan that tells open from closed on the few systems whose resets differ.",
    ),
    ScanType.MAIMON: ScanTypeFacts(
        "-sM", "maimon", "TCP Maimon", Protocol.TCP, True,
        "FIN and ACK: old BSD systems keep silent on open ports. Linux looks all closed.",
    ),
    ScanType.NULL: ScanTypeFacts(
        "-sN", "null", "TCP NULL", Protocol.TCP, True,
        "No flags: closed ports reset, open ones keep silent. Passes filters that stop only SYN.",
    ),
    ScanType.FIN: ScanTypeFacts(
        "-sF", "fin", "TCP FIN", Protocol.TCP, True,
        "FIN alone: closed ports reset, open ones keep silent. Passes filters that stop only SYN.",
    ),
    ScanType.XMAS: ScanTypeFacts(
        "-sX", "xmas", "TCP Xmas", Protocol.TCP, True,
        "FIN, PSH and URG: closed ports reset, open ones keep silent. Passes some simple filters.",
    ),
    ScanType.SCTP_INIT: ScanTypeFacts(
        "-sY", "sctpinit", "SCTP INIT", Protocol.SCTP, True,
        "Sends the first packet of an SCTP association: SCTP's SYN scan.",
    ),
    ScanType.SCTP_ECHO: ScanTypeFacts(
        "-sZ", "sctpcookieecho", "SCTP COOKIE ECHO", Protocol.SCTP, True,
        "A cookie nobody asked for: closed ports abort, open ones keep silent.",
    ),
    ScanType.PROTOCOL: ScanTypeFacts(
        "-sO", "ipproto", "IP protocol", Protocol.IP, True,
        "Asks which protocols above IP the host speaks, not which ports. Scanned on its own.",
    ),
    ScanType.IDLE: ScanTypeFacts(
        "-sI", "idle", "TCP idle", Protocol.TCP, True,
        "Asks in the name of another host, the zombie, and reads the answers off its IP ids.",
    ),
}  # fmt: skip

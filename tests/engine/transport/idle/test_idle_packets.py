"""What an idle scan sends, read by scapy; what counts as the zombie's reset, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6, IPv6ExtHdrFragment
from scapy.packet import Packet

from engine.transport.idle.packets import End, syn, syn_ack, too_big
from engine.transport.idle.resets import Expected, read_reset

ZOMBIE4, US4, OTHER4 = bytes([10, 0, 0, 9]), bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
ZOMBIE6, US6 = bytes(15) + b"\x09", bytes(15) + b"\x01"
TOKEN = 0xDEADBEEF
EXPECTED4 = Expected(ZOMBIE4, US4, (80, 50_000), TOKEN)
EXPECTED6 = Expected(ZOMBIE6, US6, (80, 50_000), TOKEN)
RESET = TCP(sport=80, dport=50_000, seq=TOKEN, flags="R")


def correct(packet: Packet) -> bool:
    """Whether scapy, asked to fill in lengths and checksums, comes to the same bytes."""
    again = packet.copy()
    for layer in (IP, IPv6, TCP, ICMPv6PacketTooBig):
        if layer in again:
            for name in ("len", "plen", "chksum", "cksum"):
                if name in again[layer].fields:
                    del again[layer].fields[name]
    return bytes(again) == bytes(packet)


@pytest.mark.parametrize(("layer", "zombie", "us"), [(IP, ZOMBIE4, US4), (IPv6, ZOMBIE6, US6)])
def test_scapy_reads_what_is_sent(layer: type[Packet], zombie: bytes, us: bytes) -> None:
    probe = layer(syn_ack(End(us, 50_000), End(zombie, 80), TOKEN, 41).tobytes())
    assert (probe[TCP].flags, probe[TCP].ack, probe[TCP].dport) == ("SA", TOKEN, 80)
    forged = layer(syn(End(zombie, 80), End(us, 22), TOKEN, 41).tobytes())
    assert (forged[TCP].flags, forged[TCP].sport, forged[TCP].dport) == ("S", 80, 22)
    assert correct(probe) and correct(forged)


def test_the_zombie_is_told_that_its_packets_are_too_big() -> None:
    packet = IPv6(too_big(US6, ZOMBIE6, bytes(15) + b"\x07", 64).tobytes())
    assert (packet.src, packet.dst) == ("::1", "::9")
    message = packet[ICMPv6PacketTooBig]
    assert message.mtu < 1280
    quoted = IPv6(bytes(message.payload))
    assert (quoted.src, quoted.dst, quoted.nh) == ("::9", "::7", 58)
    assert correct(packet)


@pytest.mark.parametrize(
    ("packet", "expected", "identifier"),
    [
        (IP(src="10.0.0.9", dst="10.0.0.1", id=513) / RESET, EXPECTED4, 513),
        (IPv6(src="::9", dst="::1") / IPv6ExtHdrFragment(id=7) / RESET, EXPECTED6, 7),
        (IPv6(src="::9", dst="::1") / RESET, EXPECTED6, 0),
    ],
)
def test_a_reset_to_our_probe_tells_its_id(
    packet: Packet, expected: Expected, identifier: int
) -> None:
    assert read_reset(bytes(packet), expected) == identifier


@pytest.mark.parametrize(
    "packet",
    [
        IP(src="10.0.0.8", dst="10.0.0.1") / RESET,
        IP(src="10.0.0.9", dst="10.0.0.2") / RESET,
        IP(src="10.0.0.9", dst="10.0.0.1") / TCP(sport=80, dport=50_001, seq=TOKEN, flags="R"),
        IP(src="10.0.0.9", dst="10.0.0.1") / TCP(sport=81, dport=50_000, seq=TOKEN, flags="R"),
        IP(src="10.0.0.9", dst="10.0.0.1") / TCP(sport=80, dport=50_000, seq=1, flags="R"),
        IP(src="10.0.0.9", dst="10.0.0.1") / TCP(sport=80, dport=50_000, seq=TOKEN, flags="SA"),
        IP(src="10.0.0.9", dst="10.0.0.1") / UDP(sport=80, dport=50_000),
        IP(src="10.0.0.9", dst="10.0.0.1") / ICMP(),
    ],
)
def test_anything_else_does_not(packet: Packet) -> None:
    assert read_reset(bytes(packet), EXPECTED4) is None


@pytest.mark.parametrize("place", [{"offset": 1}, {"m": 1}, {"nh": 17}])
def test_a_fragment_that_is_not_the_whole_reset_does_not(place: dict[str, int]) -> None:
    packet = IPv6(src="::9", dst="::1") / IPv6ExtHdrFragment(id=7, **place) / RESET
    assert read_reset(bytes(packet), EXPECTED6) is None


@settings(max_examples=200)
@given(st.binary(max_size=120), st.sampled_from([EXPECTED4, EXPECTED6]))
def test_no_bytes_upset_the_reader(packet: bytes, expected: Expected) -> None:
    assert read_reset(packet, expected) is None


@settings(max_examples=200)
@given(st.integers(0, 80), st.sampled_from([0, 4]))
def test_cut_resets_are_no_resets(length: int, version: int) -> None:
    whole = bytes(IPv6(src="::9", dst="::1") / IPv6ExtHdrFragment(id=7) / RESET)
    expected = EXPECTED6
    if version:
        whole, expected = bytes(IP(src="10.0.0.9", dst="10.0.0.1") / RESET), EXPECTED4
    found = read_reset(whole[:length], expected)
    assert (found is not None) == (length >= len(whole))

"""Who made a network card, from the list of Ethernet prefixes that scapy carries."""

from __future__ import annotations

from functools import lru_cache

from engine.sanitize import clean

_LONGEST = 60
_LOCAL = 0x02
_GROUP = 0x01

_BLOCKS = ((36, 0xF0), (28, 0xF0), (24, 0xFF))
"""Bits of the blocks the IEEE assigns (MA-S, MA-M, MA-L), with the part of the last byte that
belongs to them. The smallest come first: they lie inside the larger ones."""


def vendor(hardware: bytes) -> str:
    """The name of who made the card with this address (6 bytes).

    Empty when the list does not know, and for addresses that say nothing about a maker: those
    given out locally, as virtual machines and telephones do, group addresses (the two lowest bits
    of the first byte, RFC 9542 section 2.1), and what begins with three zero bytes. The
    first call takes 0.1 s to unpack the list.
    """
    if len(hardware) != 6 or hardware[0] & (_LOCAL | _GROUP) or not any(hardware[:3]):
        return ""
    return _maker(hardware[:5])


@lru_cache(maxsize=4096)
def _maker(prefix: bytes) -> str:
    """The maker by the first 40 bits of an address, which no block goes beyond.

    The list is searched as text (under 1 ms): a table of its 50,000 lines would take longer to
    build than all searches of a scan.
    """
    # The list alone: scapy.data loads much more.
    from scapy.libs.manuf import DATA

    for bits, mask in _BLOCKS:
        whole = bytearray(prefix[: (bits + 7) // 8])
        whole[-1] &= mask
        length = "" if bits == 24 else f"/{bits}"
        start = DATA.find(f"\n{whole.hex(':').upper()}{length}")
        if start >= 0:
            line = DATA[start + 1 : start + 400].partition("\n")[0]
            return clean(line.rpartition("\t")[2].strip(), _LONGEST)
    return ""

"""Answer codes: one number for everything that can come back for a probe.

Layout of the 32 bits: ``kind << 24 | from_target << 16 | detail``.

=========  =======================================================================
kind       detail (16 bits)
=========  =======================================================================
TCP        ``WINDOW_OPEN`` (0x100) if the window is not 0, plus the flags byte
ICMP4      ``type << 8 | code`` of an ICMPv4 message about the probe
ICMP6      ``type << 8 | code`` of an ICMPv6 message about the probe
UDP        0: a datagram from the probed port
ERRNO      the error number a socket call reported; 0 is success
SCTP       type of the first chunk (RFC 9260 section 3.2)
IP         number of the IP protocol that answered
NEIGHBOUR  IP version of the neighbour that answered for its address (4: ARP, 6: ND)
IPID       1: the zombie of an idle scan took an IP id for this port; 0: it took none
=========  =======================================================================

``from_target`` is 1 when the answer's sender is the probed address itself.
"""

from __future__ import annotations

from enum import IntEnum

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
WINDOW_OPEN = 0x100
FROM_TARGET = 1 << 16
DETAIL = 0xFFFF


class AnswerKind(IntEnum):
    """What sort of thing came back."""

    TCP = 1
    ICMP4 = 2
    ICMP6 = 3
    UDP = 4
    ERRNO = 5
    SCTP = 6
    IP = 7
    NEIGHBOUR = 8
    IPID = 9


def answer_code(kind: AnswerKind, detail: int, from_target: bool = True) -> int:
    """The code of an answer; ``detail`` as in the module's table."""
    return kind << 24 | (FROM_TARGET if from_target else 0) | (detail & DETAIL)


def split_answer(code: int) -> tuple[AnswerKind, int, bool]:
    """Kind, detail and from_target of a code. Raises ValueError for an unknown kind."""
    return AnswerKind(code >> 24), code & DETAIL, bool(code & FROM_TARGET)

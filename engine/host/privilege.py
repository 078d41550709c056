"""Whether this process may send raw packets, and how a user gets the right to."""

from __future__ import annotations

import socket
import sys

_LINUX = (
    "Raw packets need root or the capability CAP_NET_RAW. Either of these gives it:",
    '  sudo "$(command -v pyscan-tui)"',
    '  sudo setpriv --reuid="$(id -u)" --regid="$(id -g)" --init-groups'
    " --inh-caps=+net_raw --ambient-caps=+net_raw"
    ' env HOME="$HOME" "$(command -v pyscan-tui)"',
    "The second runs PyScan as yourself with that one right. Use pyscan instead of pyscan-tui for"
    " the command line.",
    "Do not use setcap on the Python interpreter: every script of every user would get the right.",
)
_WINDOWS = (
    "Raw packets need Npcap (https://npcap.com) and a terminal opened with 'Run as administrator'.",
)
_OTHER = (
    "Raw packets need root:",
    '  sudo "$(command -v pyscan-tui)"',
)


def can_send_raw() -> bool:
    """Whether a raw socket can be opened, found out by opening one.

    On Linux the right is the same as for packet sockets (CAP_NET_RAW), but closing one of those
    makes the kernel wait for about 10 ms (packet_release in net/packet/af_packet.c).
    """
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


def how_to_get_raw() -> tuple[str, ...]:
    """Plain lines for the user; indented ones are commands to type."""
    if sys.platform == "linux":
        return _LINUX
    return _WINDOWS if sys.platform == "win32" else _OTHER

"""Where a host is, seen from this machine: it decides which probes can reach it at all."""

from __future__ import annotations

from enum import IntEnum


class Whereabouts(IntEnum):
    """One byte per host."""

    ROUTED = 0
    """Behind a router, or on a link without Ethernet addresses."""
    LINK = 1
    """A neighbour on an Ethernet-like link, to be found with ARP or neighbour discovery."""
    OURS = 2
    """This machine: loopback, or an address of one of its interfaces."""
    NOBODY = 3
    """A broadcast or multicast address: no single host."""
    UNREACHABLE = 4
    """There is no route."""

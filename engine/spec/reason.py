"""Reasons: what made us give a port its state, in nmap's words."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why a port has its state. The value is what the columnar store keeps (one byte)."""

    NONE = 0
    NO_RESPONSE = 1
    SYN_ACK = 2
    RESET = 3
    CONN_REFUSED = 4
    SPLIT_HANDSHAKE_SYN = 5
    UDP_RESPONSE = 6
    PROTO_RESPONSE = 7
    PORT_UNREACH = 8
    PROTO_UNREACH = 9
    HOST_UNREACH = 10
    NET_UNREACH = 11
    HOST_PROHIBITED = 12
    NET_PROHIBITED = 13
    ADMIN_PROHIBITED = 14
    DEST_UNREACH = 15
    TIME_EXCEEDED = 16
    NO_ROUTE = 17
    BEYOND_SCOPE = 18
    REJECT_ROUTE = 19
    PARAM_PROBLEM = 20
    ECHO_REPLY = 21
    TIMESTAMP_REPLY = 22
    ADDRESSMASK_REPLY = 23
    ARP_RESPONSE = 24
    ND_RESPONSE = 25
    INIT_ACK = 26
    ABORT = 27
    IPID_CHANGE = 28
    NO_IPID_CHANGE = 29
    TCP_RESPONSE = 30
    LOCALHOST_RESPONSE = 31
    USER_SET = 32
    SOURCE_QUENCH = 33
    PERM_DENIED = 34

    @property
    def label(self) -> str:
        """nmap's spelling, e.g. ``syn-ack``; empty for NONE."""
        return "" if self is Reason.NONE else self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: str) -> Reason:
        """The reason called ``label``. Raises ValueError for an unknown word."""
        try:
            return cls[label.upper().replace("-", "_")] if label else cls.NONE
        except KeyError:
            raise ValueError(f"unknown reason {label!r}") from None

"""Time: NTP."""

from __future__ import annotations

import struct

from engine.techniques.payloads.payload import TOKEN, Payload


def _ntp_client() -> bytes:
    """A client packet that says nothing of our clock: the server returns the transmit timestamp
    as its origin timestamp, whatever it holds."""
    no_warning, version, client = 0, 4, 3
    stratum, poll, precision = 0, 0, 0
    root_delay, root_dispersion, reference_id = 0, 0, 0
    reference, origin, receive = 0, 0, 0
    head = struct.pack(
        "!4B3I3Q",
        no_warning << 6 | version << 3 | client,
        *(stratum, poll, precision),
        *(root_delay, root_dispersion, reference_id),
        *(reference, origin, receive),
    )
    transmit = TOKEN + bytes(4)
    return head + transmit


NTP = Payload("NTPv4 client request", "RFC 5905 sections 7.3 and 8", _ntp_client(), TOKEN)

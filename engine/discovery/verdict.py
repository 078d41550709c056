"""Host verdicts: what discovery found out about hosts, as an array."""

from __future__ import annotations

import numpy as np

HOST_VERDICT = np.dtype(
    [
        ("host", np.uint32),
        ("state", np.uint8),
        ("reason", np.uint8),
        ("ttl", np.uint8),
        ("kind", np.uint8),
        ("port", np.uint16),
        ("rtt", np.float32),
        ("time", np.float64),
    ]
)
"""One decision about one host. ``state`` is a HostState, ``reason`` a Reason, ``kind`` the PingKind
whose probe decided (0: none did) and ``port`` that probe's port; ``ttl`` as received (0: unknown);
``rtt`` in seconds (NaN: unknown); ``time`` of the decision, seconds on the transport's clock (NaN
for a host that needed no asking)."""

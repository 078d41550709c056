"""How long each technique's answers may take beyond a round trip, as one array to look up in."""

from __future__ import annotations

import numpy as np

from engine.techniques.registry import TECHNIQUES

PATIENCE = np.zeros(256, np.float64)
"""Seconds by technique number (a ScanType or PingKind value)."""
for _scan_type, _technique in TECHNIQUES.items():
    PATIENCE[_scan_type] = _technique.patience

LINGER = 1.2
"""Seconds to listen on after the last probe when a SYN/ACK may have been lost: Linux re-sends it
after 1 s (tcp_synack_retries; RFC 6298 section 2 gives the initial timeout)."""

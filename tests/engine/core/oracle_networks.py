"""Random bad networks of which an oracle knows everything."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from engine.spec.scan_type import ScanType
from tests.engine.core.oracle import Host, Network

PORTS = 120
LONGEST_SPELL = 5.0
_MIXTURES = ((1, 20, 1), (1, 3, 20), (10, 10, 10), (20, 0, 10), (3, 0, 60))
"""Open, closed and filtered ports in proportion."""
_ALWAYS_OPEN = (21, 39)
_TCP_TROUBLES = ("none", "queue", "rst", "burst", "pause", "hold", "down")
_UDP_TROUBLES = ("none", "icmp", "pause", "hold", "down")


@st.composite
def hosts(draw: st.DrawFn, troubles: tuple[str, ...], count: int) -> Host:
    weights = np.array(draw(st.sampled_from(_MIXTURES)), float)
    random = np.random.default_rng(draw(st.integers(0, 999)))
    words = random.choice(["open", "closed", "filtered"], count, p=weights / weights.sum())
    ports = tuple("open" if i in _ALWAYS_OPEN else str(word) for i, word in enumerate(words))
    delay = draw(st.sampled_from([0.0, 0.002, 0.04, 0.2, 0.5]))
    jitter = draw(st.sampled_from([0.0, 0.005, 0.2]))
    loss = draw(st.sampled_from([0.0, 0.0, 0.02, 0.1, 0.3]))
    facts: dict[str, float] = {"delay": delay, "jitter": jitter, "loss": loss}
    trouble = draw(st.sampled_from(troubles))
    if trouble in ("pause", "hold", "down"):
        begin = delay + jitter + draw(st.sampled_from([0.05, 0.3]))
        length = draw(st.floats(0.3, LONGEST_SPELL))
        return Host(ports, **facts, spell=(trouble, round(begin, 3), round(begin + length, 3)))
    facts |= draw(
        st.sampled_from(
            {
                "none": [{}],
                "queue": [{"queue": 20, "rate": 400}, {"queue": 50, "rate": 2000}],
                "rst": [{"rst_rate": 60}, {"rst_rate": 8}],
                "burst": [{"burst": 0.05}],
                "icmp": [{"icmp_rate": 1}, {"icmp_rate": 10}],
            }[trouble]
        )
    )
    if trouble == "queue":
        facts["loss"] = 0.0  # docs/pacing.md: to tell what a queue drops from this takes longer
    if trouble == "burst":
        facts["loss"] = min(max(loss, 0.02), 0.1)
    return Host(ports, **facts)


@st.composite
def networks(draw: st.DrawFn, most_hosts: int = 4, count: int = PORTS) -> Network:
    """One to four hosts, each with ``count`` ports and a trouble of its own beside loss, delay
    and jitter."""
    scan_type = draw(st.sampled_from([ScanType.SYN, ScanType.SYN, ScanType.SYN, ScanType.UDP]))
    troubles = _UDP_TROUBLES if scan_type is ScanType.UDP else _TCP_TROUBLES
    some = draw(st.lists(hosts(troubles, count), min_size=1, max_size=most_hosts))
    return Network(tuple(some), scan_type, draw(st.integers(0, 999)))

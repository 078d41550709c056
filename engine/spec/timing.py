"""Timing templates T0 to T5: the bounds a scan's pace moves in.

The figures keep the meaning they have in nmap (times in seconds here), so that hands and habits
carry over. The start rates are ours: nmap has a window instead of a rate.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.spec.error import SpecError


class TimingTemplate(Struct, frozen=True):
    """Bounds on pace, timeouts and re-sends. Times in seconds, rates in probes per second.

    ``max_parallelism`` and ``min_parallelism`` 0 and ``min_rate``, ``max_rate`` and
    ``host_timeout`` 0.0 mean "no bound". At least ``min_parallelism`` probes are kept in flight;
    a host that is not done ``host_timeout`` seconds after its first probe is given up.
    """

    number: int
    name: str
    initial_timeout: float
    min_timeout: float
    max_timeout: float
    max_retries: int
    scan_delay: float
    max_parallelism: int
    start_rate: float
    min_rate: float = 0.0
    max_rate: float = 0.0
    min_parallelism: int = 0
    host_timeout: float = 0.0

    @property
    def label(self) -> str:
        """Short name for the screen, e.g. ``T4 aggressive``."""
        return f"T{self.number} {self.name}"

    def with_bounds(
        self,
        *,
        max_retries: int | None = None,
        min_rate: float | None = None,
        max_rate: float | None = None,
        scan_delay: float | None = None,
        max_parallelism: int | None = None,
        initial_timeout: float | None = None,
        min_timeout: float | None = None,
        max_timeout: float | None = None,
        min_parallelism: int | None = None,
        host_timeout: float | None = None,
    ) -> TimingTemplate:
        """The template with the given bounds instead of its own.

        A bound on timeouts or on probes in flight that crosses another drags it along, as users of
        nmap expect.
        Raises SpecError when the rates contradict each other.
        """
        given: dict[str, Any] = {
            name: value
            for name, value in (
                ("max_retries", max_retries),
                ("min_rate", min_rate),
                ("max_rate", max_rate),
                ("scan_delay", scan_delay),
                ("max_parallelism", max_parallelism),
                ("min_parallelism", min_parallelism),
                ("host_timeout", host_timeout),
            )
            if value is not None
        }
        low = self.min_timeout if min_timeout is None else min_timeout
        high = self.max_timeout if max_timeout is None else max_timeout
        first = self.initial_timeout if initial_timeout is None else initial_timeout
        if max_timeout is not None:
            low, first = min(low, high), min(first, high)
        if min_timeout is not None:
            high, first = max(low, high), max(first, low)
        if initial_timeout is not None:
            low, high = min(low, first), max(high, first)
        changed = replace(
            self,
            initial_timeout=first,
            min_timeout=low,
            max_timeout=high,
            **given,
        )
        if changed.max_rate and changed.min_rate > changed.max_rate:
            raise SpecError(
                "timing",
                f"{changed.min_rate:g}",
                None,
                f"is a minimum rate above the maximum rate {changed.max_rate:g}",
                "lower --min-rate or raise --max-rate",
            )
        if changed.max_parallelism and changed.min_parallelism > changed.max_parallelism:
            wanted = changed.min_parallelism if max_parallelism is None else max_parallelism
            changed = replace(changed, min_parallelism=wanted, max_parallelism=wanted)
        return changed


TEMPLATES: tuple[TimingTemplate, ...] = (
    TimingTemplate(0, "paranoid", 300.0, 0.1, 300.0, 10, 300.0, 1, 1.0),
    TimingTemplate(1, "sneaky", 15.0, 0.1, 15.0, 10, 15.0, 1, 1.0),
    TimingTemplate(2, "polite", 1.0, 0.1, 10.0, 10, 0.4, 1, 10.0),
    TimingTemplate(3, "normal", 1.0, 0.1, 10.0, 10, 0.0, 0, 2_000.0),
    TimingTemplate(4, "aggressive", 0.5, 0.1, 1.25, 6, 0.0, 0, 5_000.0),
    TimingTemplate(5, "insane", 0.25, 0.05, 0.3, 2, 0.0, 0, 10_000.0, host_timeout=900.0),
)
"""The six templates, indexed by their number."""

DEFAULT_TEMPLATE = TEMPLATES[3]


def parse_timing(text: str) -> TimingTemplate:
    """The template named by ``0``-``5``, ``T4`` or a name such as ``polite``. Raises SpecError."""
    word = text.strip().lower().removeprefix("-").removeprefix("t")
    for template in TEMPLATES:
        if word in (str(template.number), template.name, template.name.removeprefix("t")):
            return template
    raise SpecError(
        "timing", text, 0, "is not a timing template", "use T0 to T5, or a name such as polite"
    )


_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def parse_duration(text: str, what: str) -> float:
    """Seconds meant by ``500ms``, ``2``, ``1.5s``, ``10m`` or ``1h``; a bare number is seconds.

    Raises SpecError naming ``what``.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or len(text) > 20:
        raise SpecError(what, text, 0, "is not a time", "write for example 500ms, 2s, 10m or 1h")
    return float(match[1]) * _SECONDS[match[2]]

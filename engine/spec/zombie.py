"""The zombie of an idle scan, as it is typed: ``host[:port]``."""

from __future__ import annotations

import re

from engine.spec.address import parse_v6
from engine.spec.error import SpecError

_WRITTEN = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,32})?\]|[\w.-]{1,253})(?::(\d{1,5}))?")


def check_zombie(text: str | None) -> str:
    """``text``, or empty for None. Raises SpecError for what can be no host and port."""
    if text is None:
        return ""
    match = _WRITTEN.fullmatch(text) if text.isascii() else None
    port = match and match[1]
    named = match is not None and not text.startswith("-") and 1 <= int(port or 80) <= 65_535
    if named or parse_v6(text) is not None:
        return text
    raise SpecError(
        "-sI", text, None, "is not a host and port", "write for example 192.0.2.7 or 192.0.2.7:80"
    )

"""Host names as they are shown."""

from __future__ import annotations

from engine.sanitize import clean

LONGEST = 253
"""Characters of the longest host name (RFC 1035 section 2.3.4: 255 bytes as they are sent)."""


def readable(name: str) -> str:
    """A host name from outside, made harmless, without its final dot."""
    return clean(name.encode("utf-8", "surrogateescape"), LONGEST).removesuffix(".")

"""Style: how much of a scan the formats for people and for nmap's readers show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """Choices for text and XML; JSON always holds everything.

    Attributes:
        open_only: list only ports that are or may be open, and only hosts that have some.
        reasons: add the reason for each state to the text.
        detail: 0 to 3; each step lists more ports one by one instead of summing them up.
    """

    open_only: bool = False
    reasons: bool = False
    detail: int = 0


PLAIN = Style()

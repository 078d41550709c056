"""Style: how much of a scan the formats for people and for nmap's readers show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

Explain = Callable[[int], Sequence[tuple[str, str]]]
"""Why a cell (by its key) has its state: headings, each with one or more lines of harmless text."""


class Style(Struct, frozen=True):
    """Choices for text and XML; JSON always holds every port.

    Attributes:
        open_only: list only ports that are or may be open, and only hosts that have some.
        reasons: add the reason for each state to the text.
        detail: 0 to 3; from 1 on hosts that are down are listed, and each step lists more ports
            one by one instead of summing them up.
        explain: explains the listed ports in the text; None for no explanations.
    """

    open_only: bool = False
    reasons: bool = False
    detail: int = 0
    explain: Explain | None = None


PLAIN = Style()

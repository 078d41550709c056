"""Text from outside made harmless, once, where bytes become text.

Banners, host names, file contents and DNS answers may hold escape sequences that drive a terminal,
bidirectional controls that reorder what is read, or invisible characters that hide something. They
are turned into visible marks here, so that no screen, log or export has to think of it again.
"""

from __future__ import annotations

import re
from functools import lru_cache

DEFAULT_LIMIT = 512
"""Characters kept unless the caller says otherwise."""

ELLIPSIS = "…"
"""Last character of a text that was cut."""

_PRINTABLE_ASCII = re.compile(r"[ -~]*")

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Characters that show nothing although Unicode calls them letters, marks or symbols."""

_MARKS_PER_LETTER = 2
"""Combining marks left on one letter; towers of them paint over the lines above."""

_BYTES_PER_CHARACTER = 4


def clean(data: bytes | str, limit: int = DEFAULT_LIMIT) -> str:
    """``data`` as one line of visible text, at most ``limit`` (1 or more) characters long.

    Bytes are read as UTF-8. Control characters become their control pictures (``␛`` for ESC, ``␊``
    for a line feed, ``␡`` for DEL), everything else that is invisible, unassigned, reorders text or
    is not valid UTF-8 becomes an escape such as ``\\u202e`` or ``\\xff``. A longer text ends in
    an ellipsis. Never raises; the work is bounded by ``limit``, not by the data.
    """
    if isinstance(data, bytes):
        head = data[: _BYTES_PER_CHARACTER * (limit + 2)]
        text = head.decode("utf-8", "surrogateescape")
    else:
        text = data[: limit + 1]
    if _PRINTABLE_ASCII.fullmatch(text) is None:
        text = _visible(text, limit)
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def _visible(text: str, limit: int) -> str:
    """``text`` without dangerous characters; may stop once it is longer than ``limit``."""
    parts: list[str] = []
    length = 0
    marks = _MARKS_PER_LETTER
    for character in text:
        shown = _shown(character)
        if shown is None:
            marks += 1
            shown = character if marks <= _MARKS_PER_LETTER else _escape(character)
        else:
            marks = 0
        parts.append(shown)
        length += len(shown)
        if length > limit:
            break
    return "".join(parts)


@lru_cache(maxsize=4096)
def _shown(character: str) -> str | None:
    """What stands for one character; None for a combining mark, which depends on its place."""
    import unicodedata

    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if _IGNORABLE.match(character):
        return _escape(character)
    category = unicodedata.category(character)
    if category in ("Mn", "Me"):
        return None
    if category == "Zs":
        return " "
    return _escape(character) if category[0] == "C" or category in ("Zl", "Zp") else character


def _escape(character: str) -> str:
    """A character written out: ``\\xhh``, ``\\uhhhh`` or ``\\Uhhhhhhhh``."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

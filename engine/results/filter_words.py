"""What a filter may go on with: completion of its fields and of the words that some can have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from msgspec import Struct

from engine.results.filter import CHANGED, FIELDS
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol
from engine.spec.services import registered_names

WHOLE = ("state", "proto")
"""Fields that take a word as it is, and no part of one."""
_OPEN_PATTERN = re.compile(r"(?:^|\s)(-?(?:[a-z]+:)?/(?:[^/\\]|\\.)*\\?)$", re.IGNORECASE)


class Begun(Struct, frozen=True):
    """A filter whose last term is not complete.

    Attributes:
        before: the filter without that term.
        hint: what the term may go on with, for the user.
    """

    before: str
    hint: str


def begun(text: str) -> Begun | None:
    """The filter in ``text`` without its last term, when that is only begun: ``state:op``,
    ``port:22,``, ``/^web``. None for any other text, also for one with a mistake."""
    open_pattern = _OPEN_PATTERN.search(text)
    if open_pattern is not None:
        return Begun(text[: open_pattern.start(1)], "a / ends the regular expression")
    start = max(text.rfind(" "), text.rfind("\t")) + 1
    if text[start:] == "-":
        return Begun(text[:start], "- before a term: what it does not let through")
    name, colon, part = text[start:].removeprefix("-").partition(":")
    name, part = name.lower(), part.lower()
    if not colon or name not in FIELDS:
        return None
    if name == "port" and (not part or part.endswith(",")):
        return Begun(text[:start], "port: numbers and ranges, such as 22,80-90 or 60000-")
    known = [word for word in words(name) if word.startswith(part)]
    if not part and name not in WHOLE:
        return Begun(text[:start], f"{name}: a part of it, or a /regular expression/")
    if name in WHOLE and known and part not in known:
        return Begun(text[:start], f"{name}: {', '.join(known)}")
    return None


def completion(text: str, hosts: Sequence[str] = ()) -> str | None:
    """``text`` with its last term completed; None when there is nothing to add.

    A field before its colon and its words behind it; the first that fits, in the order of
    :func:`words`, for hosts in that of ``hosts``. Bare words are completed to fields only: that a
    service or host begins so, too, is no reason to narrow what already matches.
    """
    start = max(text.rfind(" "), text.rfind("\t")) + 1
    term = text[start:].removeprefix("-")
    name, colon, part = term.partition(":")
    if not term or (colon and not part):
        return None
    if not colon:
        candidates, part = tuple(f"{field}:" for field in FIELDS), name
    else:
        candidates = tuple(hosts) if name.lower() == "host" else words(name.lower())
    for word in candidates:
        if word.lower().startswith(part.lower()) and word.lower() != part.lower():
            return text + word[len(part) :]
    return None


@cache
def words(field: str) -> tuple[str, ...]:
    """What may stand behind a field; nothing for a field whose values are the scan's own."""
    if field == "service":
        return tuple(sorted(set(registered_names().values()), key=lambda name: (len(name), name)))
    fixed = {
        "proto": [one.label for one in Protocol],
        "state": [*(one.label for one in PortState if one), CHANGED],
        "reason": [one.label for one in Reason if one],
    }
    return tuple(fixed.get(field, ()))

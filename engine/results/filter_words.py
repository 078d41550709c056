"""What a filter may go on with: completion of its fields and of the words that some can have."""

from __future__ import annotations

from functools import cache

from engine.results.filter import FIELDS
from engine.spec.port_state import PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol
from engine.spec.services import registered_names


def completion(text: str) -> str | None:
    """``text`` with its last term completed; None when there is nothing to add.

    A field before its colon and its words behind it; the first that fits, in the order of
    :func:`words`. Bare words are completed to fields only: that a service or host begins so, too,
    is no reason to narrow what already matches.
    """
    start = max(text.rfind(" "), text.rfind("\t")) + 1
    term = text[start:].removeprefix("-")
    name, colon, part = term.partition(":")
    if not term or (colon and not part):
        return None
    if not colon:
        candidates, part = tuple(f"{field}:" for field in FIELDS), name
    else:
        candidates = words(name.lower())
    for word in candidates:
        if word.startswith(part.lower()) and word != part.lower():
            return text + word[len(part) :]
    return None


@cache
def words(field: str) -> tuple[str, ...]:
    """What may stand behind a field; nothing for a field whose values are the scan's own."""
    if field == "service":
        return tuple(sorted(set(registered_names().values()), key=lambda name: (len(name), name)))
    fixed = {
        "proto": [one.label for one in Protocol],
        "state": [one.label for one in PortState if one],
        "reason": [one.label for one in Reason if one],
    }
    return tuple(fixed.get(field, ()))

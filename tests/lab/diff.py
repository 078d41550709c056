"""Two views of the same ports side by side, where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from tests.lab.firewall import Outcome
from tests.lab.nmap_oracle import Outcomes

Key = TypeVar("Key")


def difference(left_name: str, left: Outcomes, right_name: str, right: Outcomes) -> str:
    """A table of the ports on which the views differ, one line each."""
    rows = [("port", left_name, right_name)]
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            rows.append((f"{key[1]}/{key[0]}", words(left, key), words(right, key)))
    return "\n" + "\n".join(f"{port:>10}  {one:<32}  {two}" for port, one, two in rows)


def words(view: Mapping[Key, Outcome], key: Key) -> str:
    """What a view says about a port or host, a dash for nothing."""
    return " ".join(view[key]) if key in view else "-"

"""Two views of the same ports side by side, where they differ."""

from __future__ import annotations

from tests.lab.nmap_oracle import Outcomes


def difference(left_name: str, left: Outcomes, right_name: str, right: Outcomes) -> str:
    """A table of the ports on which the views differ, one line each."""
    rows = [("port", left_name, right_name)]
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            rows.append((f"{key[1]}/{key[0]}", _words(left, key), _words(right, key)))
    return "\n" + "\n".join(f"{port:>10}  {one:<32}  {two}" for port, one, two in rows)


def _words(view: Outcomes, key: tuple[str, int]) -> str:
    return " ".join(view[key]) if key in view else "-"

"""Target files: ``-iL`` and ``--excludefile``.

Blanks and newlines separate targets; ``#`` starts a comment that ends with the line.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.spec.error import SpecError
from engine.spec.target_text import (
    MAX_EXPRESSIONS,
    Expression,
    TargetExpressions,
    read_expressions,
)

MAX_BYTES = 64 << 20
"""A target file may have at most this many bytes (64 MiB)."""


def read_target_file(path: str | os.PathLike[str]) -> str:
    """The text of a target file without its comments, line by line; ``-`` is standard input.

    Raises SpecError naming the file when it cannot be read or is too long.
    """
    name = os.fspath(path)
    try:
        raw = _read(name)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "not a file name"
        raise SpecError(
            "target file", name, None, f"cannot be read ({reason})", "check the name and the rights"
        ) from None
    if len(raw) > MAX_BYTES:
        raise SpecError("target file", name, None, "is too long", "64 MiB at most; split it")
    lines = raw.decode("utf-8-sig", errors="replace").split("\n")
    return "\n".join(line.partition("#")[0] for line in lines)


def parse_target_file(path: str | os.PathLike[str]) -> TargetExpressions:
    """The targets in a file; ``-`` is standard input.

    Raises SpecError naming the file, and the line of the first bad target.
    """
    name = os.fspath(path)
    shown = "standard input" if name == "-" else Path(name).name
    found: list[Expression] = []
    for number, line in enumerate(read_target_file(path).split("\n"), 1):
        if not line or line.isspace():
            continue
        found += read_expressions(line, f"{shown} line {number}")
        if len(found) > MAX_EXPRESSIONS:
            raise SpecError(
                f"{shown} line {number}", line.strip(), 0,
                f"comes after {MAX_EXPRESSIONS:,} targets, the most one scan takes",
                "write networks instead of single addresses",
            )  # fmt: skip
    return TargetExpressions.of(found)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_BYTES + 1)

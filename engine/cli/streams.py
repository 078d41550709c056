"""Standard streams that are closed, full, or without a reader."""

from __future__ import annotations

import os
import sys


def open_missing_streams() -> None:
    """Streams the caller closed (``>&-``) are None in Python; write those to nowhere."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def forget_standard_output() -> None:
    """Point standard output to nowhere, so that what is left in its buffer raises no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

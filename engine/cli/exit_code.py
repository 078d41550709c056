"""What the process tells the shell."""

from __future__ import annotations

COMPLETED = 0
INCOMPLETE = 1
"""Completed, but some target could not be scanned or some output not written."""
USAGE = 2
NO_PERMISSION = 3
INTERRUPTED = 130
"""By Ctrl-C or SIGTERM; what was found is written."""
BROKEN_PIPE = 141
"""The reader of standard output went away (what a shell shows for SIGPIPE)."""

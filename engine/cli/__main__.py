"""``python -m engine.cli``."""

from __future__ import annotations

from engine.cli import command

command()

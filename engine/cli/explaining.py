"""``--explain``: why each listed port has its state, in the text output."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine.cli.options import Output
from engine.session import ScanSession
from engine.spec.error import SpecError

_PARTS = (
    ("meaning", "meaning"),
    ("probe", "sent"),
    ("reply", "reply"),
    ("rule", "rule"),
    ("together", "combined"),
    ("advice", "advice"),
)
"""Headings, and the fields of an Explanation below them."""


def check_explain(args: argparse.Namespace, outputs: Sequence[Output]) -> None:
    """Raise SpecError when explanations were asked for and nothing would show them."""
    if not args.explain:
        return
    if args.no_ports or args.list_only:
        option = "-sn" if args.no_ports else "-sL"
        raise SpecError(
            "options", "--explain", None, f"does not go with {option}, which scans no ports",
            "leave one of them out",
        )  # fmt: skip
    if not any(output.format == "text" for output in outputs):
        raise SpecError(
            "options", "--explain", None, "adds to text, and no text is written", "add -oN FILE"
        )


def explained(session: ScanSession, key: int) -> list[tuple[str, str]]:
    """What explains the cell ``key``: headings, each with its text."""
    explanation = session.explain(key)
    if explanation is None:
        return []
    return [(heading, getattr(explanation, name)) for heading, name in _PARTS]

"""Targets: from the text a user types to the set of addresses a scan walks."""

from __future__ import annotations

from engine.spec.octets import V4Box
from engine.spec.resolve import (
    Resolution,
    TargetProblem,
    resolve_targets,
    system_resolver,
)
from engine.spec.spans import V6Span
from engine.spec.target_file import parse_target_file, read_target_file
from engine.spec.target_set import TargetSet
from engine.spec.target_text import (
    Expression,
    TargetExpressions,
    parse_excludes,
    parse_targets,
)

__all__ = [
    "Expression",
    "Resolution",
    "TargetExpressions",
    "TargetProblem",
    "TargetSet",
    "V4Box",
    "V6Span",
    "parse_excludes",
    "parse_target_file",
    "parse_targets",
    "read_target_file",
    "resolve_targets",
    "system_resolver",
]

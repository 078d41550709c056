"""Target text as the user types it: where it comes from, how much it means, what is wrong."""

from __future__ import annotations

from engine.sanitize import clean
from engine.spec.command_line import BuiltSpec
from engine.spec.targets import TargetExpressions, parse_target_file, parse_targets
from tui.plan import FILE_MARK, expand


def names_a_file(text: str) -> bool:
    """True for ``@path``."""
    return text.lstrip().startswith(FILE_MARK)


def read_targets(text: str) -> TargetExpressions:
    """The expressions typed, or those in the file behind ``@``. Raises SpecError."""
    if names_a_file(text):
        return parse_target_file(expand(text.strip().removeprefix(FILE_MARK).strip()))
    return parse_targets(text)


def address_count(expressions: TargetExpressions) -> str:
    """For example ``256 addresses`` or ``4 addresses and 1 name to look up``."""
    names = len(expressions.host_names)
    literal = expressions.literals.count
    parts = []
    if literal:
        parts.append("1 address" if literal == 1 else f"{literal:,} addresses")
    if names:
        parts.append(f"{names:,} name{'' if names == 1 else 's'} to look up")
    return " and ".join(parts) or "no address"


def problem_lines(built: BuiltSpec) -> list[str]:
    """One harmless line per target that could not be used."""
    return [clean(f"{expression} {why}", 200) for expression, why in built.target_problems]

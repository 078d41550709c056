"""``pyscan-tui``: read the command line, then run the screen.

Everything heavy is imported after the arguments are understood, so that ``--help`` and mistakes
answer at once.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.spec.options import ScanParser, UsageError, scan_parser

if TYPE_CHECKING:
    from themes.loader import LoadResult
    from tui.door import EngineDoor
    from tui.recent import RecentTargets

USAGE_ERROR = 2
_DESCRIPTION = """\
Scan ports and steer the scan from the keyboard while it runs.
With a target the scan starts at once; without one PyScan asks for it. Press ? for all keys."""


def parser() -> ScanParser:
    """The options of ``pyscan-tui``: those of a scan, and a few about the screen."""
    made = scan_parser("pyscan-tui", _DESCRIPTION)
    group = made.add_argument_group("screen")
    group.add_argument(
        "--demo", action="store_true",
        help="try everything on a simulated network: no packet leaves this machine",
    )  # fmt: skip
    group.add_argument("--theme", metavar="NAME", help="colours; m in the program shows them all")
    group.add_argument(
        "-v", dest="verbosity", action="count", default=0, help="more log (-vv, -vvv: still more)"
    )
    group.add_argument("-h", "--help", action="help", help="show this and exit")
    group.add_argument(
        "-V", "--version", action="version", version=f"pyscan-tui {_version()}", help="show it"
    )
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Run the program; gives its exit code."""
    try:
        args = parser().read(sys.argv[1:] if words is None else words)
        if args.demo and args.transport != "auto":
            raise UsageError("--demo simulates the network: leave out --transport")
        _check_terminal(args)
        themes, theme = _theme(args.theme)
    except UsageError as error:
        print(f"pyscan-tui: {error}", file=sys.stderr)
        return USAGE_ERROR

    from tui.app import PyScanApp
    from tui.plan import Plan

    door, recent = _demonstration(args) if args.demo else (None, None)
    app = PyScanApp(
        Plan(args),
        door=door,
        recent=recent,
        themes=themes,
        theme=theme,
        verbosity=min(max(args.verbosity, 1), 3),
    )
    try:
        app.run()
    finally:
        app.close_session()
    if app.complaint:
        print(f"pyscan-tui: {app.complaint}", file=sys.stderr)
    return app.return_code or 0


def _demonstration(args: argparse.Namespace) -> tuple[EngineDoor, RecentTargets]:
    """The simulated network and the targets to choose from; all of them where none is named."""
    from tui.demo import TARGETS, DemoDoor, DemoTargets

    if not args.targets and not args.target_files:
        args.targets = list(TARGETS)
    return DemoDoor(), DemoTargets()


def _check_terminal(args: argparse.Namespace) -> None:
    """Raises UsageError when there is no keyboard or no screen to work with."""
    if "-" in args.target_files:
        raise UsageError("-iL - cannot be used here: standard input is the keyboard; name a file")
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("needs a terminal all to itself; in scripts and pipelines use pyscan")


def _theme(wanted: str | None) -> tuple[LoadResult, str]:
    """All themes, and the name of the one to begin with. Raises UsageError."""
    from platformdirs import user_config_path

    from themes.loader import DEFAULT_THEME, load_themes

    loaded = load_themes(user_config_path("pyscan") / "themes")
    names = [theme.name for theme in loaded.themes]
    if wanted is None:
        return loaded, DEFAULT_THEME
    if wanted not in names:
        near = difflib.get_close_matches(wanted[:60], names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names[:20])}"
        shown = "".join(c if c.isprintable() else "?" for c in wanted[:40])
        raise UsageError(f"--theme {shown!r} is not a theme; {hint}")
    return loaded, wanted


def _version() -> str:
    """The installed version, or the source tree's when it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pyscan")
    except PackageNotFoundError:
        import tomllib

        project = Path(__file__).resolve().parent.parent / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"])


if __name__ == "__main__":
    sys.exit(main())

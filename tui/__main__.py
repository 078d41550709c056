"""``pyscan-tui``: read the command line, then run the screen.

Everything heavy is imported after the arguments are understood, so that ``--help`` and mistakes
answer at once.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import __version__
from engine.spec.options import ScanParser, UsageError, scan_parser

if TYPE_CHECKING:
    from themes.loader import LoadResult
    from tui.app import PyScanApp
    from tui.chosen_theme import ChosenTheme
    from tui.config import Config
    from tui.door import EngineDoor
    from tui.recent import RecentTargets

USAGE_ERROR = 2
CONFIG_COMMANDS = ("show", "path", "template", "check")
_DESCRIPTION = """\
Scan ports and steer the scan from the keyboard while it runs.
With a target the scan starts at once; without one PyScan asks for it. Press ? for all keys."""


def parser(timing: str = "3") -> ScanParser:
    """The options of ``pyscan-tui``: those of a scan, and a few about the screen.

    ``timing`` is the template where the words name none.
    """
    made = scan_parser("pyscan-tui", _DESCRIPTION)
    made.set_defaults(timing=timing)
    group = made.add_argument_group("screen")
    group.add_argument(
        "--demo", action="store_true",
        help="try everything on a simulated network: no packet leaves this machine",
    )  # fmt: skip
    group.add_argument(
        "--theme",
        metavar="NAME",
        help="colours; the program's command 'theme' shows them all",
    )
    group.add_argument(
        "--config", choices=CONFIG_COMMANDS,
        help="the configuration file: show what is in force, its path, a template, or check it",
    )  # fmt: skip
    group.add_argument(
        "-v", dest="verbosity", action="count", default=0, help="more log (-vv, -vvv: still more)"
    )
    group.add_argument("-h", "--help", action="help", help="show this and exit")
    group.add_argument(
        "-V", "--version", action="version", version=f"pyscan-tui {__version__}", help="show it"
    )
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Run the program; gives its exit code."""
    if words is None:
        gc.disable()  # nothing of what is loaded is garbage
    try:
        words = sys.argv[1:] if words is None else words
        args = parser().read(words)
        if args.config is not None:
            return _configure(args.config)
        if args.demo and args.transport != "auto":
            raise UsageError("--demo simulates the network: leave out --transport")
        _check_terminal(args)
        app = _app(words)
        app.when_loaded = settle
    except UsageError as error:
        for line in str(error).splitlines():
            print(f"pyscan-tui: {line}", file=sys.stderr)
        return USAGE_ERROR
    _run(app)
    if app.complaint:
        print(f"pyscan-tui: {app.complaint}", file=sys.stderr)
    return app.return_code or 0


def settle() -> None:
    """Everything is loaded: look for garbage from now on, but never among what is there already,
    which would hold the screen up for 40 ms time and again."""
    gc.freeze()
    gc.enable()


def _run(app: PyScanApp) -> None:
    """Run the screen; when it does not end as the user wanted, keep the results."""
    from tui.ending import minding_signals

    with minding_signals(app.leave, app.keep_results):
        try:
            app.run()
        finally:
            app.close_sessions()
        if (app.return_code or 0) not in (0, USAGE_ERROR):
            with contextlib.suppress(OSError):  # the terminal may be gone
                for line in app.keep_results():
                    print(f"pyscan-tui: {line}", file=sys.stderr)


def _configure(what: str) -> int:
    from engine.cli.exit_code import BROKEN_PIPE
    from engine.cli.streams import forget_standard_output
    from tui.config_command import run
    from tui.user_folder import user_folder

    try:
        code = run(what, user_folder())
        sys.stdout.flush()
    except BrokenPipeError:
        forget_standard_output()
        return BROKEN_PIPE
    return code


def _app(words: Sequence[str]) -> PyScanApp:
    """The program by the command line, and where that says nothing by the configuration.

    Raises UsageError.
    """
    from tui.app import PyScanApp
    from tui.chosen_theme import ChosenTheme
    from tui.config import ConfigError, load_config
    from tui.interrupted import InterruptedResults
    from tui.layout_file import LayoutFile
    from tui.scan_defaults import completed
    from tui.theme_watch import ThemeWatch
    from tui.user_folder import user_folder

    folder = user_folder()
    try:
        config = load_config(folder)
    except ConfigError as error:
        raise UsageError("\n".join(error.problems)) from None
    args = parser(config.scan.timing).read(words)
    themes = ThemeWatch(folder)
    chosen = ChosenTheme()
    theme = _theme(args.theme, config, themes.loaded, chosen)
    door, recent = _demonstration(args) if args.demo else (None, None)
    return PyScanApp(
        completed(args, config.scan),
        door=door,
        recent=recent,
        config=config,
        folder=folder,
        themes=themes,
        theme=theme,
        chosen_theme=chosen,
        verbosity=min(args.verbosity, 3),
        layout=LayoutFile(),
        interrupted=None if args.demo else InterruptedResults(),
    )


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


def _theme(wanted: str | None, config: Config, themes: LoadResult, chosen: ChosenTheme) -> str:
    """The name of the theme to begin with: the command line's, the configuration's, or the one that
    was chosen last. Raises UsageError."""
    if wanted is None and ("", "theme") not in config.given:
        remembered = chosen.read()
        return remembered if themes.named(remembered) is not None else config.theme
    name = config.theme if wanted is None else wanted
    if themes.named(name) is None:
        shown = "".join(c if c.isprintable() else "?" for c in name[:40])
        where = "config.toml: theme" if wanted is None else "--theme"
        raise UsageError(f"{where} {shown!r} is not a theme; {themes.nearest(name)}")
    return name


if __name__ == "__main__":
    sys.exit(main())

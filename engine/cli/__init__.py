"""``pyscan``: the engine without a screen, for scripts and pipelines.

Only the standard library is loaded until it is clear that there is something to scan, so that
``pyscan --version`` and mistakes on the command line are answered at once.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from engine.cli import exit_code
from engine.cli.streams import forget_standard_output, open_missing_streams
from engine.sanitize import clean
from engine.spec.error import SpecError
from engine.spec.options import UsageError

_OFTEN = 20_000
"""New objects after which to look for garbage: a scan keeps its results in arrays."""
_SWITCH = 0.0005
"""Seconds after which a thread lets another run. Two threads send, in turns with the kernel; who
comes back from it would wait for the other for up to 5 ms, which is Python's own choice."""


def command() -> NoReturn:
    """The process ``pyscan``: main(), tuned for a program that runs once."""
    gc.disable()  # nothing of what is loaded is garbage; _run() enables it
    gc.set_threshold(_OFTEN)
    sys.setswitchinterval(_SWITCH)
    code = main()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)  # all is written and closed; the interpreter would clear up for another 5 ms


def main(words: Sequence[str] | None = None) -> int:
    """Run ``pyscan`` with command-line ``words`` (default: the process's own).

    Returns the exit code; ends the process itself for ``--help`` and ``--version``.
    """
    open_missing_streams()
    try:
        try:
            code = _run(sys.argv[1:] if words is None else words)
        finally:
            sys.stdout.flush()
    except (UsageError, SpecError) as error:
        _complain(f"{error} (pyscan --help lists the options)")
        return exit_code.USAGE
    except BrokenPipeError:
        forget_standard_output()
        return exit_code.BROKEN_PIPE
    except OSError as error:
        forget_standard_output()
        _complain(f"standard output: {error.strerror or error}")
        return exit_code.INCOMPLETE
    except KeyboardInterrupt:
        return exit_code.INTERRUPTED
    return code


def _complain(text: str) -> None:
    print(f"pyscan: {clean(text, 2000)}", file=sys.stderr)


def _run(words: Sequence[str]) -> int:
    from engine.cli.options import pyscan_parser

    args = pyscan_parser().read(words)
    if args.print_json_schema:
        from engine.formats.records import json_schema

        sys.stdout.write(json_schema().decode())
        return exit_code.COMPLETED
    if not args.targets and not args.target_files and args.random is None:
        raise UsageError("no target given; write for example pyscan 127.0.0.1")
    from engine.cli.run import run

    if not gc.isenabled():
        gc.freeze()  # what is loaded stays: nobody needs to look through it again and again
        gc.enable()
    return run(args)

"""Choosing a file to write: what was typed becomes a path, asked about before it is replaced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.sanitize import clean
from tui.screens.confirm import Confirm
from tui.screens.dialog import Dialog, Verdict

MAX_PATH = 4096
"""Characters."""


def choose_file(
    dialog: Dialog[Path],
    typed: str,
    go_on: Callable[[Path], None],
    stands: Callable[[Path], bool] = Path.exists,
) -> None:
    """Call ``go_on`` with the path that ``typed`` means, or say on the dialog's Verdict what is
    wrong with it. Where ``stands`` says that something is there already, the user is asked
    first."""
    typed, verdict = typed.strip(), dialog.query_one(Verdict)
    if not typed or "\0" in typed:
        verdict.refuse("Type the name of a file.")
        return
    try:
        path = Path(typed).expanduser().absolute()
        taken, folder = stands(path), path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        verdict.refuse(clean(str(error), 200))
        return
    if folder:
        verdict.refuse("That is a folder: add the name of a file.")
    elif taken:
        question = f"{clean(str(path), 300)} exists. Overwrite it?"
        dialog.app.push_screen(
            Confirm(question, yes="Overwrite", no="Keep it"),
            lambda yes: go_on(path) if yes else None,
        )
    else:
        go_on(path)

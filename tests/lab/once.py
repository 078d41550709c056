"""Work done once for all processes of a test run: whoever comes first does it, the others wait."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from tests.lab.namespace import LabError

T = TypeVar("T")

PATIENCE = 110.0
"""Seconds to wait for another process; no scan of the lab may take longer."""


def once(folder: Path | None, key: str, work: Callable[[], T]) -> T:
    """The result of ``work``, done now or by another process that shares ``folder``.

    None shares with nobody. Raises what ``work`` raised, in whichever process, and LabError when
    that process does not finish.
    """
    if folder is None:
        return work()
    name = key.replace("/", "_")
    claim, done = folder / f"{name}.claim", folder / f"{name}.done"
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return cast(T, _wait_for(done, key))
    try:
        outcome: tuple[bool, object] = (True, work())
    except (LabError, OSError) as error:
        outcome = (False, LabError(str(error)))
    part = done.with_suffix(".part")
    part.write_bytes(pickle.dumps(outcome))
    part.rename(done)
    return cast(T, _wait_for(done, key))


def _wait_for(done: Path, key: str) -> object:
    """What the process that claimed the work left."""
    deadline = time.monotonic() + PATIENCE
    while not done.exists():
        if time.monotonic() > deadline:
            raise LabError(f"{key}: the process that began it did not finish")
        time.sleep(0.02)
    good, value = pickle.loads(done.read_bytes())
    if not good:
        raise value
    return value

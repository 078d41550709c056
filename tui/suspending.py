"""Ctrl+Z: scans are held back while the program is stopped.

A stopped process reads no answers, and those that come in the meantime are as late as the pause was
long: they would count as losses and as an endless way. So probes in flight get a moment to be
answered first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.results.snapshot import Phase

if TYPE_CHECKING:
    from engine.session import ScanSession

DRAIN = 0.5
"""Seconds that answers are awaited at most before the program stops."""
_LOOK = 0.02


async def hold(sessions: Iterable[ScanSession]) -> list[ScanSession]:
    """Pause those that run and wait for their answers; which they were."""
    held = [one for one in sessions if one.snapshot().phase is Phase.RUNNING]
    for session in held:
        session.pause()
    for _ in range(int(DRAIN / _LOOK)):
        if all(_is_quiet(session) for session in held):
            break
        await asyncio.sleep(_LOOK)
    return held


def let_go(held: Iterable[ScanSession]) -> None:
    """Let the scans that were held go on; one that ended meanwhile takes no notice."""
    for session in held:
        session.resume()


def _is_quiet(session: ScanSession) -> bool:
    snapshot = session.snapshot()
    return snapshot.phase is not Phase.RUNNING and not snapshot.progress.in_flight

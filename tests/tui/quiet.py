"""until_quiet: takes the place of the wait by which Textual's pilot lets the program finish.

Textual (8.2) sleeps in steps of 20 ms until the process has used less than 1 ms of a step: at least
40 ms for each key, and too short where the machine gives the process no time.
"""

from __future__ import annotations

import asyncio
import math

from textual import active_app
from textual._wait import wait_for_idle

SOON = 0.02
"""Seconds: timers that are due within them are waited for, as Textual's step does."""
TURN = 0.0001
"""Seconds a turn of the event loop counts for, however long it took."""


async def until_quiet(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Until the event loop has nothing to do and no timer is due soon; ``max_sleep`` seconds at
    most, of which those do not count in which the machine had no time for the program. While
    threads work for it, as Textual waits."""
    loop = asyncio.get_running_loop()
    waited = 0.0
    while waited < max_sleep:
        await asyncio.sleep(0)
        waited += TURN
        if any(not worker.is_finished for worker in active_app.get().workers):
            await wait_for_idle(min_sleep, max_sleep)
            return
        if loop._ready:
            continue
        due = [timer.when() for timer in loop._scheduled if not timer.cancelled()]
        wait = min(due, default=math.inf) - loop.time()
        if wait > SOON:
            return
        await asyncio.sleep(wait)
        waited += max(wait, 0.0)

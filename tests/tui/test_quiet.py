"""The wait by which tests let the program finish."""

from __future__ import annotations

import asyncio
import time

from textual.app import App

from tests.tui.quiet import until_quiet

STALL = 0.2
"""Seconds in which the machine has no time for the program."""


async def test_a_machine_that_stalls_does_not_end_the_wait() -> None:
    loop, steps = asyncio.get_running_loop(), []

    def step(number: int) -> None:
        steps.append(number)
        time.sleep(STALL)
        if number < 3:
            loop.call_later(0.005, step, number + 1)

    async with App[None]().run_test():
        loop.call_soon(step, 1)
        await until_quiet(max_sleep=STALL / 2)
    assert steps == [1, 2, 3]


async def test_what_never_ends_is_not_waited_for() -> None:
    loop = asyncio.get_running_loop()

    def tick() -> None:
        nonlocal handle
        handle = loop.call_later(0.005, tick)

    async with App[None]().run_test():
        handle = loop.call_later(0.005, tick)
        async with asyncio.timeout(20):
            await until_quiet(max_sleep=0.1)
        handle.cancel()

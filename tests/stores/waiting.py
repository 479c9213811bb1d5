"""Waiting for what another process does in its own time."""

import asyncio
from collections.abc import Awaitable, Callable

GENEROUS_S = 20.0  # a bound for a machine that does ten other things


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Come back as soon as it is true; TimeoutError if that takes far too long."""
    async with asyncio.timeout(GENEROUS_S):
        while not await true():  # noqa: ASYNC110 - the other process sets no event of ours
            await asyncio.sleep(0.005)

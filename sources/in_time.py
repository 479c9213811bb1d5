"""In time: asyncio's time-out, for work that may have been begun before there was a task for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """TimeoutError unless all is done within so many seconds.

    What is begun at once (`resolvers/eager.py`) has a task as soon as it has waited; until then
    there is none that `asyncio.timeout` could interrupt.
    """
    if asyncio.current_task() is None:
        await asyncio.sleep(0)
    async with asyncio.timeout(seconds):
        yield

"""In time: waiting no longer than one may, for work of one's own, or for what goes on anyway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any


@asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """asyncio's time-out: TimeoutError unless all is done within so many seconds.

    What is begun at once (`resolvers/eager.py`) has a task as soon as it has waited; until then
    there is none that `asyncio.timeout` could interrupt.
    """
    if asyncio.current_task() is None:
        await asyncio.sleep(0)
    async with asyncio.timeout(seconds):
        yield


async def ended(work: "asyncio.Future[Any]", until: float | None) -> bool:
    """Whether work has ended, well or badly, by `until`, in the event loop's seconds.

    Who waits, or no longer does, never stops it. `asyncio.wait` is for many, and takes twice as
    long for one as all the rest of waiting for it.
    """
    loop = asyncio.get_running_loop()
    if work.done() or (until is not None and until <= loop.time()):
        return work.done()
    woken = loop.create_future()
    wake = partial(_wake, woken)
    work.add_done_callback(wake)
    late = None if until is None else loop.call_at(until, wake)
    try:
        await woken
    finally:
        work.remove_done_callback(wake)
        if late is not None:
            late.cancel()
    return work.done()


def _wake(woken: "asyncio.Future[None]", _: object = None) -> None:
    if not woken.done():
        woken.set_result(None)

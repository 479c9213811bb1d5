"""In time: who waits for work that goes on without them, no longer than they may."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from sources.in_time import ended
from tests.leaping import LeapingLoop, goes_by


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(work)


async def slow() -> str:
    await goes_by(5)
    return "done"


def test_work_that_ends_in_time_has_ended_well_or_badly() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for error in (None, ValueError("no")):
            work = loop.create_future()
            end = (work.set_result, None) if error is None else (work.set_exception, error)
            loop.call_at(loop.time() + 2, *end)
            assert await ended(work, loop.time() + 3)
            assert work.exception() is error
            assert await ended(work, None)
        assert loop.time() == 4

    run(main())


def test_work_that_takes_longer_goes_on() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(slow())
        assert not await ended(work, loop.time() + 2)
        assert (loop.time(), work.cancelling()) == (2, 0)
        assert not await ended(work, 1)  # past already: nobody waits at all
        assert loop.time() == 2
        assert await ended(work, None)
        assert (loop.time(), work.result()) == (5, "done")

    run(main())


def test_who_goes_away_stops_nothing_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(slow())
        asker = asyncio.create_task(ended(work, loop.time() + 9))
        await goes_by(1)
        assert work._callbacks  # the asker's
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
        assert not work._callbacks
        assert await work == "done"
        await goes_by(0)
        assert all(timer.cancelled() for timer in vars(loop)["_scheduled"])

    run(main())

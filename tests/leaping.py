"""Leaping: an event loop whose time goes on only while there is nothing else to do.

Where all would wait, its clock leaps to the next timer: what takes ten seconds by
that clock takes none of ours, and takes exactly ten seconds however slow the
machine is. For what happens within one process: a socket's other end would seem
to take for ever.
"""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class LeapingLoop(asyncio.SelectorEventLoop):
    """`time` begins at 0, and what the code itself takes is nothing."""

    def __init__(self) -> None:
        self._now = 0.0
        self._threads = 0
        super().__init__(_Leaps(self))

    def time(self) -> float:
        return self._now

    def leap(self, timeout: float | None) -> bool:
        """Go on by so much, if nobody is at work beside the loop; whether that was possible."""
        if self._threads or timeout is None:
            return False
        self._now += timeout
        return True

    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        self._threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Threads are waited for, and nothing is leapt over for it (from Python 3.12 on)."""
        await super().shutdown_default_executor()

    def _back(self, _: asyncio.Future[Any]) -> None:
        self._threads -= 1


async def goes_by(seconds: float) -> None:
    """So much of the loop's own time, which is none of ours."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_later(seconds, over.set_result, None)
    await over


class _Leaps(selectors.DefaultSelector):
    """Waits for nothing but threads."""

    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if found or timeout == 0 or self._loop.leap(timeout):
            return found
        return super().select(None)

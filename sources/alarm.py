"""Alarm: something to be done later, once."""

import asyncio
from collections.abc import Callable

from sources.tracing import apart


class Alarm:
    """Rings when it was last set to, unless it is put out before.

    What it does then it knows only while it is set: who has an alarm would otherwise be held by it.
    """

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        """Whether it is set."""
        return self._handle is not None

    def set_in(self, seconds: float, ring: Callable[[], None]) -> None:
        self.put_out()
        loop = asyncio.get_running_loop()
        self._handle = loop.call_later(seconds, self._rung, ring, context=apart())

    def put_out(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _rung(self, ring: Callable[[], None]) -> None:
        self._handle = None
        ring()

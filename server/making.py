"""Making: what is being made for one who asks, for others who ask the very same just then."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context

from server.asked import LARGE, Asked, Key

JOIN_S = 0.25  # after a response was begun that others wait for it; later they join an execution


class Making:
    """What is being made: who asks the very same just then may be given it as it is finished.

    For that they wait a moment, and no longer: most is finished by then, and for the rest they
    queue as others do, and share an execution (`remembered.py`). Nobody depends on who came
    first: whatever becomes of them, those who wait go on.

    `read` has requests for what is being made, by the bytes that they came as.
    """

    def __init__(self) -> None:
        self.read: dict[bytes, Asked] = {}
        self._under_way: dict[Key, _Made] = {}

    def then(self, key: Key, go_on: Callable[[], None]) -> bool:
        """Whether `go_on` will be called: once it is made, or has taken too long."""
        made = self._under_way.get(key)
        return made is not None and made.then(go_on)

    async def wait(self, key: Key) -> bool:
        """Wait for as long; False at once if there is nothing to wait for."""
        gone_on = asyncio.Event()
        return self.then(key, gone_on.set) and await gone_on.wait()

    def of(self, key: Key) -> AbstractContextManager[None]:
        """While it is being made; by the first of those who make it, if they are several."""
        return nullcontext() if key in self._under_way else _Made(self, self._under_way, key)

    def came_as(self, data: bytes, asked: Asked) -> None:
        """Who first asked for what is being made sent just these bytes, and nothing else."""
        made = self._under_way.get(asked.key)
        if made is not None and made.data is None and len(data) <= LARGE:
            made.data = data
            self.read[data] = asked


class _Made:
    """One response, while it is being made."""

    __slots__ = ("_began", "_key", "_late", "_making", "_under_way", "_waiting", "data")

    def __init__(self, making: Making, under_way: "dict[Key, _Made]", key: Key) -> None:
        self.data: bytes | None = None
        self._began = asyncio.get_running_loop().time()
        self._late: asyncio.TimerHandle | None = None
        self._waiting: list[Callable[[], None]] | None = []  # None when nobody may any more
        self._making = making
        self._under_way = under_way
        self._key = key

    def __enter__(self) -> None:
        self._under_way[self._key] = self

    def __exit__(self, *_: object) -> None:
        del self._under_way[self._key]
        if self.data is not None:
            del self._making.read[self.data]
        if self._late is not None:
            self._late.cancel()
            self._end()

    def then(self, go_on: Callable[[], None]) -> bool:
        if self._waiting is None:
            return False
        if self._late is None:  # nobody has waited for it yet
            loop = asyncio.get_running_loop()
            left = self._began + JOIN_S - loop.time()
            if left <= 0:
                return False
            self._late = loop.call_later(left, self._end)
        self._waiting.append(go_on)
        return True

    def _end(self) -> None:
        """Let those go on who wait for it: in no request's context, in a turn of their own."""
        waiting, self._waiting = self._waiting, None
        loop, context = asyncio.get_running_loop(), Context()
        for go_on in waiting or ():
            loop.call_soon(go_on, context=context)

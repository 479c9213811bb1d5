"""Making: what is being made for one who asks, for others who ask the very same just then."""

import asyncio
from contextlib import AbstractContextManager, nullcontext

from server.asked import Key

JOIN_S = 0.25  # after a response was begun that others wait for it; later they join an execution


class Making:
    """What is being made: who asks the very same just then may be given it as it is finished.

    For that they wait a moment, and no longer: most is finished by then, and for the rest they
    queue as others do, and share an execution (`remembered.py`). Nobody depends on who came
    first: whatever becomes of them, those who wait go on.
    """

    def __init__(self) -> None:
        self._under_way: dict[Key, _Made] = {}

    def soon(self, key: Key) -> asyncio.Future[None] | None:
        """What is done when it is made, or has taken too long; None if nobody need wait for it.

        It is everybody's: none of those who wait may cancel it.
        """
        made = self._under_way.get(key)
        if made is None:
            return None
        if made.done is None:  # nobody has waited for it yet
            loop = asyncio.get_running_loop()
            left = made.began + JOIN_S - loop.time()
            if left <= 0:
                return None
            made.done = loop.create_future()
            made.late = loop.call_later(left, made.end)
        return None if made.done.done() else made.done

    def of(self, key: Key) -> AbstractContextManager[None]:
        """While it is being made; by the first of those who make it, if they are several."""
        return nullcontext() if key in self._under_way else _Made(self._under_way, key)


class _Made:
    """One response, while it is being made."""

    __slots__ = ("_key", "_under_way", "began", "done", "late")

    def __init__(self, under_way: "dict[Key, _Made]", key: Key) -> None:
        self.began = asyncio.get_running_loop().time()
        self.done: asyncio.Future[None] | None = None
        self.late: asyncio.TimerHandle | None = None
        self._under_way = under_way
        self._key = key

    def __enter__(self) -> None:
        self._under_way[self._key] = self

    def __exit__(self, *_: object) -> None:
        del self._under_way[self._key]
        self.end()

    def end(self) -> None:
        """Let those go on who wait for it."""
        if self.late is not None:
            self.late.cancel()
        if self.done is not None and not self.done.done():
            self.done.set_result(None)

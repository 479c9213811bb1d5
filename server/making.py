"""Making: what is being made for one who asks, for others who ask the very same just then."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

JOIN_S = 0.25  # after a response was begun that others wait for it; later they join an execution

Key = tuple[Any, ...]


class Making:
    """What is being made: who asks the very same just then may be given it as it is finished.

    For that they wait a moment, and no longer: most is finished by then, and for the rest they
    queue as others do, and share an execution (`remembered.py`). Nobody depends on who came
    first: whatever becomes of them, those who wait go on.
    """

    def __init__(self) -> None:
        self._under_way: dict[Key, _Made] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._under_way

    async def awaited(self, key: Key) -> bool:
        """Whether it was being made, and is no more."""
        made = self._under_way.get(key)
        if made is None:
            return False
        loop = asyncio.get_running_loop()
        left = made.began + JOIN_S - loop.time()
        if left <= 0:
            return False
        if made.done is None:  # nobody has waited for it yet
            made.done = loop.create_future()
        await asyncio.wait((made.done,), timeout=left)
        return made.done.done()

    @contextmanager
    def of(self, key: Key) -> Iterator[None]:
        """While it is being made; by the first of those who make it, if they are several."""
        if key in self._under_way:
            yield
            return
        made = self._under_way[key] = _Made(asyncio.get_running_loop().time())
        try:
            yield
        finally:
            del self._under_way[key]
            if made.done is not None:
                made.done.set_result(None)


class _Made:
    __slots__ = ("began", "done")

    def __init__(self, began: float) -> None:
        self.began = began
        self.done: asyncio.Future[None] | None = None

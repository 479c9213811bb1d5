"""Connected: what is done for a client is done for as long as the client is there."""

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect, Request

LOOK_S = 0.02  # from when on we look whether the client is still there


class while_connected:  # noqa: N801 - it reads as the words that it is: `with while_connected(…):`
    """Stops what is done inside when the client goes: ClientDisconnect.

    Nobody looks whether it has before a while: most answers are out by then. For what was
    begun on the wire (`direct.py`), and is no task, the wire looks itself.

    By cancelling it, not by graphql-core's `abort_signal`, which stops the same work but
    waits with two tasks for each field: a quarter more time for every answer. Upstream
    reads are shared and shielded, so nobody else's answer is stopped.
    """

    __slots__ = ("_gone", "_request", "_soon", "_task", "_watcher")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._gone = False
        self._task = asyncio.current_task()
        self._soon: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        if self._task is not None:
            self._soon = self._task.get_loop().call_later(LOOK_S, self._begin)

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._soon is not None:
            self._soon.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if isinstance(error, asyncio.CancelledError) and self._left():
            raise ClientDisconnect from None

    def _left(self) -> bool:
        """Whether that is because of the client."""
        return self._task is None or (self._gone and self._task.uncancel() == 0)

    def _begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel()

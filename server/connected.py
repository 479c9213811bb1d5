"""Connected: what is done for a client is done for as long as the client is there."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

LOOK_S = 0.02  # from when on we look whether the client is still there


@contextmanager
def while_connected(request: Request) -> Iterator[None]:
    """Stops what is done inside when the client goes: ClientDisconnect.

    Nobody looks whether it has before a while: most answers are out by then.

    By cancelling it, not by graphql-core's `abort_signal`, which stops the same work but
    waits with two tasks for each field: a quarter more time for every answer. Upstream
    reads are shared and shielded, so nobody else's answer is stopped.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is None:  # begun on the wire (`direct.py`), which looks itself
        try:
            yield
        except asyncio.CancelledError:
            raise ClientDisconnect from None
        return
    watcher: asyncio.Task[None] | None = None
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        if task is not None:
            task.cancel()

    def begin() -> None:
        nonlocal watcher
        watcher = loop.create_task(watch())

    soon = loop.call_later(LOOK_S, begin)
    try:
        yield
    except asyncio.CancelledError:
        if gone and task is not None and task.uncancel() == 0:
            raise ClientDisconnect from None
        raise
    finally:
        soon.cancel()
        if watcher is not None:
            watcher.cancel()

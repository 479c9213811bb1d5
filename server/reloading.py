"""Reloading: files that an operator may change while we run, looked at each second."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import structlog

log = structlog.get_logger("server")

EACH_S = 1.0

Signature = tuple[int, int]


def signature(file: Path) -> Signature | None:
    """What changes when a file does: its time and its size; None if it is not there."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


async def keep_fresh(refreshes: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Call each of them for ever; one that has a bug does not stop the others."""
    while True:
        await asyncio.sleep(EACH_S)
        for refresh in refreshes:
            try:
                await refresh()
            except Exception:
                log.exception("bug while reloading")

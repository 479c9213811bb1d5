"""Reloading: files that an operator may change while we run, looked at each second."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import structlog

log = structlog.get_logger("server")

EACH_S = 1.0

Signature = tuple[int, int]


class Refresh(Protocol):
    """Reads something again if it changed, or `again` in any case; what is broken it refuses."""

    async def __call__(self, *, again: bool = False) -> None: ...


def signature(file: Path) -> Signature | None:
    """What changes when a file does: its time and its size; None if it is not there."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


class Reloading:
    """Has all that may change looked at each second, and read again when that is wanted."""

    def __init__(self, *refreshes: Refresh) -> None:
        self._refreshes: Iterable[Refresh] = refreshes
        self._wanted = asyncio.Event()

    def now(self) -> None:
        """Read everything again soon, whether or not it seems to have changed: SIGHUP."""
        self._wanted.set()

    async def keep_fresh(self) -> None:
        """For ever; one that has a bug does not stop the others."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EACH_S):
                    await self._wanted.wait()
            again = self._wanted.is_set()
            self._wanted.clear()
            for refresh in self._refreshes:
                try:
                    await refresh(again=again)
                except Exception:
                    log.exception("bug while reloading")

"""Watching: who keeps an eye on what was read, and hears when it has been read again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sources.cache import Cached


class Watch:
    """News of all that an answer rests on: `news` is set when any of it has been read again."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self._watched: set[Cached[Any]] = set()
        self._ended = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is watched from then on, instead of what was before."""
        self.news.clear()
        before, self._watched = self._watched, set()
        token = watch.set(self)
        try:
            yield
        finally:
            watch.reset(token)
            for cached in before - self._watched:
                cached.left_by(self)

    def add(self, cached: Cached[Any]) -> None:
        if not self._ended:  # a batch may outlive who asked for it
            self._watched.add(cached)
            cached.watched_by(self)

    def end(self) -> None:
        """No more news."""
        self._ended = True
        for cached in self._watched:
            cached.left_by(self)


watch: ContextVar[Watch | None] = ContextVar("watch", default=None)

"""Explain: what one query read, or was spared, and which of its fields waited for it.

`X-Poche-Explain: sources` asks for it. A request that does not ask pays nothing:
it has plain loaders, and its fields are not watched.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from inspect import isawaitable
from time import perf_counter
from typing import Any, TypeVar

from graphql import GraphQLResolveInfo, MiddlewareManager

from resolvers import Loaders
from schema.key import Key
from sources import Sources
from sources.collection import Collection
from sources.report import Reading

T = TypeVar("T")

MEMORY, STORE, NETWORK = "memory", "store", "network"
SHOWN = 20  # keys of one batch

# On whose behalf the code at hand runs: a field, as its path, or the batch that answers keys.
asker: ContextVar["str | _Batch | None"] = ContextVar("asker", default=None)


@dataclass(eq=False)
class _Batch:
    """Keys that are answered together, and by whom each of them was asked for."""

    keys: list[Key[Any]] = field(default_factory=list)
    askers: set["str | _Batch"] = field(default_factory=set)

    def fields(self, seen: Iterable["_Batch"] = ()) -> set[str]:
        """The fields that waited for it, however many batches lie between."""
        found: set[str] = set()
        for one in self.askers:
            if isinstance(one, str):
                found.add(one)
            elif one not in seen:
                found |= one.fields((*seen, self))
        return found


@dataclass
class _Read:
    """A source, read for one batch; seconds are since the request began."""

    batch: _Batch | None
    began_s: float
    took_s: float
    origin: str
    fetched_at: datetime | None


class Explained(Loaders):
    """Loaders that remember who asked for what, and what that read."""

    def __init__(self, sources: Sources, now: datetime, home: str) -> None:
        super().__init__(sources, now, home)
        self.watching = MiddlewareManager(_watched)
        self._began = perf_counter()
        self._waiting: dict[Key[Any], _Batch] = {}  # by key: the batch that answers it
        self._askers: defaultdict[Key[Any], set[str | _Batch]] = defaultdict(set)
        self._reads: dict[tuple[str, _Batch | None], _Read] = {}

    async def load(self, key: Key[T]) -> T:
        who = asker.get()
        if who is not None:
            self._askers[key].add(who)
            if key in self._waiting:  # answered, or about to be: it waited for that, too
                self._waiting[key].askers.add(who)
        return await super().load(key)

    async def load_many(self, keys: Iterable[Key[T]]) -> list[T]:
        return await asyncio.gather(*map(self.load, keys))  # each is asked for in somebody's name

    async def collection(self, kind: type[T], city: str) -> Collection[T]:
        with self._seen(kind, city):
            return await super().collection(kind, city)

    async def keyed(self, kind: type[T], city: str, key: str) -> Collection[T]:
        with self._seen(kind, city, key):
            return await super().keyed(kind, city, key)

    @contextmanager
    def _seen(self, kind: type, city: str, key: str | None = None) -> Iterator[None]:
        """Remember one read; of those that a batch makes of one source, the first that was work."""
        source = self._sources.binding(kind, city).source
        before, began = self._sources.reading(kind, city, key), perf_counter()
        try:
            yield
        finally:
            after, who = self._sources.reading(kind, city, key), asker.get()
            batch = who if isinstance(who, _Batch) else None
            at = source, batch
            if at not in self._reads or self._reads[at].origin == MEMORY:
                self._reads[at] = _Read(
                    batch,
                    began - self._began,
                    perf_counter() - began,
                    _origin(before, after),
                    after.held.fetched_at if after.held is not None else None,
                )

    async def _batch(self, keys: list[Any]) -> list[Any]:
        batch = _Batch(keys, set().union(*(self._askers[key] for key in keys)))
        self._waiting.update(dict.fromkeys(keys, batch))
        token = asker.set(batch)
        try:
            return await super()._batch(keys)
        finally:
            asker.reset(token)

    @property
    def waited(self) -> frozenset[str]:
        """The fields that waited for an upstream, rather than for what was held already."""
        batches = [one.batch for one in self._reads.values() if one.origin == NETWORK]
        return frozenset(name for batch in batches if batch for name in batch.fields())

    def report(self) -> list[dict[str, Any]]:
        """Each read, in the order in which they began: for `extensions.explain`."""
        return [
            {
                "source": source,
                "from": read.origin,
                "ageS": None
                if read.fetched_at is None
                else round((self.now - read.fetched_at).total_seconds()),
                "startMs": round(read.began_s * 1_000, 3),
                "ms": round(read.took_s * 1_000, 3),
                "batch": len(read.batch.keys) if read.batch else 0,
                "keys": [repr(key) for key in read.batch.keys[:SHOWN]] if read.batch else [],
                "fields": sorted(read.batch.fields()) if read.batch else [],
            }
            for (source, _), read in sorted(self._reads.items(), key=lambda one: one[1].began_s)
        ]


def _origin(before: Reading, after: Reading) -> str:
    if after.calls != before.calls:
        return NETWORK
    return STORE if after.held is not before.held else MEMORY


def _watched(resolve: Any, root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """graphql-core's middleware: what a field awaits is done in its name."""
    found = resolve(root, info, **arguments)
    return _named(found, info) if isawaitable(found) else found


async def _named(found: Awaitable[T], info: GraphQLResolveInfo[Any]) -> T:
    path = ("*" if isinstance(step, int) else step for step in info.path.as_list())
    token = asker.set(".".join(path))
    try:
        return await found
    finally:
        asker.reset(token)

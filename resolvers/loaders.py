"""Loaders: how keys find their answers.

`@answers(PoolsIn)` declares the function that answers one such key;
`@answers_many(DeparturesAt)` the one that answers all keys of a tick at once.
Each request has its own `Loaders`: ask twice, answered once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from operator import attrgetter
from typing import Any, TypeVar

from aiodataloader import DataLoader

from cities import Binding, City
from schema.arguments import BadUserInput
from schema.key import Key
from sources import Sources
from sources.cache import deadline
from sources.collection import Collection
from sources.errors import NotOffered, SourceError

T = TypeVar("T")
K = TypeVar("K", bound=Key[Any])
Answer = Callable[["Loaders", K], Awaitable[T]]
AnswerMany = Callable[["Loaders", list[K]], Awaitable[list[T]]]

registered: dict[type[Key[Any]], AnswerMany[Any, Any]] = {}


def answers_many(key: type[K], *per: str) -> Callable[[AnswerMany[K, T]], AnswerMany[K, T]]:
    """Declare the function that answers a list of such keys with a list as long.

    The keys of one call agree on the attributes named in `per` (`"city"`): a
    failure concerns only those keys.
    """
    alike = attrgetter(*per)

    def register(answer: AnswerMany[K, T]) -> AnswerMany[K, T]:
        async def grouped(ask: "Loaders", keys: list[K]) -> list[Any]:
            groups: dict[Any, list[K]] = {}
            for one in keys:
                groups.setdefault(alike(one), []).append(one)
            calls = (answer(ask, group) for group in groups.values())
            results = await asyncio.gather(*calls, return_exceptions=True)
            found: dict[K, Any] = {}
            for group, result in zip(groups.values(), results, strict=True):
                each = [result] * len(group) if isinstance(result, BaseException) else result
                found.update(zip(group, each, strict=True))
            return [found[one] for one in keys]

        registered[key] = grouped
        return answer

    return register


def answers(key: type[K]) -> Callable[[Answer[K, T]], Answer[K, T]]:
    """Declare the function that answers one such key."""

    def register(answer: Answer[K, T]) -> Answer[K, T]:
        async def each(ask: "Loaders", keys: list[K]) -> list[Any]:
            if len(keys) == 1:
                return [await answer(ask, keys[0])]
            return await asyncio.gather(*(answer(ask, k) for k in keys), return_exceptions=True)

        registered[key] = each
        return answer

    return register


class Loaders:
    """One request's view of the city: batched, deduplicated, forgotten at the end.

    `now` is the request's one instant (aware, UTC); `home` the city that fields
    mean when they name none; `touched` the bindings that its answer rests on;
    `until` the next instant at which time alone will change it, if an answer said.
    """

    def __init__(self, sources: Sources, now: datetime, home: str) -> None:
        self.now = now
        self.home = home
        self.touched: dict[str, Binding] = {}
        self.until: datetime | None = None
        self._sources = sources
        self._loaders: dict[type, DataLoader[Any, Any]] = {}

    def city(self, slug: str | None) -> str:
        """The slug of the city asked for; BadUserInput if there is none such."""
        slug = self.home if slug is None else slug
        if slug not in self._sources.cities:
            near = get_close_matches(slug, list(self._sources.cities), 1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            raise BadUserInput(f"There is no city `{slug[:50]}`.{hint}", "city")
        return slug

    @property
    def cities(self) -> Mapping[str, City]:
        return self._sources.cities

    @property
    def sources(self) -> Sources:
        return self._sources

    def changes_at(self, instant: datetime) -> None:
        """An answer that is right for now will not be any more from this instant on."""
        self.until = instant if self.until is None else min(self.until, instant)

    async def collection(self, kind: type[T], city: str) -> Collection[T]:
        """Everything a city says of one kind of thing; SourceError, NotOffered."""
        binding = self._sources.binding(kind, city)
        self.touched[binding.source] = binding
        return await self._sources.collection(kind, city)

    async def find_collection(self, kind: type[T], city: str) -> Collection[T] | None:
        """The same for what an answer can do without: None if there is none, or none in time."""
        return await _without(self.collection(kind, city))

    async def find_keyed(self, kind: type[T], city: str, key: str) -> Collection[T] | None:
        """The same for what an answer can do without: None if there is none, or none in time."""
        return await _without(self.keyed(kind, city, key))

    async def keyed(self, kind: type[T], city: str, key: str) -> Collection[T]:
        """What a city says of one kind of thing about one thing; SourceError, NotOffered.

        For sources that are asked for one thing at a time (`sources.is_keyed`):
        `key` is the id of something that has been looked up.
        """
        binding = self._sources.binding(kind, city)
        self.touched[binding.source] = binding
        return await self._sources.keyed(kind, city, key)

    async def load(self, key: Key[T]) -> T:
        """The key's answer.

        Shielded: when one field fails, graphql-core cancels its siblings, and a
        future that others of this request wait for must not be cancelled with them.
        """
        kind = type(key)
        loader = self._loaders.get(kind)
        if loader is None:
            loader = self._loaders[kind] = DataLoader(self._batch)
        result: T = await asyncio.shield(loader.load(key))
        return result

    async def load_many(self, keys: Iterable[Key[T]]) -> list[T]:
        """The answers of many keys, in their order; the first error if there is one."""
        return await asyncio.gather(*map(self.load, keys))

    async def _batch(self, keys: list[Any]) -> list[Any]:
        """One call of an answer; aiodataloader would leave the keys of a cancelled one waiting."""
        try:
            found = await registered[type(keys[0])](self, keys)
        except asyncio.CancelledError:
            raise Cancelled from None
        return [Cancelled() if isinstance(one, asyncio.CancelledError) else one for one in found]


async def _without(read: Awaitable[T]) -> T | None:
    """A read that may fail; it is given half of the time that is left, so that others have some."""
    until, now = deadline.get(), asyncio.get_running_loop().time()
    token = deadline.set(None if until is None else now + (until - now) / 2)
    try:
        return await read
    except (SourceError, NotOffered):
        return None
    finally:
        deadline.reset(token)


class Cancelled(RuntimeError):
    """A batch was cancelled, which only a bug can do: nobody who waits for a key may stop it."""

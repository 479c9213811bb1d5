"""Loaders: how keys find their answers.

`@answers(PoolsIn)` declares the function that answers one such key;
`@answers_many(DeparturesAt)` the one that answers all keys of a tick at once.
Each request has its own `Loaders`: ask twice, answered once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar, cast
from weakref import ref

from aiodataloader import DataLoader

from cities import Binding, City
from resolvers.eager import together
from resolvers.waves import PENDING, Known, Waves
from schema.arguments import BadUserInput
from schema.key import Key
from schema.provenance import Source
from sources import Sources
from sources.basis import Basis
from sources.cache import dispensable
from sources.collection import Collection
from sources.errors import NotOffered, SourceError

T = TypeVar("T")
K = TypeVar("K", bound=Key[Any])
Answer = Callable[["Loaders", K], Coroutine[Any, Any, T]]
AnswerMany = Callable[["Loaders", list[K]], Coroutine[Any, Any, list[T]]]
Read = tuple[type, str, str | None]  # what of which city, and what for where it is keyed

# The language that whoever asks prefers for our own words.
language: ContextVar[str] = ContextVar("language", default="fr")

registered: dict[type[Key[Any]], AnswerMany[Any, Any]] = {}


def answers_many(key: type[K], *per: str) -> Callable[[AnswerMany[K, T]], AnswerMany[K, T]]:
    """Declare the function that answers a list of such keys with a list as long.

    The keys of one call agree on the attributes named in `per` (`"city"`): a
    failure concerns only those keys.
    """
    alike = attrgetter(*per)

    def register(answer: AnswerMany[K, T]) -> AnswerMany[K, T]:
        async def grouped(ask: "Loaders", keys: list[K]) -> list[Any]:
            if len(set(map(alike, keys))) == 1:
                return await answer(ask, keys)
            groups: dict[Any, list[K]] = {}
            for one in keys:
                groups.setdefault(alike(one), []).append(one)
            results = await together(answer(ask, group) for group in groups.values())
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
            return await together(answer(ask, key) for key in keys)

        registered[key] = each
        return answer

    return register


class Loaders:
    """One request's view of the city: batched, deduplicated, forgotten at the end.

    `now` is the request's one instant (aware, UTC); `home` the city that fields
    mean when they name none. What its answer rests on: `touched`, the bindings that were
    asked, `keys`, what for, if one thing at a time; `reads`, what became of each; `snapshots`,
    what was read; `lacks`, what could not be; `until`, when time alone will change it;
    `spoken`, whether it is in the client's language.
    """

    def __init__(self, sources: Sources, now: datetime, home: str) -> None:
        self.now = now
        self.home = home
        self.touched: dict[str, Binding] = {}
        self.keys: defaultdict[str, list[str]] = defaultdict(list)
        self.reads: set[tuple[Read, Collection[Any] | None]] = set()
        self.snapshots: set[Collection[Any]] = set()
        self.lacks: set[str] = set()
        self.until: datetime | None = None
        self.spoken = False
        self._sources = sources
        self._loaders: dict[type, DataLoader[Any, Any]] = {}
        self._known = Known()
        self._abandoned = False

    @property
    def language(self) -> str:
        """The language that the client prefers: `fr` or `en`. Who asks has an answer in it."""
        self.spoken = True
        return language.get()

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

    def changes_at(self, *instants: datetime) -> None:
        """An answer that is right for now will not be any more after the next of these instants."""
        for instant in instants:
            if instant >= self.now and (self.until is None or instant < self.until):
                self.until = instant

    def today(self, city: str) -> date:
        """The day that it is in a city; who asks has an answer that holds until midnight there."""
        zone = self.cities[city].zone
        day = self.now.astimezone(zone).date()
        self.changes_at(datetime.combine(day + timedelta(days=1), time(), zone))
        return day

    def collection(self, kind: type[T], city: str) -> Coroutine[Any, Any, Collection[T]]:
        """Everything a city says of one kind of thing; SourceError, NotOffered."""
        return self._read(kind, city, None)

    async def collections(
        self,
        kinds: Sequence[type[Any]],
        city: str,
        prepare: Callable[[Collection[Any]], Awaitable[None]] | None = None,
    ) -> tuple[list[Collection[Any]], list[Source]]:
        """Everything of several kinds, for lists that can do without some of them.

        Also the sources that cannot be read now, which the list has to name; SourceError
        only if none of them can. What can be made of each before the slowest is there, `prepare`
        makes.
        """

        async def prepared(kind: type[Any]) -> Collection[Any]:
            found = await self.collection(kind, city)
            if prepare is not None:
                await prepare(found)
            return found

        found = await together(prepared(kind) for kind in kinds)
        errors = [one for one in found if isinstance(one, BaseException)]
        for error in errors:
            if len(errors) == len(found) or not isinstance(error, SourceError):
                raise error
        missing = {
            self._sources.binding(kind, city).source: ()
            for kind, one in zip(kinds, found, strict=True)
            if isinstance(one, BaseException)
        }
        read = [one for one in found if isinstance(one, Collection)]
        return read, self._sources.report(city, only=missing) if missing else []

    async def find_collection(self, kind: type[T], city: str) -> Collection[T] | None:
        """The same for what an answer can do without: None if there is none, or none in time."""
        return await _without(self.collection(kind, city))

    async def find_keyed(self, kind: type[T], city: str, key: str) -> Collection[T] | None:
        """The same for what an answer can do without: None if there is none, or none in time."""
        return await _without(self.keyed(kind, city, key))

    def keyed(self, kind: type[T], city: str, key: str) -> Coroutine[Any, Any, Collection[T]]:
        """What a city says of one kind of thing about one thing; SourceError, NotOffered.

        For sources that are asked for one thing at a time (`sources.is_keyed`):
        `key` is the id of something that has been looked up, or what a client is looking for,
        made comparable.
        """
        return self._read(kind, city, key)

    async def _read(self, kind: type[T], city: str, key: str | None) -> Collection[T]:
        sources, what = self._sources, (kind, city, key)
        binding = sources.binding(kind, city)
        self.touched[binding.source] = binding
        if key is not None:
            self.keys[binding.source].append(key)
        try:
            found = sources.ready(kind, city, key)
            if found is None:
                if key is None:
                    found = await sources.collection(kind, city)
                else:
                    found = await sources.keyed(kind, city, key)
        except SourceError:
            self.lacks.add(binding.source)
            self.reads.add((what, None))
            raise
        self.reads.add((what, found))
        self.snapshots.add(found)
        return found

    def bases(self) -> tuple[Basis, ...] | None:
        """What the answer rests on, by which it can be told whether it is still the same.

        None if it is not even now, or if to ask again would mean to wait for a source.
        """
        found = [self._sources.basis(*what, read) for what, read in self.reads]
        return None if None in found else tuple(filter(None, found))

    async def load(self, key: Key[T]) -> T:
        """The key's answer.

        Shielded: when one field fails, graphql-core cancels its siblings, and a
        future that others of this request wait for must not be cancelled with them.
        """
        if self._abandoned:
            raise Abandoned
        if key not in self._known.values:
            loader = self._loaders.get(type(key))
            if loader is None:
                answer = partial(_batch_of, ref(self))
                loader = self._loaders[type(key)] = DataLoader(answer, cache=False)
            self._known.follow(key, loader.load(key))
        if self._known.values[key] is PENDING:
            return cast("T", await asyncio.shield(self._known.future(key)))
        return cast("T", self._known.answer(key))

    def waves(self) -> Waves:
        """For who asks for the keys of a level together; not kept, as it is no use without us."""
        return Waves(self._known, self._batch)

    def abandon(self) -> None:
        """Nobody waits for the answer any more: what it waits for itself fails at once."""
        self._abandoned = True
        self._known.settle_all(Abandoned())

    async def load_many(self, keys: Iterable[Key[T]]) -> list[T]:
        """The answers of many keys, in their order; the first error if there is one."""
        asked, known, waves = [*keys], self._known, self.waves()
        waves.asked += asked
        waves.answer()
        while any(known.values[key] is PENDING for key in asked):
            await known.news()
        return [known.answer(key) for key in asked]

    async def _batch(self, keys: list[Any]) -> list[Any]:
        """One call of an answer; aiodataloader would leave the keys of a cancelled one waiting."""
        try:
            found = await registered[type(keys[0])](self, keys)
        except asyncio.CancelledError:
            raise Cancelled from None
        if asyncio.CancelledError not in map(type, found):
            return found
        return [Cancelled() if isinstance(one, asyncio.CancelledError) else one for one in found]


async def _batch_of(loaders: "ref[Loaders]", keys: list[Any]) -> list[Any]:
    """The same for a `DataLoader` of theirs: to keep them, it would keep all that they read."""
    ask = loaders()
    return [Abandoned() for _ in keys] if ask is None else await ask._batch(keys)


async def _without(read: Awaitable[T]) -> T | None:
    """A read that may fail, or take longer than its grace: something else stands in for it."""
    token = dispensable.set(True)
    try:
        return await read
    except (SourceError, NotOffered):
        return None
    finally:
        dispensable.reset(token)


class Abandoned(RuntimeError):
    """Whoever asked has gone; nobody is told."""


class Cancelled(RuntimeError):
    """A batch was cancelled, which only a bug can do: nobody who waits for a key may stop it."""

"""Sources: every feed of every city, found by what is wanted of it."""

import asyncio
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from cities import Binding, City, CityError
from cities.binding import WORDS
from schema.provenance import Source
from schema.reports import Report
from sources.atlas import Atlas, Spots
from sources.basis import Basis
from sources.cache import Held
from sources.calendar import Calendar
from sources.cities import communes
from sources.collection import Collection
from sources.courier import Courier
from sources.directory import Directory
from sources.errors import NotOffered, SourceError
from sources.feeds import Feed, Table
from sources.http import Door
from sources.joined import Joined
from sources.keyed import Keyed
from sources.naming import Names
from sources.protocols import protocols
from sources.reading import doubts, reader_of, readers, tables
from sources.report import collection_of, doubt_of, source_of

T = TypeVar("T")
WARM_UP_S = 3


class Vitals(NamedTuple):
    """What an operator wants to know of a source besides: its breaker, and its quota's rest."""

    breaker: str
    quota_left: int | None


class Reading(NamedTuple):
    """What a read changes: the snapshot that is held, and how many calls were made for it."""

    held: Held[Any] | None
    calls: int


class Sources:
    """Where each service of each city comes from; CityError if a city file asks for what is not."""

    def __init__(self, cities: Mapping[str, City], door: Door) -> None:
        self.cities = cities
        self.clock = door.clock
        self.atlases = Joined(Spots, Atlas)
        self.directories = Joined(self._names, Directory)
        self.communes = {slug: Names(communes(city)) for slug, city in cities.items()}
        self._door = door
        self._bindings = {b.source: b for city in cities.values() for b in city.bindings.values()}
        self._warming: asyncio.Task[None] | None = None
        self._warmed = asyncio.Event()
        self._feeds: dict[tuple[type, str], Feed] = {}
        reporting: dict[str, Table] = {}
        self._keyed: dict[tuple[type, str], Keyed] = {}
        for city in cities.values():
            shared: dict[str, list[Table]] = {}
            for binding in city.bindings.values():
                table = _table(city, binding)
                if table.reader.kind is Report:
                    reporting[city.slug] = table
                if table.speaks.keyed:
                    self._keyed[table.reader.kind, city.slug] = Keyed(city, table, door)
                else:
                    shared.setdefault(table.speaks.feed(), []).append(table)
            for alike in shared.values():
                self._feeds.update(_feeds(city, alike, door))
        named = Counter(feed.name for feed in set(self._feeds.values()))
        for feed in self._feeds.values():  # two cities may read the nation's calendar
            feed.followed = feed.followed or named[feed.name] > 1
        self.courier = Courier(door, reporting, cities)

    async def collection(self, kind: type[T], city: str) -> Collection[T]:
        """Everything a city says of one kind of thing, as fresh as its policy has it."""
        return await self._feed(kind, city).collection(kind)

    def offers(self, kind: type, city: str) -> bool:
        """Whether a city's file says where things of this kind come from."""
        return (kind, city) in self._feeds or (kind, city) in self._keyed

    def is_keyed(self, kind: type, city: str) -> bool:
        """Whether a city's things of one kind are asked for one by one, with `keyed`."""
        return (kind, city) in self._keyed

    async def keyed(self, kind: type[T], city: str, key: str) -> Collection[T]:
        """What a city says of one kind of thing about one thing, which has this id there."""
        if not self.is_keyed(kind, city):
            raise NotOffered(city, readers[kind].table)
        return await self._keyed[kind, city].collection(kind, key)

    def binding(self, kind: type, city: str) -> Binding:
        """Where a city's things of one kind come from; NotOffered if they do not."""
        if self.is_keyed(kind, city):
            return self._keyed[kind, city].table.binding
        return next(t.binding for t in self._feed(kind, city).tables if t.reader.kind is kind)

    def kinds(self) -> Iterable[tuple[type, str]]:
        """Everything that is read whole: a kind of thing, and the slug of a city."""
        return self._feeds.keys()

    def report(self, city: str, only: Mapping[str, Iterable[str]] | None = None) -> list[Source]:
        """How each of a city's sources is doing, in the order of its file.

        Or `only` some by id, each with the keys that it was asked for, if it is keyed.
        """
        now = self.clock()
        feeds = dict(self._feeds)
        for at, keyed in self._keyed.items():
            feeds[at] = keyed.latest((only or {}).get(keyed.table.binding.source, ()))
        found = {
            table.binding.table: source_of(feed, table, now, partial(self._held, city))
            for (kind, slug), feed in feeds.items()
            if slug == city
            for table in feed.tables
            if table.reader.kind is kind and (only is None or table.binding.source in only)
        }
        return [found[table] for table in self.cities[city].bindings if table in found]

    def basis(
        self, kind: type, city: str, key: str | None, read: Collection[Any] | None
    ) -> Basis | None:
        """What an answer rests on that read this, or could not (None).

        None if reading it again would not give the same, or not at once.
        """
        now, keyed = self.clock(), self._keyed.get((kind, city))
        feed = self._feeds.get((kind, city)) if keyed is None else keyed.find(key or "")
        if feed is None or (shown := feed.cached.peek(now)) is None:
            return None
        cached, collection = feed.cached, collection_of(feed, kind)
        if (None if isinstance(shown, SourceError) else collection) is not read:
            return None
        doubt = partial(doubt_of, feed, kind, partial(self._held, city)) if kind in doubts else None
        due_at = collection and collection.fetched_at + timedelta(seconds=cached.binding.ttl_s)
        return Basis(
            find=partial(keyed.used, key or "") if keyed else lambda: cached,
            version=cached.version,
            failed=isinstance(shown, SourceError),
            until=due_at if due_at and due_at > now else None,
            doubt=doubt,
            doubted=None if doubt is None else doubt(now),
        )

    async def vitals(self, source: str) -> Vitals:
        """The breaker and the quota of one source, by its id."""
        binding = self._bindings[source]
        breaker = self._door.breaker(binding).state.value
        return Vitals(breaker, await self._door.upstreams.left(binding))

    def reading(self, kind: type, city: str, key: str | None = None) -> Reading:
        """How things stand, of one thing if the source is keyed, before or after a read."""
        keyed = self._keyed.get((kind, city))
        feed = keyed.find(key or "") if keyed else self._feed(kind, city)
        asks = feed.asks if feed else {self.binding(kind, city).source}
        calls = sum(n for (source, _), n in self._door.calls.items() if source in asks)
        return Reading(feed.cached.held if feed else None, calls)

    @property
    def calls(self) -> Mapping[tuple[str, str], int]:
        """Calls to upstreams since the start, by source and outcome."""
        return self._door.calls

    @property
    def answers(self) -> Mapping[tuple[str, str], int]:
        """Questions answered since the start, by source and whether what was held was fresh."""
        counted = {f.tables[0].binding.source: f.cached.answers for f in self._feeds.values()}
        counted |= {one.table.binding.source: one.answers for one in self._keyed.values()}
        return {(source, how): n for source, some in counted.items() for how, n in some.items()}

    @property
    def warm(self) -> bool:
        """Whether each feed has been read, or has failed, once; or was given time enough to."""
        return self._warming is None or self._warmed.is_set()

    def start(self, services: Container[str]) -> asyncio.Task[None]:
        """Read every feed of these once, behind, so that no client has to wait for a first read."""
        self._warming = asyncio.create_task(self._warm_up(services), name="first reads")
        return self._warming

    async def _warm_up(self, services: Container[str]) -> None:
        read = set(self._feeds.values())
        feeds = [one for one in read if any(t.binding.service in services for t in one.tables)]
        with suppress(TimeoutError):
            async with asyncio.timeout(WARM_UP_S):
                quick = [feed.cached.get() for feed in feeds if not feed.lasting]
                await asyncio.gather(*quick, return_exceptions=True)
        self._warmed.set()
        for feed in feeds:  # what takes its time is not waited for
            if feed.lasting:
                feed.cached.read()
        for city in self.cities.values():  # nor a calendar, which takes a moment to load
            await asyncio.to_thread(Calendar.of(city).load, self.clock().date())

    def close(self) -> None:
        """Stop all reading."""
        if self._warming is not None:
            self._warming.cancel()
        for feed in self._feeds.values():
            feed.cached.close()
        for keyed in self._keyed.values():
            keyed.close()

    def _held(self, city: str, kind: type) -> Collection[Any] | None:
        """What is held of one kind of thing, however old; nothing is read for it."""
        feed = self._feeds.get((kind, city))
        return None if feed is None else collection_of(feed, kind)

    def _names(self, collection: Collection[Any]) -> Names:
        return Names.of(collection, self.cities[collection.binding.city])

    def _feed(self, kind: type, city: str) -> Feed:
        feed = self._feeds.get((kind, city))
        if feed is None:
            raise NotOffered(city, readers[kind].table)
        return feed


def _feeds(city: City, tables: list[Table], door: Door) -> Iterable[tuple[tuple[type, str], Feed]]:
    """The feeds of one payload: one for all that is read at once, and one for each thing kept."""
    quick = [table for table in tables if table.reader.keeps is None]
    first = Feed(city, quick, door) if quick else None
    for table in tables:
        slow = table.reader.keeps is not None
        feed = Feed(city, [table], door, first) if slow or first is None else first
        yield (table.reader.kind, city.slug), feed


def _table(city: City, binding: Binding) -> Table:
    """A binding with all that it names: its reader, its protocol, its columns."""
    where = f"{city.slug}.toml [{binding.table}]"
    reader = reader_of(binding.table)
    if reader is None:
        raise CityError(where, f"no service `{binding.table}`", binding.table, tables())
    known = protocols()
    if binding.protocol not in known:
        problem = f"no protocol `{binding.protocol}`"
        raise CityError(f"{where} protocol", problem, binding.protocol, known)
    for column in binding.fields:
        if column not in reader.columns:
            raise CityError(f"{where} fields", f"no column `{column}`", column, reader.columns)
    speaks = known[binding.protocol]
    try:
        return Table(binding, speaks(**binding.options), reader)
    except ValidationError as error:
        raise CityError.worded(where, error, {*speaks.model_fields, *WORDS}) from None

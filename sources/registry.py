"""Sources: every feed of every city, found by what is wanted of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache, cached_property, partial
from typing import Any, TypeVar

from cities import Binding, City, upstreams
from schema.provenance import Source
from schema.reports import Report
from sources.atlas import Atlas, Spots
from sources.basis import Basis
from sources.bound import bound
from sources.cache import Cached
from sources.calendar import Calendar
from sources.cities import communes
from sources.collection import Collection
from sources.courier import Courier
from sources.directory import Directory
from sources.errors import NotOffered, SourceError
from sources.feeds import Feed, feeds_of
from sources.http import Door
from sources.joined import Joined
from sources.keyed import Keyed
from sources.naming import Names
from sources.reading import doubts, readers
from sources.report import (
    Ground,
    Reading,
    Vitals,
    collection_of,
    doubt_of,
    ground_of,
    in_order,
    source_of,
)
from sources.succession import hand_over, same
from sources.tables import Table

T = TypeVar("T")
X = TypeVar("X")
WARM_UP_S = 3


class Sources:
    """Where each service of each city comes from; CityError if a city file asks for what is not.

    One edition of the city files, which never changes. A later one goes on with what `was`, for
    all tables of which it says the same: what is held, and how it is read again.
    """

    def __init__(
        self, cities: Mapping[str, City], door: Door, was: "Sources | None" = None
    ) -> None:
        self.cities = cities
        self.clock = door.clock
        self.atlases = Joined(Spots, Atlas)
        self.directories = Joined(Names.of, Directory, given=self._named)
        self.communes = cache(lambda slug: Names(communes(cities[slug])))  # of a city
        self._door = door
        self._bindings = {b.source: b for city in cities.values() for b in city.bindings.values()}
        self._upstreams = upstreams(cities.values())
        self._warming: asyncio.Task[None] | None = None
        self._warmed = asyncio.Event()
        self._feeds: dict[tuple[type, str], Feed] = {}
        self._reporting: dict[str, Table] = {}
        self._keyed: dict[tuple[type, str], Keyed] = {}
        for city in cities.values():
            shared: dict[str, list[Table]] = {}
            for binding in city.bindings.values():
                table = bound(city, binding)
                if table.reader.kind is Report:
                    self._reporting[city.slug] = table
                if table.speaks.keyed:
                    kept = None if was is None else was._kept_keyed(city, table)
                    self._keyed[table.reader.kind, city.slug] = kept or Keyed(city, table, door)
                else:
                    shared.setdefault(table.speaks.feed(), []).append(table)
            for name, alike in shared.items():
                feeds = None if was is None else was._kept_feeds(city, name, alike)
                self._feeds.update(feeds or feeds_of(city, alike, door))
        named = Counter(feed.name for feed in set(self._feeds.values()))
        for feed in self._feeds.values():  # two cities may read the nation's calendar
            feed.followed = feed.followed or named[feed.name] > 1
        if was is None:
            self.courier = Courier(door, self._reporting, cities)
            door.upstreams.known = self._upstreams
        else:
            self.courier = was.courier

    def _kept_keyed(self, city: City, table: Table) -> Keyed | None:
        """The feeds that a later edition goes on with, if it says the same of this table."""
        alike = same(city, self.cities.get(city.slug), (table,))
        return self._keyed[table.reader.kind, city.slug] if alike else None

    def _kept_feeds(
        self, city: City, payload: str, tables: Sequence[Table]
    ) -> dict[tuple[type, str], Feed] | None:
        """The feeds of a payload that a later edition goes on with, if it has the same tables."""
        found = {
            at: feed
            for at, feed in self._feeds.items()
            if at[1] == city.slug and feed.name == payload
        }
        alike = [kind for kind, _ in found] == [table.reader.kind for table in tables]
        return found if alike and same(city, self.cities.get(city.slug), tables) else None

    def succeed(self, was: "Sources") -> None:
        """Be the edition from now on: what `was`, and is not any more, is read no more."""
        if was._warming is not None:
            was._warming.cancel()
        if was.warm:
            self._warmed.set()
        Cached.latest += 1  # whatever was made before, something else is said now
        self._door.upstreams.known = self._upstreams
        self.courier.change(self._reporting, self.cities)
        for at, feed in self._feeds.items():
            if (old := was._feeds.get(at)) is not None and old is not feed:
                hand_over(old, feed)
        for feed in {*was._feeds.values()}.difference(self._feeds.values()):
            feed.cached.retire()
        for keyed in {*was._keyed.values()}.difference(self._keyed.values()):
            keyed.retire()
        for source, binding in was._bindings.items():
            if self._bindings.get(source) != binding:
                self._door.forgive(source)

    async def collection(self, kind: type[T], city: str) -> Collection[T]:
        """Everything a city says of one kind of thing, as fresh as its policy has it."""
        return await self._feed(kind, city).collection(kind)

    def ready(self, kind: type[T], city: str, key: str | None) -> Collection[T] | None:
        """What `collection`, or `keyed`, answers without waiting; None if it waits."""
        if key is None:
            return self._feed(kind, city).ready(kind)
        keyed = self._keyed.get((kind, city))
        return None if keyed is None else keyed.ready(kind, key)

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
        found = self._origins.get((kind, city))
        if found is None:
            raise NotOffered(city, readers[kind].table)
        return found

    @cached_property
    def _origins(self) -> Mapping[tuple[type, str], Binding]:
        read = {(t.reader.kind, at[1]): t for at, feed in self._feeds.items() for t in feed.tables}
        asked = {at: keyed.table for at, keyed in self._keyed.items()}
        return {at: table.binding for at, table in (read | asked).items()}

    def kinds(self) -> Iterable[tuple[type, str]]:
        """Everything that is read whole: a kind of thing, and the slug of a city."""
        return self._feeds.keys()

    def report(self, city: str, only: Mapping[str, Iterable[str]] | None = None) -> list[Source]:
        """How each of a city's sources is doing, in the order of its file.

        Or `only` some by id, each with the keys that it was asked for, if it is keyed.
        """
        return self._told(city, only, source_of)

    def grounds(self, city: str, only: Mapping[str, Iterable[str]]) -> list[Ground]:
        """As much of that as an answer tells of what it rests on."""
        return self._told(city, only, ground_of)

    def _told(
        self, city: str, only: Mapping[str, Iterable[str]] | None, of: Callable[..., X]
    ) -> list[X]:
        now, held, found = self.clock(), partial(self._held, city), []
        for source, table in self._tables[city]:
            if only is None or source in only:
                at = table.reader.kind, city
                keyed = self._keyed.get(at)
                feed = keyed.latest((only or {}).get(source, ())) if keyed else self._feeds[at]
                found.append(of(feed, table, now, held))
        return found

    @cached_property
    def _tables(self) -> Mapping[str, Sequence[tuple[str, Table]]]:
        read = [(kind, feed.tables) for (kind, _), feed in self._feeds.items()]
        asked = [(kind, (keyed.table,)) for (kind, _), keyed in self._keyed.items()]
        return in_order(self.cities.values(), [*read, *asked])

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
        unread = {feed for feed in self._feeds.values() if not feed.cached.version}
        feeds = [one for one in unread if any(t.binding.service in services for t in one.tables)]
        with suppress(TimeoutError):
            async with asyncio.timeout(WARM_UP_S):
                quick = [feed.cached.get() for feed in feeds if not feed.lasting]
                await asyncio.gather(*quick, return_exceptions=True)
        self._warmed.set()
        for feed in feeds:  # what takes its time is not waited for
            if feed.lasting:
                feed.cached.read()
        for city in self.cities.values():  # nor a calendar, which takes a moment to load
            await Calendar.of(city).ready(self.clock().date())

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

    def _named(self, collection: Collection[Any]) -> tuple[str, Mapping[str, str]]:
        """What names depend on besides the things that have them."""
        city = self.cities[collection.binding.city]
        return city.name, city.kinds

    def _feed(self, kind: type, city: str) -> Feed:
        feed = self._feeds.get((kind, city))
        if feed is None:
            raise NotOffered(city, readers[kind].table)
        return feed

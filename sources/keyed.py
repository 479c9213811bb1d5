"""Keyed: a source that is asked for one thing at a time, such as the departures of one stop.

Each thing has a feed of its own, all by the policy of the one binding: its ttl,
its quota, its breaker. Only what is asked for is read, and only then; where there
are many, or they are large, what was not asked for the longest is forgotten. A
thing is an id of the source's own, or what a client is looking for: then there is
no end of keys, and of most there is nothing, which is not believed for long.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter
from typing import Any, TypeVar

from cities import City
from sources.cache import Cached
from sources.collection import Collection
from sources.feeds import Feed
from sources.http import Door
from sources.tables import Table, Tables

T = TypeVar("T")
MAX_FEEDS = 1_000
MAX_BYTES = 8 << 20  # of their payloads; what is made of those takes some four times as many
NOTHING_S = 600.0  # that there is nothing is asked again after that, however long the ttl


class Keyed:
    """The feeds of one table by what they were asked for."""

    def __init__(
        self,
        city: City,
        table: Table,
        door: Door,
        most: int = MAX_FEEDS,
        most_bytes: int = MAX_BYTES,
    ) -> None:
        # One stop's rows come and go: that there are none left is no sign of a broken feed.
        self.table = replace(table, binding=table.binding.model_copy(update={"may_shrink": True}))
        # For what there is nothing of.
        self._briefly = self.table.binding.model_copy(
            update={
                "ttl_s": min(self.table.binding.ttl_s, NOTHING_S),
                "stale_while_revalidate_s": 0.0,
            }
        )
        self._tables = Tables(city, (self.table,), door)
        self._most = most
        self._most_bytes = most_bytes
        self._feeds: dict[str, Feed] = {}  # the one asked for last comes last
        self._sizes: dict[str, int] = {}  # of their payloads, for those that have been read
        self._bytes = 0  # all of them together
        self.answers: dict[str, int] = defaultdict(int)  # of all of them, as of `Cached`
        self._unasked = Feed(self._tables)

    def latest(self, keys: Iterable[str] = ()) -> Feed:
        """The feed that was asked for last of which there is anything: how the source is doing.

        For an answer that asked for these keys: the oldest of what it could be shown. One thing
        that the source does not know (a station, where it knows platforms) says nothing of it.
        """
        asked = [feed for key in keys if (feed := self._feeds.get(key)) is not None]
        shown = [(feed.cached.held.fetched_at, feed) for feed in asked if feed.cached.held]
        if shown:
            return min(shown, key=itemgetter(0))[1]
        if asked:
            return asked[0]
        of_late = reversed(self._feeds.values())
        held = next((feed for feed in of_late if feed.cached.held), None)
        return held or next(reversed(self._feeds.values()), self._unasked)

    def find(self, key: str) -> Feed | None:
        """The feed of one thing, without asking for it."""
        return self._feeds.get(key)

    def used(self, key: str) -> Cached[Any] | None:
        """What is held of one thing, which is remembered as asked for; None if it is forgotten."""
        feed = self._feeds.pop(key, None)
        if feed is None:
            return None
        self._feeds[key] = feed
        return feed.cached

    async def collection(self, kind: type[T], key: str) -> Collection[T]:
        """What the source says of one thing; SourceError if it cannot be read.

        `key` is an id of the source's own, looked up before; or what a client is looking
        for, made comparable and short, where the protocol is one that says what it does with
        any text.
        """
        feed = self._feeds.pop(key, None) or self._new(key)
        self._feeds[key] = feed
        return self._read(feed, key, await feed.collection(kind))

    def ready(self, kind: type[T], key: str) -> Collection[T] | None:
        """The same where nothing is waited for; None where something is."""
        feed = self._feeds.pop(key, None)
        if feed is None:
            return None
        self._feeds[key] = feed
        found = feed.ready(kind)
        return None if found is None else self._read(feed, key, found)

    def _read(self, feed: Feed, key: str, found: Collection[T]) -> Collection[T]:
        """Keep what was read for as long as it deserves, and count its payload."""
        feed.cached.binding = self.table.binding if found.items else self._briefly
        if self._sizes.get(key) != feed.bytes and self._feeds.get(key) is feed:
            self._weigh(key, feed.bytes)
        return found

    def _new(self, key: str) -> Feed:
        """The feed of one thing that is asked for; there is room for it then."""
        if len(self._feeds) >= self._most:
            self._forget(next(iter(self._feeds)))
        feed = Feed(self._tables, one=key)
        feed.cached.ahead = False
        feed.cached.answers = self.answers
        return feed

    def _weigh(self, key: str, size: int) -> None:
        """Count the payload of what was read, and forget as many as are too much then."""
        self._bytes += size - self._sizes.get(key, 0)
        self._sizes[key] = size
        while self._bytes > self._most_bytes and len(self._feeds) > 1:
            self._forget(next(iter(self._feeds)))

    def _forget(self, key: str) -> None:
        self._feeds.pop(key).cached.forget()
        self._bytes -= self._sizes.pop(key, 0)

    def retire(self) -> None:
        """Read no more by itself."""
        for feed in self._feeds.values():
            feed.cached.retire()

    def close(self) -> None:
        """Stop all reading."""
        for feed in self._feeds.values():
            feed.cached.close()

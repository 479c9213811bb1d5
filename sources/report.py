"""Report: how one source is doing, told by what is held of it and by how its last read went."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import strawberry

from cities import City
from schema.provenance import Source, SourceState, seconds
from sources.cache import Cached, Held
from sources.collection import Collection
from sources.errors import Changed, OverQuota, SourceError
from sources.feeds import Feed
from sources.reading import doubts
from sources.tables import Table

IDLE_AFTER_TTLS = 3


class Vitals(NamedTuple):
    """What an operator wants to know of a source besides: its breaker, and its quota's rest."""

    breaker: str
    quota_left: int | None


class Reading(NamedTuple):
    """What a read changes: the snapshot that is held, and how many calls were made for it."""

    held: Held[Any] | None
    calls: int


def collection_of(feed: Feed, kind: type) -> Collection[Any] | None:
    held = feed.cached.held.value.get(kind) if feed.cached.held is not None else None
    return held if isinstance(held, Collection) else None


def doubt_of(
    feed: Feed, kind: type, held: Callable[[type], Collection[Any] | None], now: datetime
) -> str | None:
    """What speaks against what is held of a kind of thing."""
    if kind not in doubts or (collection := collection_of(feed, kind)) is None:
        return None
    return doubts[kind](collection, now, held)


def in_order(
    cities: Iterable[City], read: Iterable[tuple[type, Sequence[Table]]]
) -> Mapping[str, Sequence[tuple[str, Table]]]:
    """Each city's tables with the ids of their sources, in the order of its file.

    `read` has the tables by the kind of thing that is wanted of them.
    """
    of = {one.binding.source: one for kind, some in read for one in some if one.reader.kind is kind}
    ids = {city.slug: [one.source for one in city.bindings.values()] for city in cities}
    return {slug: [(id_, of[id_]) for id_ in some if id_ in of] for slug, some in ids.items()}


class Ground(NamedTuple):
    """What an answer is told of a source that it rests on."""

    id: str
    state: SourceState
    fetched_at: datetime | None
    licence: str | None


def ground_of(
    feed: Feed, table: Table, now: datetime, held: Callable[[type], Collection[Any] | None]
) -> Ground:
    """The same as of `source_of`, at a third of its time."""
    collection = collection_of(feed, table.reader.kind)
    state = _state(feed, collection, _trouble(feed, table, now, held), now)
    fetched_at = None if collection is None else collection.fetched_at
    return Ground(table.binding.source, state, fetched_at, table.binding.licence)


def _trouble(
    feed: Feed, table: Table, now: datetime, held: Callable[[type], Collection[Any] | None]
) -> SourceError | None:
    """What went wrong with the last read, or what speaks against what was read."""
    kind = table.reader.kind
    error = feed.cached.error or feed.problems.get(kind)
    if error is None and (doubt := doubt_of(feed, kind, held, now)) is not None:
        return Changed(doubt, table.binding)
    return error


def source_of(
    feed: Feed, table: Table, now: datetime, held: Callable[[type], Collection[Any] | None]
) -> Source:
    binding, cached = table.binding, feed.cached
    collection = collection_of(feed, table.reader.kind)
    error = _trouble(feed, table, now, held)
    fetched_at = collection.fetched_at if collection is not None else None
    return Source(
        id=strawberry.ID(binding.source),
        name=binding.name,
        licence=binding.licence,
        attribution=binding.attribution,
        url=binding.page,
        state=_state(feed, collection, error, now),
        fetched_at=fetched_at,
        age_s=None if fetched_at is None else seconds(fetched_at, now),
        next_refresh_at=None
        if fetched_at is None
        else fetched_at + timedelta(seconds=binding.ttl_s),
        rows_read=None if collection is None else len(collection.items),
        rows_dropped=None if collection is None else collection.dropped,
        waiting_since=cached.waiting_since,
        last_error=_last_error(cached, error),
    )


def _last_error(cached: Cached[Any], error: SourceError | None) -> str | None:
    if error is not None:
        return error.detail
    return "no answer yet" if cached.overdue else None


def _state(
    feed: Feed, collection: Collection[Any] | None, error: SourceError | None, now: datetime
) -> SourceState:
    ttl_s, asked_at = feed.cached.binding.ttl_s, feed.cached.asked_at
    young = collection is not None and (now - collection.fetched_at).total_seconds() < ttl_s
    if young and isinstance(error, Changed):  # it says something else by now, which is not believed
        return SourceState.STALE
    if young:
        return SourceState.LIVE
    if isinstance(error, OverQuota):
        return SourceState.OVER_QUOTA
    if collection is None:
        known_down = error is not None or feed.cached.overdue
        return SourceState.DOWN if known_down else SourceState.IDLE
    if asked_at is None or (now - asked_at).total_seconds() > IDLE_AFTER_TTLS * ttl_s:
        return SourceState.IDLE
    return SourceState.STALE

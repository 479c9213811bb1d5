"""Feeds: one payload of one upstream, read once for all the collections that are in it.

A GTFS file holds both stops and routes: the tables of a city file that describe
the same payload share one feed, so that it is fetched once and swapped whole.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, TypeVar

import structlog

from cities import City
from sources.cache import CLOCKS_APART_S, Cached, Held
from sources.collection import Collection
from sources.errors import Changed, SourceError, Unavailable
from sources.http import Door
from sources.kept_payload import KeptPayload
from sources.replies import NotModified, Validators
from sources.shrinking import Shrinking, Snapshot
from sources.store import Payload
from sources.tables import Table, Tables, speaking
from sources.tracing import step

T = TypeVar("T")
log = structlog.get_logger("sources.feeds")

LEASE_CALLS = 3  # a read may take several calls, each with its own time-out
LARGE = 1 << 16  # bytes from which a payload is parsed beside the event loop
NONE: Mapping[Any, Any] = MappingProxyType({})  # the same for all that have none


class Feed:
    """The tables that share one payload, which has a name. The first one's policy holds for all.

    A feed that is made into something lasting takes its time, so it is a feed of its
    own, which `follows` the one that fetches the same payload. `one` is what alone is
    asked for, of tables that are asked for one thing at a time: there are thousands of
    such feeds, so each has of its own only what it needs.
    """

    def __init__(
        self, tables: Tables, follows: "Feed | None" = None, one: str | None = None
    ) -> None:
        self.tables = tables.all
        self.name = tables.name if one is None else f"{tables.name} {one}"
        self.followed = False
        self.bytes = 0  # of the payload that was taken last
        self.problems: Mapping[type, SourceError] = NONE
        self._tables = tables
        self._door = tables.door
        self._follows = follows
        self._one = one
        self._validators: Validators = NONE  # by which it can be told whether that still holds
        self._shrinking: Shrinking | None = None  # of what is read again
        self._kept: KeptPayload | None = None  # over a restart, if what is made of it is, too
        self.cached: Cached[Snapshot] = Cached(
            tables.first.binding,
            self._load,
            tables.door.clock,
            self._listen if one is None or self._shares else None,
        )
        if follows is not None:
            follows.followed = True
            follows._kept = KeptPayload(tables.door.folder, follows.tables[0].binding)
        if self.lasting and (found := tables.found()) is not None:
            self.cached.held = Held(*found)

    @property
    def lasting(self) -> bool:
        """Whether its payload is made into something that is kept, which takes its time."""
        return self._tables.lasting

    @property
    def _keep_s(self) -> float:
        binding = self.tables[0].binding
        return binding.ttl_s + max(binding.stale_while_revalidate_s, binding.stale_if_error_s)

    @property
    def _shares(self) -> bool:
        """Whether its payload is of use to others: to replicas, or to other feeds."""
        return self._door.store.shared or self.followed

    @property
    def asks(self) -> frozenset[str]:
        """The sources that calls for it are counted under."""
        followed = self._follows.asks if self._follows is not None else frozenset()
        return followed | {self.tables[0].binding.source}

    async def collection(self, kind: type[T]) -> Collection[T]:
        """Everything the source says of this kind, by its policy; SourceError if there is none."""
        try:
            held = await self.cached.get()
        except SourceError as error:
            raise self._of(kind, error) from error
        return _collection(held, kind)

    def ready(self, kind: type[T]) -> Collection[T] | None:
        """The same where nothing is waited for; None where something is."""
        try:
            held = self.cached.ready()
        except SourceError as error:
            raise self._of(kind, error) from error
        return None if held is None else _collection(held, kind)

    def _of(self, kind: type, error: SourceError) -> SourceError:
        """An error of the whole payload, which is one of this table too."""
        binding = next(table.binding for table in self.tables if table.reader.kind is kind)
        return error.again(binding)

    async def _load(self, held: Held[Snapshot] | None) -> Held[Snapshot]:
        source = self.tables[0].binding.source
        with step(f"read {source}", {"poche.source": source}, tracer=self._door.tracer):
            return await self._next(held)

    async def _next(self, held: Held[Snapshot] | None) -> Held[Snapshot]:
        """The next snapshot: out of another replica's hands, or the upstream's."""
        first, store = self.tables[0].binding, self._door.store
        if not self._shares and self._follows is None and self._kept is None:
            return await self._asked(held)  # nobody else may have its payload, nor we before
        if self._follows is not None:
            await self._follows.cached.get()
        now = self._door.clock().timestamp()
        until = now + CLOCKS_APART_S
        if self._follows is None and held is None:
            others = await store.get(self.name, until=until)
            held = self.cached.held = await self._recalled(others)
            if others is not None and held is not None and others.fetched_at > now - first.ttl_s:
                return held
        since = max(now - first.ttl_s, _read_at(held, now))
        async with store.lease(self.name, LEASE_CALLS * first.timeout_s) as ours:
            if ours:
                payload = await store.get(self.name, since, until)
            else:
                payload = await store.newer(self.name, since, first.timeout_s, until)
            if payload is not None:
                try:
                    return await self._taken(payload, held)
                except Changed as error:  # it may be another version's, or nobody's
                    doubted = error.retry_after_s is not None  # as the upstream's would be
                    if doubted or not ours or self._follows is not None:
                        raise
            if not ours and not store.alone:  # else there is nobody left to wait for
                raise Unavailable("somebody else asked it, and could not read it", first)
            return await self._asked(held)

    async def _asked(self, held: Held[Snapshot] | None) -> Held[Snapshot]:
        """What the upstream says, which the others get if it is good."""
        try:
            payload = await self._fetch()
        except NotModified:
            return await self._renewed(held)
        taken = await self._taken(payload, held)
        if self._shares:
            await self._door.store.put(self.name, payload, self._keep_s)
        if self._kept is not None and not self.problems:
            await asyncio.to_thread(self._kept.keep, payload)
        return taken

    async def _recalled(self, payload: Payload | None) -> Held[Snapshot] | None:
        """What was good before we started, in case there is nothing better to be had.

        That is what another replica has read, or what was kept over a restart.
        """
        if payload is None and self._kept is not None:
            payload = await asyncio.to_thread(self._kept.found, self._door.clock())
        if payload is None:
            return None
        try:
            held = await self._taken(payload, None)
        except SourceError:  # another city file by now: it is of no use
            return None
        broken, self.problems = self.problems, NONE  # of which there were none when it was kept
        return None if broken else held

    async def _listen(self) -> None:
        """Take what another replica has read, as soon as it says so."""
        with self._door.store.bell(self.name) as bell:
            while True:
                await bell.wait()
                bell.clear()
                now = self._door.clock().timestamp()
                than = _read_at(self.cached.held, now)
                payload = await self._door.store.get(self.name, than, now + CLOCKS_APART_S)
                if payload is not None:
                    self.cached.read(partial(self._taken, payload))

    async def _fetch(self) -> Payload:
        """The upstream's payload."""
        binding, speaks = self.tables[0].binding, speaking(self.tables[0], self._one)
        ask = self._door.open(binding, speaks.complaint, self._validators)
        try:
            body = await speaks.fetch(ask)
        except ValueError as error:  # a reply that the protocol cannot go on from
            raise self._tables.changed(error, binding) from error
        return Payload(body, self._door.clock().timestamp(), ask.fresh)

    async def _taken(self, payload: Payload, held: Held[Snapshot] | None) -> Held[Snapshot]:
        """What a payload holds, and of what it does not hold any more, what was held before."""
        at = datetime.fromtimestamp(payload.fetched_at, UTC)
        read = partial(self._read, payload.body, at, held)
        found, digest = read() if len(payload.body) < LARGE else await asyncio.to_thread(read)
        self.bytes = len(payload.body)
        if held is not None:
            self._shrinking = self._shrinking or Shrinking(self._door.folder)
            found = self._shrinking.believed(found, held.value)
        if self.lasting:
            found = await asyncio.to_thread(self._tables.settled, found, at)
        problems = {kind: one for kind, one in found.items() if isinstance(one, SourceError)}
        self.problems = problems or NONE
        if not problems:
            self._validators = payload.validators or NONE  # from now on, ask only for changes to it
            return Held(found, at, digest)
        if len(problems) == len(found):
            raise next(iter(problems.values()))
        old = held.value if held is not None else {}
        kept = {kind: old.get(kind, problem) for kind, problem in problems.items()}
        return Held({**found, **kept}, at)

    async def _renewed(self, held: Held[Snapshot] | None) -> Held[Snapshot]:
        """The upstream says that nothing has changed: the same, as of now."""
        now, store = self._door.clock(), self._door.store
        if held is None:
            self._validators = NONE
            raise Changed("304, but nothing was read before", self.tables[0].binding)
        shared = await store.get(self.name)
        if shared is not None:
            renewed = Payload(shared.body, now.timestamp(), shared.validators)
            await store.put(self.name, renewed, self._keep_s)
        return Held(_as_of(held.value, now), now, held.digest)

    def _read(
        self, body: bytes, now: datetime, held: Held[Snapshot] | None
    ) -> tuple[Snapshot, bytes]:
        """What a payload holds, and its digest: the very bytes of last time hold the same things.

        None of what is small and read for the first time, perhaps never again; nor of what lasts.
        """
        known = not self.lasting and (held is not None or len(body) >= LARGE)
        digest = blake2b(body, digest_size=16).digest() if known else b""
        if held is not None and digest and digest == held.digest:
            return _as_of(held.value, now), digest
        return self._tables.made(body, now, self._one), digest


def _collection(held: Held[Snapshot], kind: type) -> Collection[Any]:
    """What is held of one kind; the SourceError that is held instead."""
    found = held.value[kind]
    if isinstance(found, SourceError):
        raise found.again()
    return found


def _as_of(known: Snapshot, now: datetime) -> Snapshot:
    """The same, which the upstream has said again."""
    return {
        kind: replace(one, fetched_at=now) if isinstance(one, Collection) else one
        for kind, one in known.items()
    }


def _read_at(held: Held[Snapshot] | None, now: float) -> float:
    """When what is held was read, in seconds since 1970; 0 if the clock was set back meanwhile."""
    at = 0.0 if held is None else held.fetched_at.timestamp()
    return at if at <= now else 0.0


def feeds_of(
    city: City, tables: list[Table], door: Door
) -> Iterable[tuple[tuple[type, str], Feed]]:
    """The feeds of one payload: one for all that is read at once, and one for each thing kept."""
    quick = [table for table in tables if table.reader.keeps is None]
    first = Feed(Tables(city, quick, door)) if quick else None
    for table in tables:
        slow = table.reader.keeps is not None
        feed = Feed(Tables(city, [table], door), first) if slow or first is None else first
        yield (table.reader.kind, city.slug), feed

"""Shared store: Valkey or Redis between replicas, which may die, freeze or be emptied at any time.

Keys begin with `poche:1:`; nothing in them is secret. The store must not evict keys that have not
expired (`noeviction`). What becomes of it where the store is away: `shared_link.py`.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Any

from cities import Quota
from sources.envelope import LARGE, MOST, opened, sealed
from sources.quota import paced
from sources.shared_link import NEWS, Link
from sources.shared_scripts import LEASE, READ, SHELVE, key, milliseconds
from sources.store import Left, Payload, Shelves, digest

ALONE_S = 5.0
SHELF_S = 30 * 86_400.0  # a shelf that nobody uses for so long is cleared


class Shared(Link):
    """What it holds: payloads, leases, quotas, breakers, texts; `options` are those of `Link`."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self._read: Any = self._redis.register_script(READ)
        self._lease: Any = self._redis.register_script(LEASE)
        self._shelve: Any = self._redis.register_script(SHELVE)
        self._shelves = Shelves()  # for as long as it is alone

    async def get(self, feed: str, than: float = 0.0, until: float = inf) -> Payload | None:
        name = key("feed", digest(feed))

        async def head() -> tuple[int, object]:
            found = await self._read(keys=[name], args=[repr(than)])
            size, record = (0, b"") if found is None else found
            return int(size), record

        nothing: tuple[int, object] = (0, b"")
        size, record = await self._ask("get", head, nothing)
        if not 0 <= size <= MOST:
            return None
        if record is None:
            record = await self._ask("get", lambda: self._redis.hget(name, "record"), None, size)
        payload = opened(record) if size < LARGE else await asyncio.to_thread(opened, record)
        return payload if payload and than < payload.fetched_at <= until else None

    async def put(self, feed: str, payload: Payload, keep_s: float) -> None:
        if self.alone:
            return
        small = len(payload.body) < LARGE
        record = sealed(payload) if small else await asyncio.to_thread(sealed, payload)
        name, size = digest(feed), len(record)

        async def share() -> None:
            async with self._redis.pipeline(transaction=True) as together:
                at = repr(payload.fetched_at)
                together.delete(key("feed", name))
                together.hset(key("feed", name), mapping={"at": at, "size": size, "record": record})
                together.pexpire(key("feed", name), milliseconds(keep_s))
                together.publish(NEWS, name)
                await together.execute()

        await self._ask("put", share, None, size)

    @asynccontextmanager
    async def lease(self, feed: str, for_s: float) -> AsyncIterator[bool]:
        if self.alone:
            yield True
            return
        name, token, px = digest(feed), secrets.token_hex(8), milliseconds(for_s)
        held = [key("lease", name)]
        ours = True  # it may be granted to us although we never hear of it
        self._leases[token] = name
        try:
            ours = bool(
                await self._ask("lease", lambda: self._lease(keys=held, args=[token, px]), True)
            )
            yield ours
        finally:
            del self._leases[token]
            if ours:
                self._owed[token] = name  # a frozen store grants what it was asked when it thaws
                if await self._ask("release", lambda: self._give_back(token, name), None):
                    self._owed.pop(token, None)

    async def leased(self, feed: str) -> bool:
        held = key("lease", digest(feed))
        return bool(await self._ask("leased", lambda: self._redis.exists(held), 0))

    async def take(self, source: str, quota: Quota) -> float:
        quota, call = paced(quota), self._ledger.next_call()
        reply = await self._spend(source, quota, call, "1")
        if reply is None:
            # while a heartbeat tells the store our calls, there may be none that it misses
            if self._beating.locked():
                return self._patience_s
            wait = self._ledger.take_alone(source, quota, call, self._now())
            return min(wait, ALONE_S)  # by then the store may be back
        wait, used, at, _ = reply
        self._ledger.used(source, used)
        if not wait:
            self._ledger.made(source, quota, call, at / 1e6)
        return float(wait) / 1e6

    async def exhaust(self, source: str, for_s: float) -> None:
        self._ledger.close(source, self._now() + for_s)
        px = milliseconds(for_s)
        closed = key("closed", source)
        await self._ask("exhaust", lambda: self._redis.set(closed, px, px=px), None)

    async def left(self, source: str, quota: Quota) -> Left:
        quota = paced(quota)
        reply = await self._spend(source, quota, "", "0")
        if reply is None:
            mine, now = self._ledger.share(source, quota, self._now()), self._now()
            return Left(mine.remaining(now), mine.resets_in(now))
        wait, used, _, resets_in = reply
        return Left(0 if wait else quota.calls - used, max(wait, resets_in) / 1e6)

    async def trip(self, source: str, for_s: float) -> None:
        px = milliseconds(for_s)
        await self._ask("trip", lambda: self._redis.set(key("open", source), "1", px=px), None)

    async def tripped(self, source: str) -> float:
        async def left_s() -> float:
            return float(await self._redis.pttl(key("open", source))) / 1000

        return max(0.0, await self._ask("tripped", left_s, 0.0))

    async def shelve(self, shelf: str, name: str, text: str | None, most: int) -> str | None:
        keys = [key("texts", digest(shelf)), key("used", digest(shelf))]
        args = [name, most, milliseconds(SHELF_S), *([] if text is None else [text])]

        async def shelved() -> str | None:
            found = await self._shelve(keys=keys, args=args)
            return None if found is None else str(found.decode())

        found = await self._ask("shelve", shelved, None)
        return self._shelves.shelve(shelf, name, text, most) if self.alone else found

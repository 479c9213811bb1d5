"""Rates: how many points a client may ask in how long, counted once for all replicas.

A client's `burst` is what it may spend in any window of `burst / rate` seconds.
Where the shared store is away each replica counts for itself: it would rather
answer too much than nothing.
"""

import asyncio
from hashlib import blake2b
from math import ceil
from time import time
from typing import Any, NamedTuple

from graphql import GraphQLError
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from server.clients import Caller, Client
from server.errors import RequestError
from server.limits import over
from sources.store import Store

PATIENCE_S = 0.5
PREFIX = "poche:1:rate"


class Standing(NamedTuple):
    """What a client may still spend: points, of how many, in which window, and when more come."""

    limit: int
    window_s: int
    left: int
    more_in_s: int

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit` and its policy (draft-ietf-httpapi-ratelimit-headers-10)."""
        return {
            "RateLimit-Policy": f'"cost";q={self.limit};w={self.window_s}',
            "RateLimit": f'"cost";r={self.left};t={self.more_in_s}',
        }


class Rates:
    """What every client has spent; `url` is the shared store's, `store` knows if it is there."""

    def __init__(self, url: str | None, store: Store) -> None:
        self._store = store
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._pool: Any = None  # redis-py types it by what its connections are
        if url is not None:
            retry = Retry(NoBackoff(), 0)  # the time-out is ours, for the whole operation
            self._pool = ConnectionPool.from_url(url, retry=retry)
            storage = RedisStorage(
                "async+redis://",  # the pool knows the real one
                implementation="redispy",
                key_prefix=PREFIX,
                connection_pool=self._pool,
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)

    async def spend(self, caller: Caller, cost: float) -> Standing | None:
        """Count so many points, and say what is left; RequestError (422, 429).

        None for a client without a rate.
        """
        client, points = caller.client, max(1, ceil(cost))
        if not client.rate:
            return None
        if points > client.burst:
            error = over("cost", points, client.burst, "COST_ESTIMATED_TOO_EXPENSIVE")
            raise RequestError(422, error)
        item = _item(client)
        account = blake2b(caller.account.encode(), digest_size=16).hexdigest()
        granted, standing = await self._counted(item, account, points)
        if granted:
            return standing
        wait_s = max(1, ceil((points - standing.left) / client.rate))
        message = f"Over the rate of {client.rate:g} points a second. Ask again in {wait_s} s."
        error = GraphQLError(message, extensions={"code": "RATE_LIMITED", "retryAfter": wait_s})
        headers = {"Retry-After": str(wait_s), **standing.headers}
        raise RequestError(429, error, headers=headers)

    async def _counted(
        self, item: RateLimitItem, account: str, points: int
    ) -> tuple[bool, Standing]:
        if self._shared is not None and not self._store.alone:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await _count(self._shared, item, account, points)
            except (RedisError, OSError, TimeoutError):
                pass
        return await _count(self._here, item, account, points)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()


def _item(client: Client) -> RateLimitItem:
    return RateLimitItemPerSecond(client.burst, max(1, ceil(client.burst / client.rate)))


async def _count(
    counter: SlidingWindowCounterRateLimiter, item: RateLimitItem, account: str, points: int
) -> tuple[bool, Standing]:
    granted = await counter.hit(item, account, cost=points)
    more_at, left = await counter.get_window_stats(item, account)
    more_in_s = max(0, ceil(more_at - time()))
    return granted, Standing(item.amount, item.get_expiry(), left, more_in_s)

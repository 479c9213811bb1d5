"""Rates: how many points a client may ask in how long, counted once for all replicas.

A client's `burst` is what it may spend in any window of `burst / rate` seconds.
Where the shared store is away, or there is none, each replica counts for itself:
it would rather answer too much than nothing. That is done for every request, so
it is done here, in plain numbers: `limits` takes as long for it as all the rest
of the door. Both count alike (`tests/front_door/test_rates.py`).
"""

import asyncio
from datetime import UTC, datetime
from hashlib import blake2b
from math import ceil, floor, inf
from time import time
from typing import Any, NamedTuple

from cachebox import LRUCache
from graphql import GraphQLError
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
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
ACCOUNTS = 50_000  # that one replica counts for itself; those seen last
PREFIX = "poche:1:rate"
STANDING = ("RateLimit-Policy", "RateLimit")
RATED = (b"ratelimit-policy", b"ratelimit")


class Standing(NamedTuple):
    """What a client may still spend: points, of how many, in which window, and when more come."""

    limit: int
    window_s: int
    left: int
    more_in_s: int

    @property
    def reset_at(self) -> datetime:
        """When more come."""
        return datetime.fromtimestamp(time() + self.more_in_s, UTC)

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit` and its policy (draft-ietf-httpapi-ratelimit-headers-10)."""
        return {
            "RateLimit-Policy": f'"cost";q={self.limit};w={self.window_s}',
            "RateLimit": f'"cost";r={self.left};t={self.more_in_s}',
        }

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """The same, as they go over the wire."""
        return [
            (b"ratelimit-policy", b'"cost";q=%d;w=%d' % (self.limit, self.window_s)),
            (b"ratelimit", b'"cost";r=%d;t=%d' % (self.left, self.more_in_s)),
        ]


class Rates:
    """What every client has spent; `url` is the shared store's, `store` knows if it is there."""

    def __init__(self, url: str | None, store: Store) -> None:
        self._store = store
        self._here = Windows()
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
        granted, standing = await self._counted(caller, points)
        if granted:
            return standing
        wait_s = max(1, ceil((points - standing.left) / client.rate))
        message = f"Over the rate of {client.rate:g} points a second. Ask again in {wait_s} s."
        error = GraphQLError(message, extensions={"code": "RATE_LIMITED", "retryAfter": wait_s})
        headers = {"Retry-After": str(wait_s), **standing.headers}
        raise RequestError(429, error, headers=headers)

    async def standing(self, caller: Caller) -> Standing | None:
        """What a client has left, and nothing spent for asking; None without a rate."""
        return (await self._counted(caller, 0))[1] if caller.client.rate else None

    async def _counted(self, caller: Caller, points: int) -> tuple[bool, Standing]:
        burst, window_s = caller.client.burst, _window_s(caller.client)
        if self._shared is not None and not self._store.alone:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await _count(self._shared, burst, window_s, caller.account, points)
            except (RedisError, OSError, TimeoutError):
                pass
        return self._here.count(burst, window_s, caller.account, points)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()


class Windows:
    """What accounts spent in this window of time and the one before, which fades out."""

    def __init__(self) -> None:
        self._spent: LRUCache[tuple[str, int], tuple[int, int, int]] = LRUCache(ACCOUNTS)

    def count(self, burst: int, window_s: int, account: str, points: int) -> tuple[bool, Standing]:
        """Whether so many points may be spent, which then are, and what is left."""
        now = time()
        number, into = int(now // window_s), now % window_s
        at, before, spent = self._spent.get((account, window_s)) or (number, 0, 0)
        if at != number:
            before, spent = (spent if at == number - 1 else 0), 0
        fading = before * (window_s - into) / window_s
        granted = floor(fading + spent) + points <= burst
        if granted:
            spent += points
        self._spent[account, window_s] = number, before, spent
        more_in_s = min(
            (window_s - into) % (window_s / before) if before else inf,
            (window_s - into) % window_s if spent else inf,
        )
        left = max(0, burst - floor(fading + spent))
        return granted, Standing(burst, window_s, left, 0 if more_in_s == inf else ceil(more_in_s))


def _window_s(client: Client) -> int:
    return max(1, ceil(client.burst / client.rate))


async def _count(
    counter: SlidingWindowCounterRateLimiter, burst: int, window_s: int, account: str, points: int
) -> tuple[bool, Standing]:
    item = RateLimitItemPerSecond(burst, window_s)
    digest = blake2b(account.encode(), digest_size=16).hexdigest()
    granted = await counter.hit(item, digest, cost=points)
    more_at, left = await counter.get_window_stats(item, digest)
    more_in_s = max(0, ceil(more_at - time()))
    return granted, Standing(burst, window_s, left, more_in_s)

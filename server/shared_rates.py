"""Shared rates: what accounts spent at all replicas, counted by `limits` in the shared store."""

import time
from hashlib import blake2b
from math import ceil
from typing import Any

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

PREFIX = "poche:1:rate"

Counted = tuple[bool, int, int]  # granted, points left, seconds until more come


class SharedWindows:
    """As `rates.Windows`, for all; `url` is the store's."""

    def __init__(self, url: str) -> None:
        retry = Retry(NoBackoff(), 0)  # the time-out is ours, for the whole operation
        pool: Any = ConnectionPool.from_url(url, retry=retry)  # typed by what its connections are
        self._pool = pool
        storage = RedisStorage(
            "async+redis://",  # the pool knows the real one
            implementation="redispy",
            key_prefix=PREFIX,
            connection_pool=pool,
        )
        self._counter = SlidingWindowCounterRateLimiter(storage)

    async def count(self, burst: int, window_s: int, account: str, points: int) -> Counted:
        """Whether so many points may be spent, which then are; OSError if nobody can tell."""
        try:
            return await counted(self._counter, burst, window_s, account, points)
        except Exception as error:  # what it answers may be of any shape
            raise ConnectionError(str(error)) from error

    async def close(self) -> None:
        await self._pool.aclose()


async def counted(
    counter: SlidingWindowCounterRateLimiter, burst: int, window_s: int, account: str, points: int
) -> Counted:
    item = RateLimitItemPerSecond(burst, window_s)
    digest = blake2b(account.encode(), digest_size=16).hexdigest()
    granted = await counter.hit(item, digest, cost=points)
    more_at, left = await counter.get_window_stats(item, digest)
    return granted, left, max(0, ceil(more_at - time.time()))

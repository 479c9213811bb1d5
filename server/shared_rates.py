"""Shared rates: what accounts spent at all replicas, counted in the shared store.

While one trip to the store is under way, all that is to be counted waits, and goes with the
next one: under load, which is when it matters, one trip counts for dozens of requests.
"""

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from sources.shared_scripts import SPEND, key

PATIENCE_S = 0.5  # with the store, for one trip
MOST = 256  # accounts of one trip

Counted = tuple[bool, int, int]  # granted, points left, seconds until more come


class Spending(NamedTuple):
    """What is to be counted, and for whom."""

    account: str
    burst: int
    window_s: int
    points: int
    counted: asyncio.Future[Counted]


class SharedWindows:
    """As `rates.Windows`, for all; `url` is the store's."""

    def __init__(self, url: str) -> None:
        retry = Retry(NoBackoff(), 0)  # the time-out is ours, for the whole operation
        self._pool: Any = ConnectionPool.from_url(url, retry=retry, socket_timeout=None)
        self._spend: Any = Redis(connection_pool=self._pool).register_script(SPEND)
        self._waiting: list[Spending] = []
        self._trips: asyncio.Task[None] | None = None

    async def count(self, burst: int, window_s: int, account: str, points: int) -> Counted:
        """Whether so many points may be spent, which then are; OSError if nobody can tell."""
        counted: asyncio.Future[Counted] = asyncio.get_running_loop().create_future()
        self._waiting.append(Spending(account, burst, window_s, points, counted))
        if self._trips is None:
            self._trips = asyncio.create_task(self._travel(), name="rates")
        return await counted

    async def close(self) -> None:
        if self._trips is not None:
            self._trips.cancel()
        await self._pool.aclose()

    async def _travel(self) -> None:
        """One trip after the other, until nobody waits, or the store is away."""
        going: list[Spending] = []
        try:
            while self._waiting:
                going, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                async with asyncio.timeout(PATIENCE_S):
                    found = await self.spent(going)
                for one, counted in zip(going, found, strict=True):
                    if not one.counted.done():
                        one.counted.set_result(counted)
        except (Exception, asyncio.CancelledError) as error:  # what it answers may be of any shape
            left, self._waiting = going + self._waiting, []
            for one in left:
                if not one.counted.done():
                    one.counted.set_exception(ConnectionError(str(error)))
        finally:
            self._trips = None

    async def spent(self, all_of: Sequence[Spending], now_s: float | None = None) -> list[Counted]:
        """One trip; `now_s` is only given by tests."""
        keys = [key("rate", _digest(one.account), str(one.window_s)) for one in all_of]
        args = [number for one in all_of for number in one[1:4]]
        reply = await self._spend(keys=keys, args=["" if now_s is None else repr(now_s), *args])
        return [(bool(granted), int(left), int(more_s)) for granted, left, more_s in reply]


def _digest(account: str) -> str:
    return blake2b(account.encode(), digest_size=16).hexdigest()

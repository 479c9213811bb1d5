"""Store: what replicas share, so that however many run, the city is asked once.

Payloads, refresh leases, budgets, open breakers and the news that a feed has a
new payload. `Memory` is the store of a deployment of one; `shared_store` has the
one over Valkey or Redis. No operation of a store ever fails: a replica that
cannot reach the others finds nothing, is granted every lease, and spends only
its own share of a quota.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from hashlib import blake2b
from math import inf
from typing import NamedTuple, Self

import msgspec

from cities import Quota
from sources.quota import Budget, paced

POLL_S = 0.5  # how long news that got lost can go unnoticed
MIB = 1 << 20


def digest(feed: str) -> str:
    """What a feed is called outside this process: its name may hold what a citizen searched."""
    return blake2b(feed.encode(), digest_size=16).hexdigest()


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """What a source said, and when: `fetched_at` is seconds since 1970.

    `validators` are, per URL, the headers that ask whether it still holds.
    """

    body: bytes
    fetched_at: float
    validators: dict[str, dict[str, str]] = {}


class Left(NamedTuple):
    """What is left of a quota: calls, and seconds until all of it is there again."""

    calls: int
    resets_in_s: float


class Store(ABC):
    """What replicas share; used as `async with`. `feed` and `source` are any texts that name one.

    `alone` says whether the others cannot be reached, and `failures` how often
    an operation found that out.
    """

    alone = False
    shared = False  # whether there may be others at all
    failures = 0

    def __init__(self) -> None:
        self._bells: dict[str, set[asyncio.Event]] = {}

    @abstractmethod
    async def get(self, feed: str, than: float = 0.0, until: float = inf) -> Payload | None:
        """The feed's payload if there is one that was fetched after `than`, and by `until`."""

    @abstractmethod
    async def put(self, feed: str, payload: Payload, keep_s: float) -> None:
        """Share a payload for so long, and tell who waits for it."""

    @abstractmethod
    def lease(self, feed: str, for_s: float) -> AbstractAsyncContextManager[bool]:
        """Whether the refresh of this feed is ours: `async with store.lease(...) as ours`.

        One holder at a time; ends with the block, or by itself after `for_s`.
        """

    @abstractmethod
    async def leased(self, feed: str) -> bool:
        """Whether someone holds the feed's lease."""

    @abstractmethod
    async def take(self, source: str, quota: Quota) -> float:
        """0.0 if the source may be called now, which counts; else seconds until to ask again."""

    @abstractmethod
    async def exhaust(self, source: str, for_s: float) -> None:
        """The source said that its quota is spent (429): nobody takes for so long."""

    @abstractmethod
    async def left(self, source: str, quota: Quota) -> Left:
        """What is left of a quota, for people to read."""

    @abstractmethod
    async def trip(self, source: str, for_s: float) -> None:
        """Tell the others that our breaker opened."""

    @abstractmethod
    async def tripped(self, source: str) -> float:
        """Seconds for which a breaker is open somewhere; 0.0 if none is."""

    @abstractmethod
    async def shelve(self, shelf: str, name: str, text: str | None, most: int) -> str | None:
        """The text of that name on a shelf, put there first if it is given.

        A shelf keeps the `most` that were used last.
        """

    async def newer(
        self, feed: str, than: float, within_s: float, until: float = inf
    ) -> Payload | None:
        """The payload that the lease's holder fetches, as soon as it is there.

        None if the time passes, or the lease ends, without one.
        """
        with self.bell(feed) as bell:
            try:
                async with asyncio.timeout(within_s):
                    while True:
                        bell.clear()
                        held = await self.leased(feed)  # asked first: it is put, then released
                        payload = await self.get(feed, than, until)
                        if payload or not held:
                            return payload
                        with suppress(TimeoutError):
                            async with asyncio.timeout(POLL_S):
                                await bell.wait()
            except TimeoutError:
                return None

    @contextmanager
    def bell(self, feed: str) -> Iterator[asyncio.Event]:
        """Rings at news of the feed: a payload was put, or a lease has ended."""
        bell, name = asyncio.Event(), digest(feed)
        waiting = self._bells.setdefault(name, set())
        waiting.add(bell)
        try:
            yield bell
        finally:
            waiting.discard(bell)
            if not waiting:
                del self._bells[name]

    def _ring(self, name: str) -> None:
        """There is news of the feed with this digest."""
        for bell in self._bells.get(name, ()):
            bell.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None


class Shelves(dict[str, OrderedDict[str, str]]):
    """Texts by shelf and name, those used last at the end."""

    def shelve(self, shelf: str, name: str, text: str | None, most: int) -> str | None:
        texts = self.setdefault(shelf, OrderedDict())
        found = texts.get(name) if text is None else text
        if found is not None:
            texts[name] = found
            texts.move_to_end(name)
        while len(texts) > most:
            texts.popitem(last=False)
        return found


class Memory(Store):
    """The store of a single process: `clock` is monotonic seconds, `max_bytes` bounds payloads."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, max_bytes: int = 64 * MIB
    ) -> None:
        super().__init__()
        self._clock = clock
        self._max_bytes = max_bytes
        self._bytes = 0
        self._payloads: OrderedDict[str, tuple[Payload, float]] = OrderedDict()
        self._leases: dict[str, tuple[object, float]] = {}
        self._budgets: dict[str, Budget] = {}
        self._closed: dict[str, float] = {}
        self._tripped: dict[str, float] = {}
        self._shelves = Shelves()

    async def get(self, feed: str, than: float = 0.0, until: float = inf) -> Payload | None:
        payload, kept_until = self._payloads.get(feed, (None, 0.0))
        if payload is None or kept_until <= self._clock():
            return None
        if not than < payload.fetched_at <= until:
            return None
        self._payloads.move_to_end(feed)
        return payload

    async def put(self, feed: str, payload: Payload, keep_s: float) -> None:
        old, _ = self._payloads.pop(feed, (None, 0.0))
        self._bytes += len(payload.body) - (len(old.body) if old else 0)
        self._payloads[feed] = payload, self._clock() + keep_s
        while self._bytes > self._max_bytes:
            _, (dropped, _) = self._payloads.popitem(last=False)
            self._bytes -= len(dropped.body)
        self._ring(digest(feed))

    def lease(self, feed: str, for_s: float) -> AbstractAsyncContextManager[bool]:
        return _Lease(self, feed, for_s)

    def _began(self, lease: object, feed: str, for_s: float) -> bool:
        held, now = self._leases.get(feed), self._clock()
        if held is not None and held[1] > now:
            return False
        self._leases[feed] = lease, now + for_s
        return True

    def _ended(self, lease: object, feed: str) -> None:
        if self._leases.get(feed, (None, 0.0))[0] is lease:
            del self._leases[feed]
        if self._bells:
            self._ring(digest(feed))

    async def leased(self, feed: str) -> bool:
        return feed in self._leases and self._leases[feed][1] > self._clock()

    async def take(self, source: str, quota: Quota) -> float:
        return self._budget(source, quota).take(self._clock())

    async def exhaust(self, source: str, for_s: float) -> None:
        self._closed[source] = self._clock() + for_s

    async def left(self, source: str, quota: Quota) -> Left:
        budget, now = self._budget(source, quota), self._clock()
        return Left(budget.remaining(now), budget.resets_in(now))

    async def trip(self, source: str, for_s: float) -> None:
        self._tripped[source] = self._clock() + for_s

    async def tripped(self, source: str) -> float:
        return max(0.0, self._tripped.get(source, 0.0) - self._clock())

    async def shelve(self, shelf: str, name: str, text: str | None, most: int) -> str | None:
        return self._shelves.shelve(shelf, name, text, most)

    def _budget(self, source: str, quota: Quota) -> Budget:
        budget, allowed = self._budgets.get(source), paced(quota)
        if budget is None or budget.quota != allowed:  # or the city file says another one now
            budget = self._budgets[source] = Budget(allowed, budget)
        budget.exhausted_until(self._closed.get(source, -inf))
        return budget


class _Lease:
    """One that `Memory` grants, or does not."""

    __slots__ = ("_feed", "_for_s", "_ours", "_store")

    def __init__(self, store: Memory, feed: str, for_s: float) -> None:
        self._store = store
        self._feed = feed
        self._for_s = for_s

    async def __aenter__(self) -> bool:
        self._ours = self._store._began(self, self._feed, self._for_s)
        return self._ours

    async def __aexit__(self, *error: object) -> None:
        if self._ours:
            self._store._ended(self, self._feed)

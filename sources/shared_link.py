"""Shared link: how a replica keeps in touch with the shared store, and goes on without it.

An operation that fails or takes longer than a moment makes the replica go on
alone at once; from then on only its heartbeat asks whether the store is back, so
no request ever waits for it again.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Self, TypeVar

import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected

from cities import Quota
from sources.in_time import in_time
from sources.shared_quota import Ledger
from sources.shared_scripts import BEAT, RELEASE, TAKE, key, milliseconds
from sources.store import MIB, Store
from sources.tracing import step

T = TypeVar("T")
log = structlog.get_logger("sources")

PATIENCE_S = 0.5  # paid once, by those who find out that the store is away
BYTES_PER_S = 32 * MIB  # what a payload may need on top of that
BEAT_S = 1.0
ALIVE_S = 5.0  # a replica that has not been heard for so long is gone
SETTLE_S = 2.5  # in which every replica finds out that the store is back, and tells its calls
CONNECTIONS = 16
TRIES = 3  # to tell a store what it lost, which loses it again

NEWS, LIFE, SETTLING, REPLICAS = (key(k) for k in ("news", "life", "settling", "replicas"))


class Link(Store):
    """The store at `url` (`redis://`, `rediss://` or `unix://`), shared by `replicas` at least.

    `clock` is monotonic seconds. Other replicas are counted as they are heard;
    `replicas` matters only to one that starts when the store is already away.
    """

    shared = True

    def __init__(
        self,
        url: str,
        *,
        replicas: int = 1,
        beat_s: float = BEAT_S,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        # redis-py types every reply as a union of all replies of all protocols
        self._pool: Any = ConnectionPool.from_url(
            url,
            protocol=3,
            retry=Retry(NoBackoff(), 0),  # time-outs and retries are ours, for the whole operation
            socket_timeout=None,
        )
        self._redis: Any = Redis(connection_pool=self._pool)
        self._take: Any = self._redis.register_script(TAKE)
        self._beat: Any = self._redis.register_script(BEAT)
        self._release: Any = self._redis.register_script(RELEASE)
        self._beat_s = beat_s
        self._patience_s = patience_s
        self._clock = clock
        self._ahead_s = time.time() - clock()  # the store's clock against ours: a guess till we ask
        self._life = ""
        self._ledger = Ledger(secrets.token_hex(8), replicas)
        self._leases: dict[str, str] = {}  # that we hold, or asked for: feeds by token
        self._owed: dict[str, str] = {}  # those that are to be given back
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._beating = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def replicas(self) -> int:
        """How many there are, this one included, as far as it knows."""
        return len(self._ledger)

    async def beat(self) -> None:
        """One heartbeat: who else is there, and whether the store is, and knows what we spent."""
        async with self._beating:
            doubt, known = self._ledger.doubt, self._life
            try:
                async with asyncio.timeout(self._patience_s):
                    life, now_us, replicas = await self._beat(
                        keys=[LIFE, REPLICAS, SETTLING],
                        args=[
                            self._ledger.replica,
                            known,
                            secrets.token_hex(8),
                            "1" if doubt else "0",
                            int(ALIVE_S * 1e6),
                            milliseconds(SETTLE_S),
                        ],
                    )
                self._ahead_s = now_us / 1e6 - self._clock()
                life, heard = life.decode(), sorted(one.decode() for one in replicas)
                if doubt or (known and known != life):
                    async with asyncio.timeout(self._patience_s * 2):
                        await self._tell()
                while self._owed:
                    token, name = next(iter(self._owed.items()))
                    async with asyncio.timeout(self._patience_s):
                        await self._give_back(token, name)
                    self._owed.pop(token, None)
            except Exception as error:  # it may answer anything
                self._lost(error)
                return
            self._life = life
            self._ledger.replicas = heard
            self._ledger.doubt = False
            if self.alone:
                self.alone = False
                log.info("the shared store is back", replicas=self.replicas)

    async def __aenter__(self) -> Self:
        await self.beat()
        self._tasks = [
            asyncio.create_task(self._keep_beating(), name="store heartbeat"),
            asyncio.create_task(self._listen(), name="store news"),
        ]
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ask("leave", self._leave, None)
        self.alone = True  # whoever is late asks it nothing any more
        await self._pool.aclose()

    async def _ask(
        self, what: str, asking: Callable[[], Awaitable[T]], otherwise: T, size: int = 0
    ) -> T:
        async with self._places:  # a crowd that waits for its turn says nothing of the store
            if self.alone:
                return otherwise
            try:
                with step(f"store {what}", {"db.system.name": "redis"}, "client"):
                    async with in_time(self._patience_s + size / BYTES_PER_S):
                        return await asking()
            except Exception as error:  # what it answers may be of any shape
                self._lost(error)
                return otherwise

    async def _spend(
        self, source: str, quota: Quota, call: str, take: str
    ) -> tuple[int, int, int, int] | None:
        """TAKE's reply; None if alone."""

        async def asking() -> tuple[int, int, int, int]:
            keys = [key("budget", source), key("closed", source), LIFE, SETTLING]
            period_us, settle = int(quota.period_s * 1e6), milliseconds(SETTLE_S)
            args = [self._life, call, quota.calls, period_us, take, settle, ""]
            wait, used, at, resets_in = map(int, await self._take(keys=keys, args=args))
            return wait, used, at, resets_in

        for _ in range(TRIES):
            reply = await self._ask("take", asking, None)
            if reply is None or reply[0] >= 0:
                return reply
            await self.beat()  # it lost its memory: tell it, then ask again
        return None

    async def _give_back(self, token: str, name: str) -> Any:
        return await self._release(keys=[key("lease", name)], args=[token, NEWS, name])

    async def _leave(self) -> None:
        """Nobody is to wait for what we were reading, or for us."""
        for token, name in {**self._leases, **self._owed}.items():
            await self._give_back(token, name)
        await self._redis.zrem(REPLICAS, self._ledger.replica)

    async def _tell(self) -> None:
        """What the store may not know of us."""
        now = self._now()
        async with self._redis.pipeline(transaction=False) as together:
            for source, (period_s, calls) in self._ledger.retold(now).items():
                if calls:
                    times = {call: int(at * 1e6) for call, at in calls.items()}
                    together.zadd(key("budget", source), times)
                    together.pexpire(key("budget", source), milliseconds(period_s))
            for source, for_s in self._ledger.closures(now).items():
                px = milliseconds(for_s)
                together.set(key("closed", source), px, px=px)
            await together.execute()

    def _lost(self, error: Exception) -> None:
        self.failures += 1
        if isinstance(error, Disconnected):  # it may come back with an old snapshot
            self._ledger.doubt = True
        if not self.alone:
            self.alone = True
            self._ledger.cut_off(self._now())
            why = f"{type(error).__name__}: {error}"
            log.warning("the shared store is away: going on alone", why=why)

    def _now(self) -> float:
        return self._clock() + self._ahead_s

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            try:
                await self.beat()
            except Exception:  # a heart that stopped would leave us alone for ever
                log.exception("bug in the heartbeat")

    async def _listen(self) -> None:
        while True:
            with suppress(Exception):  # which may be of any shape, too
                async with self._redis.pubsub() as news:
                    await news.subscribe(NEWS)
                    async for message in news.listen():
                        if message["type"] == "message":
                            self._ring(message["data"].decode())
            await asyncio.sleep(self._beat_s)

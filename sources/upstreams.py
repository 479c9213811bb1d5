"""Upstreams: what all sources of one host share, its queue and its quota.

A call takes a place in its own table's queue and in its host's, and is counted on
both quotas. One that is soon possible is waited for, rather than refused.
"""

import asyncio
from collections.abc import Mapping

from cities import Binding, Quota, Upstream
from sources.errors import OverQuota
from sources.store import Store
from sources.tracing import step

PATIENCE_S = 5.0  # longer than that no read waits for a call that it may make later


class Upstreams:
    """The hosts that the city files speak of, which are `known`, and those that they do not."""

    def __init__(self, store: Store, known: Mapping[str, Upstream]) -> None:
        self._store = store
        self.known = known
        self._places: dict[tuple[str, int], asyncio.Semaphore] = {}

    def queues(self, binding: Binding, host: str) -> tuple[asyncio.Semaphore, asyncio.Semaphore]:
        """Where a call takes a place: among those of its table, then among all to its host."""
        return (
            self._queue(binding.source, binding.concurrency),
            self._queue(host, self._of(host).concurrency),
        )

    async def spend(self, binding: Binding, host: str, limit: asyncio.Timeout) -> None:
        """Count one call; OverQuota if none may be made soon.

        The time that it waits is none of the source's, so `limit` is put off by it.
        """
        budgets = self._budgets(binding, host)
        if not budgets:
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE_S
        for name, quota in budgets:
            while wait := await self._store.take(name, quota):
                if loop.time() + wait >= until:
                    raise OverQuota("its quota is spent", binding, retry_after_s=wait)
                limit.reschedule((limit.when() or loop.time()) + wait)
                with step("wait for quota"):
                    await asyncio.sleep(wait)

    async def refused(self, binding: Binding, host: str, for_s: float) -> None:
        """The host itself says that its quota is spent: no call for so long."""
        for_all = self._of(host).quota is not None
        await self._store.exhaust(host if for_all else binding.source, for_s)

    async def left(self, binding: Binding) -> int | None:
        """Calls that may still be made for a table now; None if nobody counts them."""
        budgets = self._budgets(binding, binding.host)
        left = [(await self._store.left(name, quota)).calls for name, quota in budgets]
        return min(left, default=None)

    def _budgets(self, binding: Binding, host: str) -> list[tuple[str, Quota]]:
        """By the names that the store knows them by."""
        quotas = (binding.source, binding.quota), (host, self._of(host).quota)
        return [(name, quota) for name, quota in quotas if quota is not None]

    def _of(self, host: str) -> Upstream:
        return self.known.get(host, UNKNOWN)

    def _queue(self, name: str, places: int) -> asyncio.Semaphore:
        found = self._places.get((name, places))
        if found is None:
            found = self._places[name, places] = asyncio.Semaphore(places)
        return found


UNKNOWN = Upstream()

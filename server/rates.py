"""Rates: how many points a client may ask in how long, counted once for all replicas.

A client's `burst` is what it may spend in any window of `burst / rate` seconds.
Where the shared store is away, or there is none, each replica counts for itself:
it would rather answer too much than nothing. Both count alike, to the second
(`tests/stores/test_shared_rates.py`).
"""

from datetime import UTC, datetime
from math import ceil, floor
from time import time
from typing import TYPE_CHECKING, NamedTuple

from cachebox import LRUCache
from graphql import GraphQLError

from server.clients import Caller, Client
from server.errors import RequestError
from server.limits import over
from sources.store import Store
from sources.tracing import step

if TYPE_CHECKING:
    from server.shared_rates import SharedWindows

ACCOUNTS = 50_000  # that one replica counts for itself; those seen last
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
        """The same, as ASGI has them."""
        return [
            (RATED[0], b'"cost";q=%d;w=%d' % self[:2]),
            (RATED[1], b'"cost";r=%d;t=%d' % self[2:]),
        ]

    @property
    def wired(self) -> bytes:
        """The same, as they go over the wire."""
        return b'ratelimit-policy: "cost";q=%d;w=%d\r\nratelimit: "cost";r=%d;t=%d\r\n' % self


class Rates:
    """What every client has spent; `url` is the shared store's, `store` knows if it is there."""

    def __init__(self, url: str | None, store: Store) -> None:
        self._store = store
        self._here = Windows()
        self._shared = None if url is None else _shared(url)

    async def spend(self, caller: Caller, cost: float) -> Standing | None:
        """Count so many points, and say what is left; RequestError (422, 429).

        None for a client without a rate.
        """
        if self.alone or not caller.client.rate:
            return self.spend_alone(caller, cost)
        points = _points(caller.client, cost)
        return _granted(caller.client, points, *await self._counted(caller, points))

    @property
    def alone(self) -> bool:
        """Whether this replica counts for itself, so that nothing need be waited for."""
        return self._shared is None or self._store.alone

    def spend_alone(self, caller: Caller, cost: float) -> Standing | None:
        """The same, counted by this replica."""
        client = caller.client
        if not client.rate:
            return None
        points = _points(client, cost)
        counted = self._here.count(client.burst, _window_s(client), caller.account, points)
        return _granted(client, points, *counted)

    async def standing(self, caller: Caller) -> Standing | None:
        """What a client has left, and nothing spent for asking; None without a rate."""
        return (await self._counted(caller, 0))[1] if caller.client.rate else None

    async def _counted(self, caller: Caller, points: int) -> tuple[bool, Standing]:
        burst, window_s = caller.client.burst, _window_s(caller.client)
        if self._shared is not None and not self.alone:
            try:
                with step("store spend", {"db.system.name": "redis"}, "client"):
                    found = await self._shared.count(burst, window_s, caller.account, points)
                granted, left, more_in_s = found
                return granted, Standing(burst, window_s, left, more_in_s)
            except OSError:
                pass
        return self._here.count(burst, window_s, caller.account, points)

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.close()


class Windows:
    """What accounts spent in this window of time and the one before, which fades out."""

    def __init__(self) -> None:
        self._spent: LRUCache[tuple[str, int], tuple[float, int, int]] = LRUCache(ACCOUNTS)

    def count(self, burst: int, window_s: int, account: str, points: int) -> tuple[bool, Standing]:
        """Whether so many points may be spent, which then are, and what is left."""
        now = time()
        number, into = divmod(now, window_s)
        rest_s, what = window_s - into, (account, window_s)
        at, before, spent = self._spent.get(what) or (number, 0, 0)
        if at != number:
            before, spent = (spent if at == number - 1 else 0), 0
        fading = before * rest_s / window_s
        granted = floor(fading + spent) + points <= burst
        if granted:
            spent += points
        self._spent[what] = number, before, spent
        more_in_s = rest_s % window_s if spent else float(rest_s if before else 0)
        if before:  # which comes back point by point
            more_in_s = min(more_in_s, rest_s % (window_s / before))
        left = max(0, burst - floor(fading + spent))
        wait_s = ceil(now + more_in_s - now)  # as precise as a clock: 1e-15 s is no second
        return granted, Standing(burst, window_s, left, wait_s)


def _shared(url: str) -> "SharedWindows":
    """Imported late, as redis takes a tenth of a start that does without it."""
    from server.shared_rates import SharedWindows

    return SharedWindows(url)


def _points(client: Client, cost: float) -> int:
    """What is to be counted; RequestError (422) if that is more than there ever is."""
    points = max(1, ceil(cost))
    if points > client.burst:
        error = over("cost", points, client.burst, "COST_ESTIMATED_TOO_EXPENSIVE")
        raise RequestError(422, error)
    return points


def _granted(client: Client, points: int, granted: bool, standing: Standing) -> Standing:
    """How the client stands now; RequestError (429) if it was not granted that much."""
    if granted:
        return standing
    wait_s = max(1, ceil((points - standing.left) / client.rate))
    message = f"Over the rate of {client.rate:g} points a second. Ask again in {wait_s} s."
    error = GraphQLError(message, extensions={"code": "RATE_LIMITED", "retryAfter": wait_s})
    raise RequestError(429, error, headers={"Retry-After": str(wait_s), **standing.headers})


def _window_s(client: Client) -> int:
    return max(1, ceil(client.burst / client.rate))

"""Seats: how much may stay open at a time, in all and from one address."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from graphql import GraphQLError

from server.errors import RequestError
from server.limits import over

RETRY_S = 5
FULL = "There is no place for more clients at the moment."


def full() -> RequestError:
    """Nothing is wrong with who asks, but there is no place (503)."""
    error = GraphQLError(FULL, extensions={"code": "OVERLOADED", "retryAfter": RETRY_S})
    return RequestError(503, error, headers={"Retry-After": str(RETRY_S)})


class Seats:
    """At most `most` in all, and `each` from one address; `limit` is what that is called."""

    def __init__(self, limit: str, most: int, each: int) -> None:
        self._limit = limit
        self._most = most
        self._each = each
        self.count = 0
        self._taken: Counter[str] = Counter()  # only of addresses that have any

    def check(self, address: str, weight: int = 1) -> None:
        """RequestError if there is no room for so much more: 429 of this address, else 503."""
        wanted = self._taken[address] + weight
        if wanted > self._each:
            error = over(self._limit, wanted, self._each)
            raise RequestError(429, error, headers={"Retry-After": str(RETRY_S)})
        if self.count + weight > self._most:
            raise full()

    @contextmanager
    def taken(self, address: str, weight: int = 1) -> Iterator[None]:
        """Room for so much, for as long as this lasts; RequestError (429, 503)."""
        self.check(address, weight)
        self.count += weight
        self._taken[address] += weight
        try:
            yield
        finally:
            self.count -= weight
            self._taken[address] -= weight
            if not self._taken[address]:
                del self._taken[address]

"""Retries: whether another try of the same call may help."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import stamina

from sources.errors import OverQuota, SourceError
from sources.upstreams import PATIENCE_S

T = TypeVar("T")
ATTEMPTS = 3
MARGIN_S = 0.1


class Passing(Exception):
    """A failure that another try may mend; `error` is what it is if none does."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(error.detail)
        self.error = error


async def retried(call: Callable[[], Awaitable[T]], limit: asyncio.Timeout, *, once: bool) -> T:
    """What a call gives, tried again while that may help; Passing if it did not.

    `once`: what changes something there is not tried again here; who sent it finds out if it was.
    """
    try:
        return await call()
    except Passing as passing:
        if once:
            raise
        first = last = passing
    # Only now, as stamina takes longer than the rest of a call's way: its first try was that one.
    tries = stamina.retry_context(
        on=partial(_again, limit), attempts=ATTEMPTS, wait_initial=0.1, wait_max=1, wait_jitter=0.2
    )
    try:
        async for attempt in tries:
            with attempt:
                if attempt.num == 1:
                    raise first
                try:
                    return await call()
                except Passing as passing:
                    last = passing
                    raise
    except OverQuota as spent:
        last.error.retry_after_s = spent.retry_after_s  # no more tries before that
        raise last from last.error
    raise AssertionError("stamina either returns or raises")


def _again(limit: asyncio.Timeout, error: Exception) -> bool | float:
    """Whether another try may help: soon, or in the seconds that the upstream asks for.

    `limit` is when the whole call has to end.
    """
    if not isinstance(error, Passing):
        return False
    wait, until = error.error.retry_after_s, limit.when()
    if not wait or until is None:
        return True
    left = until - asyncio.get_running_loop().time()
    return wait + MARGIN_S if wait + MARGIN_S < min(left, PATIENCE_S) else False

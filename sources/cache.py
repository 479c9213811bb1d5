"""Freshness: one value that many ask for, read by one call and kept by its binding's policy.

    age        0 ......... ttl ....... + stale_while_revalidate .... + stale_if_error
    answered   at once     at once, and    after one more try,          by the error
                           read behind     stale if that fails

Concurrent askers share one read, which is a task of its own: an asker that goes
away or runs out of time never stops it, and its failure reaches each as an
error of their own. A value in use is read again shortly before it expires; one
that nobody asks for any more is left alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Generic, TypeVar

import structlog

from cities import Binding
from sources.errors import Overdue, SourceError

T = TypeVar("T")
log = structlog.get_logger("sources.cache")

# When the request at hand must be answered, in the event loop's own seconds.
deadline: ContextVar[float | None] = ContextVar("deadline", default=None)

CLOCKS_APART_S = 60  # what another replica read may be from our near future, but no further
EARLY = (0.80, 0.95)  # a value in use is read again after this share of its ttl


@dataclass(frozen=True)
class Held(Generic[T]):
    """A value, and when the upstream said so."""

    value: T
    fetched_at: datetime


class Cached(Generic[T]):
    """One value of one upstream, by its binding's policy.

    `load` reads it afresh (given what is held, which it may return again with a
    new date) and raises SourceError if it cannot.
    """

    def __init__(
        self,
        binding: Binding,
        load: Callable[[Held[T] | None], Awaitable[Held[T]]],
        clock: Callable[[], datetime],
    ) -> None:
        self.binding = binding
        self.held: Held[T] | None = None
        self.error: SourceError | None = None
        self.asked_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._load = load
        self._clock = clock
        self._flight: asyncio.Task[Held[T]] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    async def get(self) -> Held[T]:
        """The value by the policy above; SourceError where there is none to show."""
        now = self.asked_at = self._clock()
        held, binding = self.held, self.binding
        if held is not None:
            age = (now - held.fetched_at).total_seconds()
            if -CLOCKS_APART_S < age < binding.ttl_s:
                return held
            if age < binding.ttl_s + binding.stale_while_revalidate_s:
                if self._may_try(now):
                    self._read()
                return held
        if self._flight is None and not self._may_try(now) and self.error is not None:
            return self._last_resort(self.error)
        try:
            return await self._wait(self._read())
        except SourceError as error:
            return self._last_resort(error)

    def age_s(self, now: datetime) -> float | None:
        """Seconds since the upstream said what is held."""
        return None if self.held is None else (now - self.held.fetched_at).total_seconds()

    def close(self) -> None:
        """Stop reading; for the end of the process."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._flight is not None:
            self._flight.cancel()

    def _may_try(self, now: datetime) -> bool:
        """Whether the last failure is long enough ago to try again."""
        if self._failed_at is None or self.error is None:
            return True
        pause = self.error.retry_after_s or self.binding.negative_ttl_s
        return (now - self._failed_at).total_seconds() >= pause

    def _last_resort(self, error: SourceError) -> Held[T]:
        """What is held, if it may still be shown in spite of the error; else the error."""
        age = self.age_s(self._clock())
        until = self.binding.ttl_s + self.binding.stale_if_error_s
        if self.held is not None and age is not None and age < until:
            return self.held
        raise error.again()

    def _read(self) -> asyncio.Task[Held[T]]:
        """The read that is under way, or a new one."""
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly(), name=f"read {self.binding.source}")
            self._flight.add_done_callback(self._landed)
        return self._flight

    async def _fly(self) -> Held[T]:
        token = deadline.set(None)  # the first asker's deadline is not everybody's
        try:
            return await self._load(self.held)
        finally:
            deadline.reset(token)

    def _landed(self, flight: asyncio.Task[Held[T]]) -> None:
        self._flight = None
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            self.held, self.error, self._failed_at = flight.result(), None, None
        elif isinstance(error, SourceError):
            if self.error is None or self.error.detail != error.detail:
                log.warning("read failed", source=self.binding.source, why=error.detail)
            self.error, self._failed_at = error, self._clock()
        else:
            log.error("bug while reading", source=self.binding.source, exc_info=error)
        self._set_alarm()

    async def _wait(self, flight: asyncio.Task[Held[T]]) -> Held[T]:
        """Wait for a read no longer than this request may, and never stop it."""
        try:
            async with asyncio.timeout_at(deadline.get()):
                return await asyncio.shield(flight)
        except TimeoutError:
            raise Overdue("still reading", self.binding) from None

    def _set_alarm(self) -> None:
        """Read again before it expires, or after a failure's pause."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self.error is not None:
            pause = max(self.error.retry_after_s or 0, self.binding.negative_ttl_s, 1)
        else:
            pause = self.binding.ttl_s * uniform(*EARLY)  # noqa: S311 - replicas apart, no secret
        self._alarm = asyncio.get_running_loop().call_later(pause, self._rung)

    def _rung(self) -> None:
        since = timedelta(seconds=max(self.binding.ttl_s, 60))
        if self.asked_at is not None and self._clock() - self.asked_at <= since:
            self._read()

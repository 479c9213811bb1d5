"""Freshness: one value that many ask for, read by one call and kept by its binding's policy.

    age        0 ......... ttl ....... + stale_while_revalidate .... + stale_if_error
    answered   at once     at once, and    after one more try, stale    by the error
                           read behind     if that fails, or takes
                                           longer than its grace

Concurrent askers share one read, which is a task of its own: an asker that goes
away or runs out of time never stops it, and its failure reaches each as an
error of their own. A value in use is read again shortly before it expires; one
that nobody asks for any more is left alone. Who reads inside of a `Watch` hears
of news of all that was read, and keeps it in use.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from datetime import datetime, timedelta
from random import uniform
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import structlog

from cities import Binding
from sources.alarm import Alarm
from sources.errors import Broken, Overdue, SourceError, forget
from sources.in_time import ended
from sources.pauses import pace_s, pause_s
from sources.tracing import apart, step
from sources.watch import Watch, watch

T = TypeVar("T")
log = structlog.get_logger("sources.cache")

# When the request at hand must be answered, in the event loop's own seconds.
deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
# Whether it can do without what it reads at the moment, as something else stands in for it.
dispensable: ContextVar[bool] = ContextVar("dispensable", default=False)

CLOCKS_APART_S = 60  # what another replica read may be from our near future, but no further
EARLY = (0.80, 0.95)  # a value in use is read again after this share of its ttl


class Held(NamedTuple, Generic[T]):
    """A value, and when the upstream said so; `digest` is of the bytes that alone make it so."""

    value: T
    fetched_at: datetime
    digest: bytes = b""  # none where there may be more to it


class Cached(Generic[T]):
    """One value of one upstream, by its binding's policy.

    `load` reads it afresh (given what is held, which it may return again with a
    new date) and raises SourceError if it cannot. `listen` runs while somebody
    watches, to read it sooner. Each read, good or bad, makes a new `version` of it;
    `latest` is the last one of all there are.
    """

    latest: ClassVar[int] = 0

    def __init__(
        self,
        binding: Binding,
        load: Callable[[Held[T] | None], Awaitable[Held[T]]],
        clock: Callable[[], datetime],
        listen: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self.binding = binding
        self.version = 0
        self.held: Held[T] | None = None
        self.error: SourceError | None = None
        self.asked_at: datetime | None = None
        self.waiting_since: datetime | None = None  # when the read under way began
        self.overdue = False  # somebody waited for that read, and in vain
        self.ahead = True  # read again before it expires, for as long as it is in use
        self.answers: dict[str, int] = defaultdict(int)  # how often it was fresh, stale, or a miss
        self._failed_at: datetime | None = None
        self._failures = 0
        self._load = load
        self._clock = clock
        self._flight: asyncio.Task[Held[T]] | None = None
        self._alarm = Alarm()
        self._began = 0.0  # when that read left, in the event loop's seconds
        self._watches: dict[Watch, None] = {}  # no set, which the collector looks at even if empty
        self._waiting: dict[Watch | None, int] = {}  # how many askers wait, by who they ask for
        self._listen = listen
        self._listening: asyncio.Task[None] | None = None

    async def get(self) -> Held[T]:
        """The value by the policy above; SourceError where there is none to show."""
        shown = self.ready()
        if shown is not None:
            return shown
        watching = watch.get()
        self.answers["miss"] += 1
        age = self.age_s(self._clock())
        showable = age is not None and age < self._shown_s
        flight = self.read()
        self._waiting[watching] = self._waiting.get(watching, 0) + 1
        try:
            with step(f"wait for {self.binding.source}"):
                return await self._wait(flight, showable or dispensable.get())
        except SourceError as error:
            return self._last_resort(error)
        finally:
            self._waiting[watching] -= 1
            if not self._waiting[watching]:
                del self._waiting[watching]

    def ready(self) -> Held[T] | None:
        """What `get` answers without waiting; None if it waits for a read. SourceError."""
        if (watching := watch.get()) is not None:
            watching.add(self)
        shown = self.at_once(self._clock())
        if isinstance(shown, SourceError):
            raise shown.again()
        return shown

    def at_once(self, now: datetime) -> Held[T] | SourceError | None:
        """The same, with an error that is not raised. That is a use, too."""
        self.asked_at = now
        held = self.held
        if held is not None:  # and mostly fresh: nothing else is looked at
            age = (now - held.fetched_at).total_seconds()
            if -CLOCKS_APART_S < age < self.binding.ttl_s:
                self.answers["fresh"] += 1
                return held
        shown = self.peek(now)
        if shown is None:
            return None
        if held is not None and age < self.binding.ttl_s + self.binding.stale_while_revalidate_s:
            self.answers["stale"] += 1
            if self._may_try(now):
                self.read()
        else:
            self.answers["miss"] += 1
        return shown

    def peek(self, now: datetime) -> Held[T] | SourceError | None:
        """The same, but nobody asks."""
        age, binding = self.age_s(now), self.binding
        if age is not None and age < binding.ttl_s + binding.stale_while_revalidate_s:
            return self.held
        if self._flight is not None or self.error is None or self._may_try(now):
            return None
        return self.held if age is not None and age < self._shown_s else self.error

    def age_s(self, now: datetime) -> float | None:
        """Seconds since the upstream said what is held."""
        return None if self.held is None else (now - self.held.fetched_at).total_seconds()

    def watched_by(self, watching: Watch) -> None:
        """Tell of each read; and read on, for as long as somebody watches."""
        self._watches[watching] = None
        if self._listening is None and self._listen is not None:
            self._listening = asyncio.create_task(
                self._listen(), name=f"news of {self.binding.source}", context=apart()
            )
        if not self._alarm:  # it had rung and nobody was there, or was not set
            self._set_alarm_again()

    def left_by(self, watching: Watch) -> None:
        self._watches.pop(watching, None)
        if not self._watches and self._listening is not None:
            self._listening.cancel()
            self._listening = None

    def begin(self, old: "Cached[Any]", held: Held[T]) -> None:
        """Go on from what another one holds, which is in use as much as that was."""
        self.held, self.asked_at, self.answers = held, old.asked_at, old.answers
        self._renew()

    def retire(self) -> None:
        """Read no more ahead: who asks already is served, but no answer rests on it any longer."""
        self.ahead = False
        self._renew()
        self._alarm.put_out()

    def forget(self) -> None:
        """Nobody finds it any more: let it go at once, and not at the next look for cycles."""
        if self._flight is None and not self._watches:
            self.retire()
            self._load, self._listen = _forgotten, None

    def close(self) -> None:
        """Stop reading; for the end of the process."""
        if self._listening is not None:
            self._listening.cancel()
        self._alarm.put_out()
        if self._flight is not None:
            self._flight.cancel()

    def _may_try(self, now: datetime) -> bool:
        """Whether the last failure is long enough ago to try again, or the clock was set back."""
        if self._failed_at is None or self.error is None:
            return True
        return not 0 <= (now - self._failed_at).total_seconds() < self._pause_s(self.error)

    def _pause_s(self, error: SourceError) -> float:
        return pause_s(error, self._failures, self.binding)

    def _last_resort(self, error: SourceError) -> Held[T]:
        """What is held, if it may still be shown in spite of the error; else the error."""
        forget(error)
        age = self.age_s(self._clock())
        if self.held is not None and age is not None and age < self._shown_s:
            return self.held
        raise error.again()

    @property
    def _shown_s(self) -> float:
        """How old what is held may become before it is shown no more, whatever happens."""
        return self.binding.ttl_s + self.binding.stale_if_error_s

    def read(
        self, load: Callable[[Held[T] | None], Awaitable[Held[T]]] | None = None
    ) -> asyncio.Task[Held[T]]:
        """The read that is under way, or a new one: by `load`, if it need not be asked for."""
        if self._flight is None:
            loop, name = asyncio.get_running_loop(), f"read {self.binding.source}"
            self._flight = loop.create_task(self._fly(load or self._load), name=name)
            self._flight.add_done_callback(self._landed)
            self.waiting_since, self._began = self._clock(), loop.time()
        return self._flight

    async def _fly(self, load: Callable[[Held[T] | None], Awaitable[Held[T]]]) -> Held[T]:
        deadline.set(None)  # the first asker's is not everybody's; a task has a context of its own
        dispensable.set(False)
        watch.set(None)
        try:
            return await load(self.held)
        except SourceError:
            raise
        except Exception as bug:
            log.exception("bug while reading", source=self.binding.source)
            raise Broken(f"a bug of ours: {type(bug).__name__}", self.binding) from bug

    def _landed(self, flight: asyncio.Task[Held[T]]) -> None:
        self._flight, self.waiting_since, self.overdue = None, None, False
        if flight.cancelled():
            return
        self._renew()
        error = flight.exception()
        forget(error)
        if isinstance(error, SourceError):
            if self.error is None or self.error.detail != error.detail:
                log.warning("read failed", source=self.binding.source, why=error.detail)
            self.error, self._failed_at = error, self._clock()
            self._failures += 1
        else:
            self.held, self.error, self._failed_at, self._failures = flight.result(), None, None, 0
        if self.ahead or self._watches:
            self._set_alarm()
        for watching in self._watches.keys() - self._waiting.keys():  # those are told by it
            watching.news.set()

    def _renew(self) -> None:
        Cached.latest += 1
        self.version = Cached.latest

    async def _wait(self, flight: asyncio.Task[Held[T]], in_grace: bool) -> Held[T]:
        """Wait for a read no longer than this request may, and never stop it."""
        until = deadline.get()
        if in_grace:  # counted from the read's beginning: not every asker waits that long in vain
            soon, now = self._began + self.binding.grace_s, asyncio.get_running_loop().time()
            # Half of the time that is left at most, so that others have some.
            until = soon if until is None else min(soon, (now + until) / 2)
        if not await ended(flight, until):
            self.overdue = True
            raise Overdue("still reading", self.binding)
        return flight.result()

    def _set_alarm(self) -> None:
        """Read again before it expires, or after a failure's pause."""
        early = self.binding.ttl_s * uniform(*EARLY)  # noqa: S311 - replicas apart, no secret
        soon = max(early, pace_s(self.binding))
        pause = soon if self.error is None else max(self._pause_s(self.error), 1)
        self._alarm.set_in(pause, self._rung)

    def _set_alarm_again(self) -> None:
        """The same for who comes later: as soon as it expires, or when that pause is over."""
        now = self._clock()
        if self.error is not None and self._failed_at is not None:
            since = (now - self._failed_at).total_seconds()
            self._alarm.set_in(max(0, self._pause_s(self.error) - since), self._rung)
        elif (age := self.age_s(now)) is not None:
            self._alarm.set_in(max(0, self.binding.ttl_s - age), self._rung)

    def _rung(self) -> None:
        since = timedelta(seconds=max(self.binding.ttl_s, 60))
        asked = self.asked_at is not None and self._clock() - self.asked_at <= since
        if (asked and self.ahead) or self._watches:
            self.read()


async def _forgotten(_: Any) -> Any:
    raise RuntimeError("read, but forgotten")

"""What the freshness policy promises, over a value that the tests read by hand."""

import asyncio
import gc
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import pytest

from cities import Binding
from sources.cache import Cached, Held, deadline
from sources.errors import Overdue, Unavailable
from sources.watch import Watch
from tests.conftest import Clock

pytestmark = pytest.mark.anyio

BINDING = Binding(
    city="nantes",
    service="pools",
    protocol="x",
    name="Pools",
    ttl=60,
    stale_while_revalidate=40,
    stale_if_error=200,
    negative_ttl=5,
)


@dataclass
class Upstream:
    """Answers when it is told to, with how often it was asked."""

    clock: Clock
    calls: int = 0
    error: Exception | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self, held):
        self.calls += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Held(self.calls, self.clock())


@pytest.fixture
async def upstream():
    up = Upstream(Clock())
    up.gate.set()
    return up


@pytest.fixture
async def cached(upstream):
    cached = Cached(BINDING, upstream.load, upstream.clock)
    yield cached
    cached.close()


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_many_askers_make_one_call(cached, upstream):
    upstream.gate.clear()
    asking = [asyncio.create_task(cached.get()) for _ in range(100)]
    await settle()
    upstream.gate.set()

    answers = await asyncio.gather(*asking)

    assert {held.value for held in answers} == {1}
    assert upstream.calls == 1


async def test_fresh_is_answered_at_once(cached, upstream):
    await cached.get()
    upstream.clock.advance(59)

    assert (await cached.get()).value == 1
    assert upstream.calls == 1


async def test_stale_is_answered_at_once_and_read_behind(cached, upstream):
    await cached.get()
    upstream.clock.advance(61)
    upstream.gate.clear()

    assert (await cached.get()).value == 1
    upstream.gate.set()
    await settle()
    assert (await cached.get()).value == 2


async def test_older_than_that_is_waited_for(cached, upstream):
    await cached.get()
    upstream.clock.advance(101)

    assert (await cached.get()).value == 2


async def test_old_is_better_than_nothing_while_it_fails(cached, upstream):
    await cached.get()
    upstream.error = Unavailable("down", BINDING)
    upstream.clock.advance(259)

    assert (await cached.get()).value == 1
    assert cached.error.detail == "down"


async def test_too_old_is_not_shown(cached, upstream):
    await cached.get()
    upstream.error = Unavailable("down", BINDING)
    upstream.clock.advance(261)

    with pytest.raises(Unavailable):
        await cached.get()


async def test_a_failure_is_remembered_for_a_moment(cached, upstream):
    upstream.error = Unavailable("down", BINDING)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await cached.get()
    assert upstream.calls == 1

    upstream.clock.advance(5)
    upstream.error = None

    assert (await cached.get()).value == 2


async def test_a_failure_that_says_when_is_left_alone_until_then(cached, upstream):
    upstream.error = Unavailable("down", BINDING, retry_after_s=30)
    for seconds in (0, 29):
        upstream.clock.advance(seconds)
        with pytest.raises(Unavailable):
            await cached.get()
    assert upstream.calls == 1

    upstream.clock.advance(1)
    with pytest.raises(Unavailable):
        await cached.get()
    assert upstream.calls == 2


async def test_a_failure_leaves_no_cycles(cached, upstream):
    async def fail(times):
        for _ in range(times):
            upstream.clock.advance(60)
            upstream.error = Unavailable("down", BINDING)
            with suppress(Unavailable):
                await cached.get()

    await fail(1)
    gc.collect()
    gc.disable()
    try:
        await fail(100)
        assert gc.collect() < 100  # some of which others have left
    finally:
        gc.enable()


async def test_each_asker_gets_an_error_of_its_own(cached, upstream):
    upstream.error = Unavailable("down", BINDING, retry_after_s=7)

    first, second = await asyncio.gather(cached.get(), cached.get(), return_exceptions=True)

    assert first is not second
    assert first.extensions == second.extensions
    assert first.extensions["retryAfter"] == 7


async def test_an_asker_that_goes_away_stops_nothing(cached, upstream):
    upstream.gate.clear()
    leader = asyncio.create_task(cached.get())
    await settle()
    follower = asyncio.create_task(cached.get())
    await settle()

    leader.cancel()
    await settle()
    upstream.gate.set()

    assert (await follower).value == 1
    assert upstream.calls == 1


async def test_an_asker_without_time_gets_what_there_is(cached, upstream):
    upstream.gate.clear()
    deadline.set(asyncio.get_running_loop().time())
    with pytest.raises(Overdue):
        await cached.get()

    deadline.set(None)
    upstream.gate.set()
    await settle()
    assert cached.held.value == 1  # the read went on without it

    upstream.gate.clear()
    upstream.clock.advance(150)
    deadline.set(asyncio.get_running_loop().time())
    assert (await cached.get()).value == 1


async def test_the_first_askers_deadline_is_not_everybodys(cached, upstream):
    seen = []

    async def load(held):
        seen.append(deadline.get())
        return await upstream.load(held)

    patient = Cached(BINDING, load, upstream.clock)
    deadline.set(asyncio.get_running_loop().time() + 5)
    await patient.get()
    patient.close()

    assert seen == [None]


async def test_a_value_in_use_is_read_again_before_it_expires(cached, upstream, monkeypatch):
    alarms = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(
        loop,
        "call_later",
        lambda after, *ring, **_: alarms.append((after, partial(*ring))) or Rung(),
    )
    await cached.get()
    [(after, ring)] = alarms
    assert 0 < after < 60

    upstream.clock.advance(after)
    ring()
    await settle()
    assert upstream.calls == 2

    upstream.clock.advance(1_000)  # nobody has asked for long
    alarms[-1][1]()
    await settle()
    assert upstream.calls == 2


@pytest.mark.parametrize(("error", "due"), [(None, 60 - 3), (Unavailable("down", BINDING), 5 - 3)])
async def test_what_is_not_read_ahead_is_once_somebody_watches(
    cached, upstream, monkeypatch, error, due
):
    alarms = []
    monkeypatch.setattr(
        asyncio.get_running_loop(), "call_later", lambda after, *_, **__: alarms.append(after)
    )
    cached.ahead, upstream.error = False, error
    await asyncio.gather(cached.get(), return_exceptions=True)
    assert alarms == []

    upstream.clock.advance(3)
    with Watch().reading():
        await asyncio.gather(cached.get(), return_exceptions=True)
    assert alarms == [due]


class Rung:
    def cancel(self):
        pass

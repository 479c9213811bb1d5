"""The shared store on bad days: garbage, killed, frozen, emptied; and what a replica does alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from waiting import GENEROUS_S, until

from cities import Quota
from sources.shared_link import CONNECTIONS
from sources.shared_scripts import key
from sources.shared_store import ALONE_S, Shared
from sources.store import Payload, digest

pytestmark = pytest.mark.anyio
LONG_S = 3_600.0
SETTLE_S = 60.0
FEED = "Siri{stops}"
SOURCE = "nantes/departures"
PER_DAY = Quota(calls=12, period_s=86_400)
PER_HALF_MINUTE = Quota(calls=1, period_s=30)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that settles stays so for as long as a test needs to see it."""
    monkeypatch.setattr("sources.shared_link.SETTLE_S", SETTLE_S)
    monkeypatch.setattr("sources.store.POLL_S", LONG_S)  # so that only news wake who waits


def replica(url: str, patience_s: float = 1.0) -> Shared:
    """One whose heart only beats when a test says so."""
    return Shared(url, beat_s=LONG_S, patience_s=patience_s)


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Shared, Shared]]:
    async with replica(url) as one, replica(url) as other:
        await one.beat()
        yield one, other


async def operate(store: Shared) -> None:
    """Every operation, as one alone should see it."""
    assert await store.get(FEED) is None
    await store.put(FEED, Payload(b"x", 1.0), LONG_S)
    async with store.lease(FEED, LONG_S) as ours:
        assert ours
    assert await store.newer(FEED, 0.0, LONG_S) is None
    await store.trip(SOURCE, 5)
    assert await store.tripped(SOURCE) == 0.0
    await store.exhaust("nantes/bikes", LONG_S)
    assert 0 < await store.take("nantes/bikes", PER_DAY) <= ALONE_S
    assert (await store.left("nantes/bikes", PER_DAY)).resets_in_s > LONG_S - 60
    assert await store.shelve("tram-app", "a", "text", 1) == "text"
    assert await store.shelve("tram-app", "a", None, 1) == "text"
    assert store.alone


async def back(store: Shared) -> None:
    async def found() -> bool:
        await store.beat()
        return not store.alone

    await until(found)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\x80\x04garbage",
        msgspec.msgpack.encode((0, Payload(b"old", 9.0))),
        msgspec.msgpack.encode((2, [b"new", 9.0, {}, "one more"])),
        msgspec.msgpack.encode({"body": b"x"}),
        None,
    ],
)
async def test_what_cannot_be_read_is_absent(valkey: Any, record: bytes | None) -> None:
    async with replica(valkey.url) as store:
        name = key("feed", digest(FEED))
        if record is None:
            valkey.client.set(name, "no hash at all")
        else:
            valkey.client.hset(name, mapping={"at": "9", "size": "3", "record": record})
        assert await store.get(FEED) is None
        assert not store.alone
        await store.put(FEED, Payload(b"good", 10.0), LONG_S)
        assert await store.get(FEED) == Payload(b"good", 10.0)


async def test_keys_have_our_prefix_and_no_feed_in_plain(valkey: Any) -> None:
    async with replica(valkey.url) as store:
        await store.put("address?q=12 rue de Strasbourg", Payload(b"x", 1.0), LONG_S)
        await store.take(SOURCE, PER_DAY)
        async with store.lease("address?q=12 rue de Strasbourg", LONG_S):
            keys = valkey.client.keys()
        assert len(keys) == 5
        assert all(name.startswith(b"poche:1:") for name in keys)
        assert not any(b"Strasbourg" in name for name in keys)


async def test_a_crowd_shares_few_connections(valkey: Any) -> None:
    async with replica(valkey.url, GENEROUS_S) as store:
        await asyncio.gather(*(store.get(str(n)) for n in range(500)))
        assert not store.alone
        assert valkey.client.info("clients")["connected_clients"] <= CONNECTIONS + 3


async def test_without_a_store_from_the_start(tmp_path: Any) -> None:
    async with replica(f"unix://{tmp_path}/none.sock") as store:
        await operate(store)
        assert store.failures == 1
        assert store.replicas == 1


async def test_killed_and_restarted(valkey: Any) -> None:
    async with two(valkey.url) as (one, other):
        valkey.kill()
        started = time.perf_counter()
        await asyncio.gather(*(operate(one) for _ in range(50)))
        await operate(other)
        assert time.perf_counter() - started < GENEROUS_S
        valkey.start()
        await back(one)
        await back(other)
        await one.put(FEED, Payload(b"again", 2.0), LONG_S)
        assert await other.get(FEED) == Payload(b"again", 2.0)
        assert 0 < await other.take("nantes/pools", PER_DAY) <= SETTLE_S


async def test_frozen_and_thawed(valkey: Any) -> None:
    async with two(valkey.url) as (one, other):
        await one.put(FEED, Payload(b"before", 2.0), LONG_S)
        with valkey.frozen():
            started = time.perf_counter()
            await asyncio.gather(*(operate(one) for _ in range(50)))
            await operate(other)
            assert time.perf_counter() - started < GENEROUS_S
            failures = one.failures
            await operate(one)
            assert one.failures == failures  # nobody waits for it a second time
        await back(one)
        assert await one.get(FEED) is not None


async def test_a_frozen_store_leaves_no_lease_that_nobody_holds(valkey: Any) -> None:
    """One that it grants when it thaws, and one that could not be given back meanwhile."""
    feeds = ("asked for before", "asked for while it was frozen")
    async with two(valkey.url) as (one, other), AsyncExitStack() as reading:
        await reading.enter_async_context(one.lease(feeds[0], LONG_S))
        with valkey.frozen():
            async with one.lease(feeds[1], LONG_S) as ours:
                assert ours
            assert one.alone
            await reading.aclose()

        async def granted() -> bool:
            return bool(valkey.client.exists(*(key("lease", digest(feed)) for feed in feeds)) == 2)

        await until(granted)
        await back(one)
        assert [await other.leased(feed) for feed in feeds] == [False, False]


async def test_who_leaves_gives_its_leases_back(valkey: Any) -> None:
    async with replica(valkey.url) as other, AsyncExitStack() as reading:
        async with replica(valkey.url) as one:
            assert await reading.enter_async_context(one.lease(FEED, LONG_S))
            assert await other.leased(FEED)
        assert not await other.leased(FEED)


async def test_a_lease_that_was_called_off_while_it_was_asked_for_is_given_back(
    valkey: Any,
) -> None:
    async def read(store: Shared) -> None:
        async with store.lease(FEED, LONG_S):
            pass

    async with two(valkey.url) as (one, other):
        await read(one)  # so that the store knows the script
        with valkey.frozen():
            reading = asyncio.create_task(read(one))
            for _ in range(50):  # turns, of which asking takes a few
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.wait((reading,))
        await back(one)
        assert not await other.leased(FEED)


async def test_alone_nothing_is_spent_while_the_heart_beats(valkey: Any) -> None:
    """What a heartbeat is about to tell the store must be all there is to tell."""
    async with two(valkey.url) as (one, _):
        with valkey.frozen():
            assert await one.take(SOURCE, PER_DAY) == 0.0
            beat = asyncio.create_task(one.beat())
            await asyncio.sleep(0)
            assert await one.take(SOURCE, PER_DAY) > 0
            await beat
            assert await one.take(SOURCE, PER_DAY) == 0.0


async def test_one_can_leave_a_frozen_store(valkey: Any) -> None:
    async with AsyncExitStack() as leaving:
        await leaving.enter_async_context(two(valkey.url))
        with valkey.frozen():
            async with asyncio.timeout(GENEROUS_S):
                await leaving.aclose()


async def test_a_store_that_was_emptied_is_told_what_was_spent(valkey: Any) -> None:
    async with two(valkey.url) as (one, other):
        assert await one.take(SOURCE, PER_HALF_MINUTE) == 0.0
        await one.exhaust("nantes/bikes", LONG_S)
        valkey.empty()
        assert 0 < await other.take(SOURCE, PER_HALF_MINUTE) <= SETTLE_S
        await one.beat()
        valkey.client.delete(key("settling"))  # as if it had passed
        assert await other.take(SOURCE, PER_HALF_MINUTE) > 20
        assert await other.take("nantes/bikes", PER_DAY) > LONG_S - 60
        assert not one.alone
        assert not other.alone


async def test_a_day_quota_is_shared_fairly_while_alone_and_told_afterwards(valkey: Any) -> None:
    async with two(valkey.url) as (one, other):
        takes = [await store.take(SOURCE, PER_DAY) for store in (one, one, one, other)]
        assert takes == [0.0] * 4
        with valkey.frozen():
            alone = {}
            for store in (one, other):
                waits = [await store.take(SOURCE, PER_DAY) for _ in range(20)]
                alone[store] = waits.count(0.0)
                assert alone[store] <= 6
                assert (await store.left(SOURCE, PER_DAY)).calls == 0
            assert 4 + sum(alone.values()) <= 12
            assert all(alone.values())
        await back(one)
        assert 0 < await one.take(SOURCE, PER_DAY) <= SETTLE_S
        await back(other)
        assert valkey.client.zcard(key("budget", SOURCE)) == 4 + sum(alone.values())


async def test_once_in_half_a_minute_is_waited_out_then_taken_in_turns(valkey: Any) -> None:
    clock = Ticking()
    replicas = [Shared(valkey.url, beat_s=LONG_S, patience_s=1.0, clock=clock) for _ in range(4)]
    for one in replicas * 2:
        await one.beat()
    assert [one.replicas for one in replicas] == [4] * 4
    made, since = list[tuple[float, Shared]](), clock.now
    with valkey.frozen():
        while clock.now < since + 600:
            waits = [(await one.take(SOURCE, PER_HALF_MINUTE), one) for one in replicas]
            made += [(clock.now - since, one) for wait, one in waits if not wait]
            clock.now += 1
    for one in replicas:
        await back(one)
        await one.__aexit__()
    times = [at for at, _ in made]
    assert times[0] >= 30
    assert all(later - earlier > 30 for earlier, later in pairwise(times))
    assert {one for _, one in made} == set(replicas)


class Ticking:
    def __init__(self) -> None:
        self.now = 50_000.0

    def __call__(self) -> float:
        return self.now


async def test_news_are_heard_again_after_a_restart(valkey: Any) -> None:
    async with Shared(valkey.url, beat_s=0.02) as one, Shared(valkey.url, beat_s=0.02) as other:

        async def heard() -> bool:
            return not one.alone and not other.alone and listeners(valkey) == 2

        async def noticed() -> bool:
            return one.alone and other.alone

        await until(heard)
        valkey.kill()
        await until(noticed)
        valkey.start()
        await until(heard)
        async with one.lease(FEED, LONG_S):
            waiting = asyncio.create_task(other.newer(FEED, 1.0, LONG_S))
            await asyncio.sleep(0.05)  # who has not begun to wait by then finds it at once
            await one.put(FEED, Payload(b"news", 2.0), LONG_S)
            async with asyncio.timeout(GENEROUS_S):
                assert await waiting == Payload(b"news", 2.0)


def listeners(valkey: Any) -> int:
    return int(valkey.client.pubsub_numsub(key("news"))[0][1])

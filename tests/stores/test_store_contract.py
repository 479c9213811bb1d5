"""What every store promises: in memory for one process, and shared between several replicas."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from keepers import Redis, Valkey, running
from waiting import GENEROUS_S, until

from cities import Quota
from sources.shared_link import NEWS
from sources.shared_store import Shared
from sources.store import Memory, Payload, Store

pytestmark = pytest.mark.anyio
LONG_S = 3_600.0
A_MOMENT_S = 0.05  # most have begun to wait by then; who has not finds what it wants at once
FEED = "Opendatasoft{pools}"


@pytest.fixture(autouse=True)
def only_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody polls: who waits is woken by the news."""
    monkeypatch.setattr("sources.store.POLL_S", LONG_S)


@pytest.fixture(params=[Memory, Valkey, Redis], ids=["memory", "valkey", "redis"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[list[Store]]:
    """Four replicas' views of one store."""
    if request.param is Memory:
        yield [Memory()] * 4
        return

    async def listening() -> bool:
        return bool(valkey.client.pubsub_numsub(NEWS)[0][1] == 4)

    async with AsyncExitStack() as stack:
        valkey = stack.enter_context(running(request.param))
        replicas = [Shared(valkey.url, beat_s=LONG_S, patience_s=GENEROUS_S) for _ in range(4)]
        for replica in replicas:
            await stack.enter_async_context(replica)
        await until(listening)
        yield list(replicas)


async def test_a_payload_is_seen_by_all_and_only_if_newer(stores: list[Store]) -> None:
    one, other = stores[:2]
    assert await other.get(FEED) is None
    for body in (b"\x00small\xff", b"large" * 100_000):
        payload = Payload(body, 1_800_000_000.125, {"https://x/?a=b": {"if-none-match": '"é"'}})
        await one.put(FEED, payload, LONG_S)
        assert await other.get(FEED) == payload
        assert await other.get(FEED, than=payload.fetched_at - 0.125) == payload
        assert await other.get(FEED, than=payload.fetched_at) is None
    assert await other.get("another feed") is None


async def test_a_payload_is_kept_no_longer_than_told(stores: list[Store]) -> None:
    await stores[0].put(FEED, Payload(b"x", 1.0), keep_s=0.02)

    async def gone() -> bool:
        return await stores[1].get(FEED) is None

    await until(gone)


async def test_one_holder_at_a_time(stores: list[Store]) -> None:
    holders, most = 0, 0
    granted = []

    async def refresh(store: Store) -> None:
        nonlocal holders, most
        async with store.lease(FEED, LONG_S) as ours:
            holders += ours
            most = max(most, holders)
            await asyncio.sleep(0)
            granted.append(ours)
            holders -= ours

    for _ in range(10):
        await asyncio.gather(*(refresh(store) for store in stores * 3))
    assert most == 1
    assert sum(granted) >= 10
    assert not await stores[0].leased(FEED)


async def test_a_lease_ends_by_itself_and_its_late_holder_ends_no_other(
    stores: list[Store],
) -> None:
    one, other, third, _ = stores

    async def free() -> bool:
        return not await other.leased(FEED)

    async with AsyncExitStack() as late:
        assert await late.enter_async_context(one.lease(FEED, 0.02))
        await until(free)
        async with other.lease(FEED, LONG_S) as ours:
            assert ours
            await late.aclose()
            async with third.lease(FEED, LONG_S) as theirs:
                assert not theirs


async def test_a_cancelled_holder_gives_the_lease_back(stores: list[Store]) -> None:
    begun = asyncio.Event()

    async def refresh() -> None:
        async with stores[0].lease(FEED, LONG_S):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(refresh())
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not await stores[1].leased(FEED)


async def test_who_waits_gets_what_the_holder_fetched(stores: list[Store]) -> None:
    holder, *others = stores
    async with holder.lease(FEED, LONG_S):
        waiting = [asyncio.create_task(other.newer(FEED, 1.0, 30)) for other in others * 5]
        await asyncio.sleep(A_MOMENT_S)
        await holder.put(FEED, Payload(b"new", 2.0), LONG_S)
        async with asyncio.timeout(GENEROUS_S):
            assert await asyncio.gather(*waiting) == [Payload(b"new", 2.0)] * 15


async def test_who_waits_is_told_that_the_holder_failed(stores: list[Store]) -> None:
    async with asyncio.timeout(GENEROUS_S):
        async with stores[0].lease(FEED, LONG_S):
            waiting = asyncio.create_task(stores[1].newer(FEED, 1.0, LONG_S))
            await asyncio.sleep(A_MOMENT_S)
        assert await waiting is None


async def test_who_waits_waits_no_longer_than_told(stores: list[Store]) -> None:
    async with stores[0].lease(FEED, LONG_S):
        assert await stores[1].newer(FEED, 0.0, within_s=0.01) is None


async def test_a_quota_is_one_for_all(stores: list[Store]) -> None:
    quota = Quota(calls=7, period_s=LONG_S)
    waits = await asyncio.gather(*(store.take("nantes/stops", quota) for store in stores * 5))
    assert waits.count(0.0) == 7
    assert all(LONG_S - 60 < wait <= LONG_S + 1 for wait in waits if wait)
    left = await stores[3].left("nantes/stops", quota)
    assert left.calls == 0
    assert LONG_S - 60 < left.resets_in_s <= LONG_S + 1
    assert await stores[2].take("nantes/pools", quota) == 0.0


async def test_a_quota_comes_back_when_it_said(stores: list[Store]) -> None:
    quota = Quota(calls=1, period_s=0.05)
    for store in stores:
        async with asyncio.timeout(GENEROUS_S):
            while wait := await store.take("nantes/stops", quota):
                assert wait <= 0.06
                await asyncio.sleep(wait)


async def test_a_source_that_says_429_is_left_alone_by_all(stores: list[Store]) -> None:
    quota = Quota(calls=7, period_s=60)
    await stores[0].exhaust("nantes/stops", LONG_S)
    assert LONG_S - 60 < await stores[1].take("nantes/stops", quota) <= LONG_S
    assert (await stores[2].left("nantes/stops", quota)).calls == 0


async def test_an_open_breaker_is_known_to_all(stores: list[Store]) -> None:
    assert await stores[1].tripped("nantes/stops") == 0.0
    await stores[0].trip("nantes/stops", 60)
    assert 30 < await stores[1].tripped("nantes/stops") <= 60


async def test_memory_is_bounded() -> None:
    store = Memory(max_bytes=100)
    for feed in "abc":
        await store.put(feed, Payload(b"x" * 40, 1.0), LONG_S)
    assert [await store.get(feed) is not None for feed in "abc"] == [False, True, True]
    await store.put("b", Payload(b"x" * 101, 2.0), LONG_S)
    assert await store.get("b") is None


async def test_a_shelf_keeps_what_was_used_last(stores: list[Store]) -> None:
    one, other = stores[:2]
    assert await one.shelve("tram-app", "a", None, 2) is None
    for name in "ab":
        assert await one.shelve("tram-app", name, f"é{name}", 2) == f"é{name}"
    assert await other.shelve("tram-app", "a", None, 2) == "éa"
    assert await other.shelve("bus-app", "a", None, 2) is None
    await other.shelve("tram-app", "c", "éc", 2)
    kept = [await one.shelve("tram-app", name, None, 2) for name in "abc"]
    assert kept == ["éa", None, "éc"]

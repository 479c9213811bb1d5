"""The store's clock is set back by an hour: nobody waits for it to be then again."""

from typing import Any

import pytest

from cities import Quota
from sources.shared_link import LIFE
from sources.shared_scripts import key
from tests.stores.test_shared_store import replica, two

pytestmark = pytest.mark.anyio

HOUR_S = 3_600
SOURCE, FEED = "nantes/departures", "Siri{stops}"
PER_MINUTE = Quota(calls=2, period_s=60)


def set_back(client: Any) -> None:
    """All that is there, as seen from then: what was noted and what ends is an hour later."""
    for name in client.keys("poche:*"):
        if client.pttl(name) > 0:
            client.pexpire(name, client.pttl(name) + HOUR_S * 1_000)
        if client.type(name) == b"zset":
            for one in client.zrange(name, 0, -1):
                client.zincrby(name, HOUR_S * 1_000_000, one)


async def test_earlier_calls_count_as_if_they_were_made_now(valkey: Any) -> None:
    async with two(valkey.url) as (one, other):
        assert [await one.take(SOURCE, PER_MINUTE) for _ in range(2)] == [0.0, 0.0]
        set_back(valkey.client)
        await one.beat()
        await other.beat()
        assert 0 < await other.take(SOURCE, PER_MINUTE) <= PER_MINUTE.period_s + 1
        assert (await one.left(SOURCE, PER_MINUTE)).resets_in_s <= PER_MINUTE.period_s + 1


async def test_a_source_is_closed_for_no_longer_than_it_said(valkey: Any) -> None:
    async with two(valkey.url) as (one, other):
        await one.exhaust(SOURCE, 30)
        set_back(valkey.client)
        assert 0 < await other.take(SOURCE, PER_MINUTE) <= 30


async def test_what_older_replicas_closed_stays_closed(valkey: Any) -> None:
    """Which did not say for how long, but for when it ends."""
    async with two(valkey.url) as (one, _):
        valkey.client.set(key("closed", SOURCE), "1", px=30_000)
        assert 5 < await one.take(SOURCE, PER_MINUTE) <= 30


async def test_leases_end(valkey: Any) -> None:
    """That of one that was killed; who is well gives it back."""
    async with two(valkey.url) as (one, other), one.lease(FEED, 30) as ours:
        assert ours
        set_back(valkey.client)
        async with other.lease(FEED, 30) as granted:
            assert granted


async def test_all_settle_as_soon(valkey: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.shared_link.SETTLE_S", 2.0)
    async with two(valkey.url) as (one, other):
        valkey.client.set(LIFE, "another")
        await one.beat()
        assert valkey.client.exists(key("settling"))
        set_back(valkey.client)
        await other.beat()
        assert 0 < await other.take(SOURCE, PER_MINUTE) <= 2.0


async def test_replicas_know_each_other(valkey: Any) -> None:
    """And no longer count one that was not heard since, nor do they lose each other."""
    async with two(valkey.url) as (one, other), replica(valkey.url):
        set_back(valkey.client)
        for store in (one, other, one):
            await store.beat()
        assert [one.replicas, other.replicas] == [2, 2]

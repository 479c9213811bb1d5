"""Shared rates: one budget for three replicas over a real Valkey, and three when it is away."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from waiting import GENEROUS_S

from server.manifests import digest
from sources.shared_store import Shared
from tests.conftest import serving

pytestmark = pytest.mark.anyio

SLOW = 0.001  # points a second: nothing comes back while a test runs
BURST = 10
TYPENAME = {"query": "{ __typename }"}


@pytest.fixture
async def replicas(valkey, replay, monkeypatch):
    """Three of them, which wait for the store however busy this machine is."""
    monkeypatch.setattr("server.rates.PATIENCE_S", GENEROUS_S)
    monkeypatch.setitem(Shared.__init__.__kwdefaults__, "patience_s", GENEROUS_S)
    async with AsyncExitStack() as stack:
        settings = {"store": valkey.url, "rate": SLOW, "burst": BURST}
        yield [
            await stack.enter_async_context(serving(httpx.MockTransport(replay), **settings))
            for _ in range(3)
        ]


async def statuses(replicas, times):
    calls = [one.client.post("/graphql", json=TYPENAME) for _ in range(times) for one in replicas]
    return [answer.status_code for answer in await asyncio.gather(*calls)]


async def test_three_replicas_grant_what_one_would(replicas):
    found = await statuses(replicas, 10)
    assert sorted(set(found)) == [200, 429]
    assert found.count(200) == BURST


async def test_where_the_store_is_away_each_counts_for_itself(replicas, valkey):
    valkey.kill()
    found = await statuses(replicas, 15)
    assert found.count(200) == 3 * BURST
    assert found.count(429) == 15


async def test_registered_documents_are_for_all_replicas(replicas):
    one, _, other = replicas
    text = "{ __typename }"
    hashed = {"version": 1, "sha256Hash": digest(text).removeprefix("sha256:")}
    body = {"extensions": {"persistedQuery": hashed}}
    await one.client.post("/graphql", json={**body, "query": text})
    answer = await other.client.post("/graphql", json=body)
    assert answer.json() == {"data": {"__typename": "Query"}}

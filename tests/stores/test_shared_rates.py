"""Shared rates: one budget for three replicas over a real Valkey, and three when it is away."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from waiting import GENEROUS_S

from server.manifests import digest
from sources.shared_link import Link
from tests.conftest import serving
from tests.front_door.talking import talking

pytestmark = pytest.mark.anyio

SLOW = 0.001  # points a second: nothing comes back while a test runs
BURST = 10
HOME_SCREEN = 28  # points
QUERIES = Path(__file__).parents[1] / "queries"
TYPENAME = {"query": "{ __typename }"}


@pytest.fixture
async def replicas(valkey, replay, monkeypatch):
    """Three of them, which wait for the store however busy this machine is."""
    monkeypatch.setattr("server.rates.PATIENCE_S", GENEROUS_S)
    monkeypatch.setitem(Link.__init__.__kwdefaults__, "patience_s", GENEROUS_S)
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


@pytest.fixture
async def talk(valkey, tmp_path, monkeypatch):
    """A replica behind our own web server, which begins to answer before there is a task for it."""
    monkeypatch.setattr("server.rates.PATIENCE_S", GENEROUS_S)
    monkeypatch.setitem(Link.__init__.__kwdefaults__, "patience_s", GENEROUS_S)
    settings = {"store": valkey.url, "rate": SLOW, "burst": HOME_SCREEN}
    async with talking(tmp_path, monkeypatch, **settings) as talk:
        yield talk


async def test_the_plainest_requests_are_counted_by_the_store(talk, valkey):
    body = json.dumps(TYPENAME).encode()
    tops = [(await talk.ask("POST", "/graphql", body))[0] for _ in range(HOME_SCREEN + 1)]
    found = [top.split()[1] for top in tops]
    assert found == [*[b"200"] * HOME_SCREEN, b"429"]
    assert valkey.client.keys("*poche:1:rate*")


async def test_the_plainest_requests_are_registered_in_the_store(talk, valkey):
    text = "{ __typename }"
    hashed = {"version": 1, "sha256Hash": digest(text).removeprefix("sha256:")}
    body = {"extensions": {"persistedQuery": hashed}}
    for asked in ({**body, "query": text}, body):
        _, answer = await talk.ask("POST", "/graphql", json.dumps(asked).encode())
        assert json.loads(answer) == {"data": {"__typename": "Query"}}
    assert valkey.client.keys("*poche:1:texts*")


async def test_the_plainest_requests_read_what_nobody_read_yet(talk, valkey):
    query = (QUERIES / "home_screen.graphql").read_text("utf-8")
    _, answer = await talk.ask("POST", "/graphql", json.dumps({"query": query}).encode())
    found, golden = (
        json.loads(answer),
        json.loads((QUERIES / "home_screen.json").read_text("utf-8")),
    )
    assert found["data"] == golden["data"]
    assert found.get("errors") == golden.get("errors")
    assert valkey.client.keys("*poche:1:feed*")


async def test_registered_documents_are_for_all_replicas(replicas):
    one, _, other = replicas
    text = "{ __typename }"
    hashed = {"version": 1, "sha256Hash": digest(text).removeprefix("sha256:")}
    body = {"extensions": {"persistedQuery": hashed}}
    await one.client.post("/graphql", json={**body, "query": text})
    answer = await other.client.post("/graphql", json=body)
    assert answer.json() == {"data": {"__typename": "Query"}}

"""Shared rates: one budget for three replicas over a real Valkey, and three when it is away."""

import asyncio
import json
import random
from contextlib import AsyncExitStack
from pathlib import Path
from unittest.mock import ANY

import httpx
import pytest
from waiting import GENEROUS_S

from server.manifests import digest
from server.rates import Standing, Windows
from server.shared_rates import SharedWindows, Spending
from sources.shared_link import Link
from tests.conftest import serving
from tests.front_door.talking import talking

pytestmark = pytest.mark.anyio

SLOW = 0.001  # points a second: nothing comes back while a test runs
BURST = 10
HOME_SCREEN = 28  # points
QUERIES = Path(__file__).parents[1] / "queries"
AGE_S = 1_000_000_000  # of a window: it does not end while a test runs
TYPENAME = {"query": "{ __typename }"}


@pytest.fixture
async def replicas(valkey, replay, monkeypatch):
    """Three of them, which wait for the store however busy this machine is."""
    monkeypatch.setattr("server.shared_rates.PATIENCE_S", GENEROUS_S)
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
async def windows(valkey, monkeypatch):
    monkeypatch.setattr("server.shared_rates.PATIENCE_S", GENEROUS_S)
    windows = SharedWindows(valkey.url)
    yield windows
    await windows.close()


def spending(account, burst, window_s, points):
    return Spending(account, burst, window_s, points, asyncio.get_running_loop().create_future())


async def test_the_store_counts_as_one_replica_does_alone(windows, monkeypatch):
    """Over several windows, at any moment of them: granted, left, and when there is more."""
    draw, now = random.Random(7), [1_000_000.0]
    monkeypatch.setattr("server.rates.time", lambda: now[0])
    burst, window_s = 50, 10
    alone, granted = Windows(), 0
    for _ in range(500):
        points = draw.choice([0, *range(1, 21)])
        [counted] = await windows.spent([spending("someone", burst, window_s, points)], now[0])
        given, standing = alone.count(burst, window_s, "someone", points)
        assert (given, standing) == (counted[0], Standing(burst, window_s, *counted[1:]))
        granted += given
        now[0] += draw.choice([0, 0.5, 3, 12, 31]) * draw.random()
        if draw.random() < 0.2:  # on the dot, where one window ends and the next begins
            now[0] = now[0] // window_s * window_s + window_s
    assert 0 < granted < 500


async def test_one_trip_counts_for_all_that_came_in_the_meantime(windows, valkey):
    asked = [windows.count(BURST, AGE_S, f"account {n % 5}", 1) for n in range(100)]
    found = await asyncio.gather(*asked)

    granted = [n % 5 for n, (given, *_) in enumerate(found) if given]
    assert sorted(granted) == sorted(list(range(5)) * BURST)
    trips = valkey.client.info("commandstats")["cmdstat_evalsha"]["calls"]
    assert trips <= 3  # of which one finds that the store has not seen the script yet


async def test_what_is_no_count_is_none(windows, valkey):
    assert await windows.count(BURST, AGE_S, "someone", 4) == (True, BURST - 4, ANY)
    [name] = valkey.client.keys("*poche:1:rate*")
    for nonsense in ({"window": "x", "before": "-", "spent": "many"}, {"spent": "7"}):
        valkey.client.delete(name)
        valkey.client.hset(name, mapping=nonsense)
        assert await windows.count(BURST, AGE_S, "someone", 1) == (True, BURST - 1, ANY)
    valkey.client.set(name, "of another version")
    assert await windows.count(BURST, AGE_S, "someone", 1) == (True, BURST - 1, ANY)
    assert 0 < valkey.client.ttl(name) <= 2 * AGE_S


async def test_nobody_waits_longer_for_a_store_that_is_stuck_than_the_first(valkey, monkeypatch):
    windows = SharedWindows(valkey.url)
    assert (await windows.count(BURST, AGE_S, "someone", 1))[0]
    trips, begun, stuck = [], asyncio.Event(), asyncio.Event()

    async def frozen(going):
        trips.append(len(going))
        begun.set()
        await stuck.wait()
        raise ValueError("nonsense")

    monkeypatch.setattr(windows, "spent", frozen)
    asked = [asyncio.create_task(windows.count(BURST, AGE_S, f"{n}", 1)) for n in range(9)]
    await begun.wait()
    asked += [asyncio.create_task(windows.count(BURST, AGE_S, f"{n}", 1)) for n in range(9)]
    await asyncio.sleep(0)
    asked[0].cancel()
    stuck.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in found] == [asyncio.CancelledError] + [ConnectionError] * 17
    assert trips == [9]
    monkeypatch.undo()
    assert (await windows.count(BURST, AGE_S, "someone", 1))[1] == BURST - 2
    await windows.close()


@pytest.fixture
async def talk(valkey, tmp_path, monkeypatch):
    """A replica behind our own web server, which begins to answer before there is a task for it."""
    monkeypatch.setattr("server.shared_rates.PATIENCE_S", GENEROUS_S)
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

"""Replicas: they come, go and die while people ask, and nobody loses more than was to be lost."""

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any

import httpx
import pytest
from people import AT_ONCE, People, people
from small_city import PEPPER, TTL_S, run
from websockets.asyncio.client import ClientConnection, connect

from server.clients import hashed
from sources.cache import EARLY
from tests.faults.town import Outside

pytestmark = pytest.mark.anyio

KEY = "poche_cluster"
GIVE_UP_S = 60
SOON_S = 5  # what is promised of a change
SOURCES = {"parkings", "pools"}  # what people ask for


@asynccontextmanager
async def asking(cluster: run.Cluster, world: Outside, apart: int = 1) -> AsyncIterator[People]:
    """People ask all the while, and meanwhile each source is read, once per time to live.

    Counted at the sandbox, however many replicas there are; so many of them may be `apart`.
    """
    world.forget()
    began = time.monotonic()
    async with people(cluster.url) as crowd:
        yield crowd
        async with asyncio.timeout(GIVE_UP_S):
            while not world.calls().keys() >= SOURCES:
                await crowd.answered(AT_ONCE)
    took_s = time.monotonic() - began
    most = apart * (ceil(took_s / (TTL_S * EARLY[0])) + 1)
    assert max(world.calls().values()) <= most, (world.calls(), took_s)


async def test_a_rolling_restart_loses_no_request(cluster, world):
    async with asking(cluster, world) as crowd:
        await asyncio.to_thread(cluster.restart)
        await crowd.answered(4 * AT_ONCE)

    assert crowd.failures == {}


async def test_a_replica_that_is_killed_loses_what_it_held(cluster, world):
    victim = cluster.replicas[0]
    async with asking(cluster, world) as crowd:
        victim.process.end(signal.SIGKILL)
        await crowd.answered(20 * AT_ONCE)
        assert sum(crowd.failures.values()) <= AT_ONCE
        victim.process.start()
        lost = crowd.failures
        await asyncio.to_thread(cluster.settle)
        await crowd.answered(4 * AT_ONCE)

    assert crowd.failures == lost


async def test_a_store_that_is_restarted_loses_nothing(cluster, world):
    """Nobody's request, and not what it was told: a document that was registered is known."""
    text = "query Registered { pools { totalCount } }"
    digest = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
    assert "errors" not in ask(cluster.url, query=text, extensions=digest)

    async with asking(cluster, world, apart=len(cluster.replicas)) as crowd:
        cluster.keeper.end()
        await crowd.answered(4 * AT_ONCE)
        cluster.keeper.start()
        await crowd.answered(4 * AT_ONCE)
        async with asyncio.timeout(GIVE_UP_S):
            for one in cluster.replicas:
                await answered(one, json={"extensions": digest})
    async with asking(cluster, world) as later:
        await later.answered(4 * AT_ONCE)

    assert crowd.failures == later.failures == {}


async def test_documents_and_keys_are_known_to_all_within_five_seconds(cluster):
    """And are unknown to all as soon when they are taken away."""
    clients, document = cluster.folder / "clients.toml", cluster.folder / "documents" / "new.json"
    question = {"json": {"documentId": "new"}, "headers": {"Authorization": f"Bearer {KEY}"}}
    client = f'[new]\nkeys = ["{hashed(KEY, PEPPER)}"]\n'
    listed = json.dumps({"new": "{ pools { totalCount } }"})

    for keys, documents, known in (
        (client, listed, True),
        ("", listed, False),
        (client, listed, True),
        (client, "{}", False),
    ):
        clients.write_text(keys)
        document.write_text(documents)
        async with asyncio.timeout(SOON_S):
            for one in cluster.replicas:
                await answered(one, known, **question)


async def answered(replica: run.Replica, well: bool = True, **question: Any) -> None:
    """Ask until it is answered well, or is not."""
    async with httpx.AsyncClient(base_url=replica.url, timeout=30) as client:
        while True:
            answer = (await client.post("/graphql", **question)).json()
            if ("errors" not in answer) is well:
                return


SUBSCRIPTION = """subscription News($id: ID!) {
  nodes(ids: [$id]) { id node { ... on VehicleParking { name updatedAt } } } }"""


async def test_who_subscribes_survives_the_replica(cluster, world):
    """Told to go, a client comes again, has what there is now, and is told what changes."""
    page = ask(cluster.url, query="{ parkings(first: 1) { nodes { id name } } }")
    [parking] = page["data"]["parkings"]["nodes"]

    async with subscribed(cluster.url, parking["id"]) as socket_gone:
        first = await news(socket_gone)
        [holder] = [one for one in cluster.replicas if subscribers(one.url)]
        stopping = asyncio.create_task(asyncio.to_thread(holder.process.end))
        async with asyncio.timeout(GIVE_UP_S):
            await socket_gone.wait_closed()
    set_clock(world, (datetime.now(UTC) + timedelta(minutes=10)).isoformat())
    async with subscribed(cluster.url, parking["id"]) as socket:
        again = await news(socket)
        assert not subscribers(holder.url)
        latest = again
        while latest["updatedAt"] == first["updatedAt"]:
            latest = await news(socket)
    set_clock(world, "real")
    await stopping
    holder.process.start()
    await asyncio.to_thread(cluster.settle)

    assert socket_gone.close_code == 1001  # going away: libraries then connect again
    assert first["name"] == again["name"] == latest["name"] == parking["name"]


def ask(url: str, **question: Any) -> dict[str, Any]:
    return httpx.post(f"{url}/graphql", json=question, timeout=30).json()


def set_clock(world: Outside, instant: str) -> None:
    httpx.put(f"{world.url}/_control/clock", content=instant).raise_for_status()


def subscribers(url: str) -> float:
    """How many listen to a replica; none if it has gone."""
    try:
        found = httpx.get(f"{url}/metrics", timeout=30).text
    except httpx.TransportError:
        return 0.0
    return float(re.search(r"^poche_subscribers (.*)$", found, re.MULTILINE)[1])


@asynccontextmanager
async def subscribed(url: str, node: str) -> AsyncIterator[ClientConnection]:
    address = url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": SUBSCRIPTION, "variables": {"id": node}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        yield socket


async def news(socket: ClientConnection) -> dict[str, Any]:
    """The next answer; TimeoutError."""
    async with asyncio.timeout(GIVE_UP_S):
        message = json.loads(await socket.recv())
    assert message["type"] == "next", message
    [update] = message["payload"]["data"]["nodes"]
    return update["node"]

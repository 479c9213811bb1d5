"""Alerts as they come: one is raised, and who listens to its line hears of it, in each way."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from schema.nodes import node_id
from tests.conftest import RECORDINGS
from tests.live.online import Online
from tests.live.test_streams import APOLLO, SSE, events, parts

pytestmark = pytest.mark.anyio
TRAM_1 = node_id("Route", "nantes", "FR_NAOLIB:Line:1")
ALERTS = "subscription ($routes: [ID!]!) { alerts(routes: $routes) { header status } }"
MARCH = {"header": "Manifestation au centre-ville", "status": "ACTIVE"}
RAISED = {
    "code": "999999",
    "intitule": "Arbre sur la voie",
    "resume": "Le tram 1 est interrompu.",
    "date_debut": "2026-11-24",
    "heure_debut": "10:06",
    "date_fin": "2026-11-24",
    "heure_fin": "20:00",
    "perturbation_terminee": 0,
    "troncons": "[1/-/-/-]",
}
TREE = {"header": "Arbre sur la voie", "status": "ACTIVE"}
ELSEWHERE = RAISED | {"troncons": "[C20/-/-/-]"}


async def raised(city: Online, alert: dict[str, Any]) -> None:
    """The city says one thing more; somebody's request has it read behind."""
    known = json.loads(gzip.decompress((RECORDINGS / "nantes/alerts-1.json.gz").read_bytes()))
    body = json.dumps([*known, alert]).encode()
    city.replay.broken["alerts"] = lambda _: httpx.Response(200, content=body)
    city.clock.advance(130)  # beyond its ttl
    await city.ask("{ alerts { totalCount } }")


@asynccontextmanager
async def websocket(city: Online) -> AsyncIterator[AsyncIterator[Any]]:
    async with city.greeted() as socket:
        await socket.subscribe("1", ALERTS, routes=[TRAM_1])

        async def answers() -> AsyncIterator[Any]:
            while True:
                yield await socket.next("1")

        yield answers()


@asynccontextmanager
async def server_sent_events(city: Online) -> AsyncIterator[AsyncIterator[Any]]:
    async with city.stream(SSE, ALERTS, routes=[TRAM_1]) as response:
        yield (answer async for _, answer in events(response))


@asynccontextmanager
async def multipart(city: Online) -> AsyncIterator[AsyncIterator[Any]]:
    async with city.stream(APOLLO, ALERTS, routes=[TRAM_1]) as response:
        yield (part["payload"] async for part in parts(response))


@pytest.mark.parametrize("way", [websocket, server_sent_events, multipart])
async def test_an_alert_that_is_raised_arrives(way: Any, city: Online) -> None:
    async with way(city) as answers:
        assert (await anext(answers))["data"] == {"alerts": [MARCH]}
        await raised(city, RAISED)
        told = (await anext(answers))["data"]["alerts"]
    assert sorted(one["header"] for one in told) == [TREE["header"], MARCH["header"]]
    assert {one["status"] for one in told} == {"ACTIVE"}


async def test_what_disturbs_another_line_is_no_news(city: Online) -> None:
    async with websocket(city) as answers:
        await anext(answers)
        await raised(city, ELSEWHERE)
        await raised(city, RAISED)
        told = (await anext(answers))["data"]["alerts"]
    assert TREE in told
    assert city.replay.calls["alerts"] == 3


async def test_one_read_serves_all_who_listen(city: Online) -> None:
    async with websocket(city) as one, server_sent_events(city) as two, multipart(city) as three:
        for answers in (one, two, three):
            await anext(answers)
        await raised(city, RAISED)
        told = [(await anext(answers))["data"] for answers in (one, two, three)]
    assert told[0] == told[1] == told[2]
    assert city.replay.calls["alerts"] == 2

"""Queries over WebSocket: what is no subscription is answered once, as over plain HTTP."""

import re

import httpx
import pytest

from tests.conftest import failing

pytestmark = pytest.mark.anyio

HELLO = '{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { name } }'


async def origins(city):
    """Where answers came from, and how many."""
    async with httpx.AsyncClient(base_url=city.url) as client:
        text = (await client.get("/metrics")).text
    return dict(re.findall(r'poche_answers_total{origin="(\w+)"} (.*)', text))


async def test_queries_are_answered_once(city):
    async with city.greeted() as socket:
        await socket.subscribe("q", HELLO)

        assert (await socket.next("q"))["data"] == {"stop": {"name": "Commerce"}}
        assert await socket.hear() == {"id": "q", "type": "complete"}


async def test_what_was_asked_by_post_is_not_executed_again(city):
    posted = await city.ask(HELLO)
    city.clock.advance(3)
    async with city.greeted() as socket:
        await socket.say(id="q", type="subscribe", payload={"query": HELLO})
        told = await socket.next("q")

    [before], [after] = (one["extensions"].pop("sources") for one in (posted, told))
    assert told == posted
    assert after == {**before, "ageS": before["ageS"] + 3}
    assert await origins(city) == {"execution": "1.0", "memory": "1.0"}


async def test_nor_the_other_way_round_or_by_two_sockets(city):
    for _ in range(2):
        async with city.greeted() as socket:
            await socket.say(id="q", type="subscribe", payload={"query": HELLO})
            assert "errors" not in await socket.next("q")
    await city.ask(HELLO)

    assert await origins(city) == {"execution": "1.0", "memory": "2.0"}


async def test_what_failed_is_executed_again(city, replay):
    replay.broken["pools"] = failing
    async with city.greeted() as socket:
        for name in ("1", "2"):
            payload = {"query": "{ pools { totalCount } }"}
            await socket.say(id=name, type="subscribe", payload=payload)
            answer = await socket.next(name)
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert await socket.hear() == {"id": name, "type": "complete"}

    assert await origins(city) == {"execution": "2.0"}

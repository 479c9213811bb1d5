"""Server-sent events (graphql-sse) and Apollo's multipart: frames, heartbeats, ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server import streams
from tests.live.online import GENEROUS_S, running, until

pytestmark = pytest.mark.anyio
SSE = "text/event-stream"
APOLLO = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
HELLO = '{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { name } }'
COMMERCE = {"data": {"stop": {"name": "Commerce"}}}


async def frames(response: httpx.Response) -> AsyncIterator[str]:
    """What comes between two ends of a frame, as a client's library would take it apart."""
    end = "\n\n" if "event-stream" in response.headers["content-type"] else "\r\n--graphql"
    text = ""
    async with asyncio.timeout(GENEROUS_S):
        async for part in response.aiter_text():
            text += part
            *whole, text = text.split(end)
            for frame in whole:
                yield frame
        if text:
            yield text


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    """Server-sent events; comments are left out."""
    async for frame in frames(response):
        if frame != ":":
            event, data = frame.split("\n")
            text = data.removeprefix("data:").strip()
            yield event.removeprefix("event: "), json.loads(text) if text else None


async def parts(response: httpx.Response) -> AsyncIterator[Any]:
    """The JSON of each part; the last is the string that ends them all."""
    async for frame in frames(response):
        head, _, body = frame.partition("\r\n\r\n")
        if body:
            assert head == "\r\nContent-Type: application/json"
            yield json.loads(body)
        elif head:
            yield head


async def test_events_from_first_to_last(city):
    async with city.stream(SSE) as response:
        heard = events(response)
        first = await anext(heard)
        await city.news("04")
        second = await anext(heard)
        city.server.should_exit = True
        rest = [event async for event in heard]

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "content-encoding" not in response.headers
    assert [first[0], second[0]] == ["next", "next"]
    assert second[1]["data"]["departures"][0]["updatedAt"] == "2026-11-24T10:04:00+01:00"
    assert rest == [("complete", None)]


async def test_parts_from_first_to_last(city):
    async with city.stream(APOLLO) as response:
        heard = parts(response)
        first = await anext(heard)
        await city.news("04")
        second = await anext(heard)
        city.server.should_exit = True
        rest = [part async for part in heard]

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("multipart/mixed")
    assert "content-encoding" not in response.headers
    assert len(first["payload"]["data"]["departures"]) == 3
    assert second["payload"]["data"]["departures"][0]["updatedAt"] == "2026-11-24T10:04:00+01:00"
    assert rest == ["--\r\n"]


@pytest.mark.parametrize("query", ["subscription {", "{ nothing }"])
async def test_what_never_executes_is_an_event(city, query):
    async with city.stream(SSE, query) as response:
        [(first, body), last] = [event async for event in events(response)]

    assert response.status_code == 200
    assert (first, last) == ("next", ("complete", None))
    assert body["errors"]
    assert "data" not in body


async def test_wrong_variables_are_an_event(city):
    async with city.stream(SSE, stop=None) as response:
        [(_, body), last] = [event async for event in events(response)]

    assert body["errors"][0]["extensions"]["argumentPath"] == ["$stop"]
    assert last == ("complete", None)
    await city.quiet()


async def test_a_query_is_one_event(city):
    async with city.stream(SSE, HELLO) as response:
        [(_, body), last] = [event async for event in events(response)]

    assert body["data"] == COMMERCE["data"]
    assert last == ("complete", None)


async def test_events_by_get(city):
    """As a browser's EventSource asks."""
    async with httpx.AsyncClient(base_url=city.url) as client:
        answer = await client.get("/graphql", params={"query": HELLO}, headers={"accept": SSE})

    assert answer.text.startswith(':\n\nevent: next\ndata: {"data":')
    assert answer.text.endswith("event: complete\ndata:\n\n")


@pytest.mark.parametrize("accept", [APOLLO, f"application/json, {SSE}", "*/*"])
async def test_who_takes_json_gets_queries_as_json(city, accept):
    async with city.stream(accept, HELLO) as response:
        await response.aread()

    assert response.json()["data"] == COMMERCE["data"]


@pytest.mark.parametrize(
    "accept",
    ["application/json", "*/*", "multipart/mixed", "multipart/mixed;deferSpec=20220824, */*"],
)
async def test_no_subscription_without_a_stream(city, accept):
    async with city.stream(accept) as response:
        assert response.status_code == 406


@pytest.mark.parametrize(("accept", "beat"), [(SSE, ":"), (APOLLO, {})])
async def test_hearts_beat_while_nothing_happens(city, monkeypatch, accept, beat):
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.001)
    async with city.stream(accept) as response:
        heard = frames(response) if accept == SSE else parts(response)
        async for frame in heard:
            if frame != beat:
                continue
            break
        assert await anext(heard) == beat


@pytest.mark.parametrize("accept", [SSE, APOLLO])
async def test_who_goes_away_leaves_nothing_behind(city, accept):
    before = asyncio.all_tasks()
    async with city.stream(accept) as response:
        await anext(frames(response))
        await until(lambda: city.live.counts == {"clients": 1, "questions": 1, "listeners": 1})
    await city.quiet()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_so_many_clients_and_no_more(replay, clock):
    async with (
        running(replay, clock, live_clients=1) as city,
        city.stream(SSE) as first,
        city.stream(SSE) as second,
    ):
        assert first.status_code == 200
        assert second.status_code == 503
        assert second.headers["retry-after"]

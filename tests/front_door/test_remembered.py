"""Answers that are remembered: which are, for how long, and which never."""

import json
import re

import pytest

from tests.conftest import down, failing
from tests.front_door.asking import (
    AGES,
    BIKES,
    NAMED,
    PARKINGS,
    POOLS,
    SCHOOLS,
    counts,
    get,
    settled,
)

pytestmark = pytest.mark.anyio


# What is remembered


async def test_an_answer_is_executed_once_for_as_long_as_it_holds(serve, executions):
    async with serve() as server:
        answers = [await get(server, BIKES)]
        for seconds in (0, 0.5, 1, 20, 30):
            server.clock.advance(seconds)
            answers.append(await get(server, BIKES))
        assert executions == [BIKES]
        server.clock.advance(10)  # its source is due now
        await get(server, BIKES)

    assert executions == [BIKES, BIKES]
    assert len({answer.content for answer in answers}) == 1
    ages = [re.search(r"max-age=(\d+)", one.headers["cache-control"])[1] for one in answers]
    assert ages == ["60", "60", "59", "58", "38", "8"]


async def test_an_answer_to_a_post_tells_ages_as_they_are(serve, executions):
    async with serve() as server:
        told = []
        for _ in range(3):
            [source] = (await server.ask(BIKES))["extensions"]["sources"]
            told.append(source["ageS"])
            server.clock.advance(7)

    assert told == [0, 7, 14]
    assert executions == [BIKES]


async def test_each_request_has_an_id_and_is_counted_and_charged(serve):
    async with serve(rate=0.01, burst=3) as server:  # a busy machine's seconds give nothing back
        answers = [await server.post("{ __typename }") for _ in range(4)]
        found = await counts(server)
        usage = (await server.client.get("/metrics")).text

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["ratelimit"].partition(";t")[0] for one in answers[:3]] == [
        f'"cost";r={left}' for left in (2, 1, 0)
    ]
    assert len({one.headers["x-request-id"] for one in answers}) == 4
    assert found == {"execution": 1, "finished": 2}
    assert re.search(r'poche_requests_total{.*outcome="OK"} 3.0', usage)
    assert re.search(r'poche_requests_total{.*outcome="RATE_LIMITED"} 1.0', usage)


async def test_what_is_spelled_otherwise_is_the_same_question(serve, executions):
    async with serve() as server:
        for variables in ('{"name":"l"}', '{ "name" : "l" }'):
            await get(server, NAMED, variables=variables)
        await server.post(NAMED, {"name": "l"})
        await get(server, NAMED, {"Accept": "application/json"}, variables='{"name":"l"}')
        assert len(executions) == 1
        assert (await counts(server))["memory"] == 3
        await server.post(NAMED, {"name": "m"})

    assert len(executions) == 2


async def test_a_query_as_an_event_is_the_same_question_too(serve, executions):
    events = {"Accept": "text/event-stream"}
    async with serve() as server:
        posted = await server.post(BIKES)
        server.clock.advance(7)
        told = await server.client.post("/graphql", json={"query": BIKES}, headers=events)

    [_, event, _] = [
        json.loads(data or "null") for data in re.findall("data: ?(.*)", "data:\n" + told.text)
    ]
    assert executions == [BIKES]
    assert event["data"] == posted.json()["data"]
    assert event["extensions"]["sources"][0]["ageS"] == 7


async def test_it_can_be_switched_off(serve, executions):
    async with serve(remember_bytes=0) as server:
        first, second = await get(server, BIKES), await get(server, BIKES)

    assert executions == [BIKES, BIKES]
    assert first.content == second.content


# What is not


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        (AGES, {}),  # of this very moment
        (BIKES, {"X-Poche-Explain": "sources"}),
    ],
)
async def test_what_is_of_one_moment_is_executed_each_time(serve, executions, query, headers):
    async with serve() as server:
        for _ in range(2):
            assert "errors" not in (await get(server, query, headers)).json()

    assert executions == [query, query]


async def test_errors_are_never_remembered(serve, replay, executions):
    replay.broken["schools"] = down
    async with serve() as server:
        for _ in range(2):
            answer = await get(server, SCHOOLS)
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert answer.headers["cache-control"] == "no-store"
        del replay.broken["schools"]
        server.clock.advance(60)
        assert "errors" not in (await get(server, SCHOOLS)).json()

    assert len(executions) == 3


async def test_a_source_that_fails_and_recovers_changes_the_answer(serve, replay):
    def state(answer):
        return answer.json()["extensions"]["sources"][0]["state"]

    async with serve() as server:
        fresh = await get(server, PARKINGS)
        replay.broken["parkings"] = failing
        server.clock.advance(130)
        stale = await get(server, PARKINGS)  # and it is asked again behind
        await settled()
        again = await get(server, PARKINGS)
        del replay.broken["parkings"]
        server.clock.advance(60)
        await get(server, PARKINGS)  # that reads it, behind
        await settled()
        last = await get(server, PARKINGS)

    assert [state(one) for one in (fresh, stale, again, last)] == ["LIVE", "STALE", "STALE", "LIVE"]
    assert stale.json()["data"] == fresh.json()["data"]
    assert replay.calls["parkings"] == 3  # one, one in vain, one


async def test_a_flood_of_questions_takes_nothing_from_those_of_everybody(serve, executions):
    async with serve(remember_bytes=64_000) as server:
        for _ in range(2):
            await server.post(POOLS)
        for number in range(50):
            await server.post(NAMED, {"name": f"nobody {number}"})
        server.clock.advance(1)
        executions.clear()
        await server.post(POOLS)
        remembered = (await server.client.get("/metrics")).text
        assert executions == []
        for number in range(50, 53):  # what is asked twice has its place
            for _ in range(3):
                await server.post(NAMED, {"name": f"many {number}"})
                server.clock.advance(1)

    assert len(executions) == 6
    [held] = re.findall(r"^poche_remembered_bytes (.*)", remembered, re.MULTILINE)
    assert 0 < float(held) <= 32_000

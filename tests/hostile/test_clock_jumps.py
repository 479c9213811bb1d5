"""Clocks that are put forward or set back by an hour: all is answered, and no age is below 0."""

import re
from itertools import count

import httpx
import pytest

import cities
from tests.conftest import Clock, down, failing, serving
from tests.front_door.asking import get, settled
from tests.front_door.test_rates import SLOW, TYPENAME

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_timetables")]

HOUR = 3_600
QUERY = """{
  pools(first: 2) { nodes { name openNow } }
  bikes(first: 2) { nodes { name availableSpaces } }
  departures: stop(gtfsId: "FR_NAOLIB:StopPlace:20") { departures(first: 1) { expectedAt } }
}"""
BIKES = "{ bikes(first: 1) { nodes { name } } }"
SOURCES = "{ sources { id state ageS } }"


@pytest.fixture
def serve(replay):
    """An application whose seconds pass one by one, whatever its clock shows."""
    seconds = count()

    def started(**settings):
        transport = httpx.MockTransport(replay)
        return serving(transport, Clock(), lambda: float(next(seconds)), **settings)

    return started


@pytest.mark.parametrize(
    "jumps", [(HOUR,), (-HOUR,), (HOUR, -HOUR), (-HOUR, HOUR), (-30 * 24 * HOUR,)], ids=str
)
async def test_all_is_answered_and_read_again(serve, replay, jumps):
    async with serve() as server:
        await server.ask(QUERY)
        once = replay.calls["bikes"]
        for jump in jumps:
            server.clock.advance(jump)
            asked = replay.calls["bikes"]
            for _ in range(2):  # once as it was held, if it was; once as it is
                answer = await server.ask(QUERY)
                assert "errors" not in answer, answer["errors"]
                assert all(answer["data"].values())
                told = answer["extensions"]["sources"]
                assert all(one["ageS"] is None or one["ageS"] >= 0 for one in told)
                await settled()
            assert replay.calls["bikes"] == asked + once
        states = {one["id"]: one for one in (await server.ask(SOURCES))["data"]["sources"]}
        assert states["nantes/bikes"] == {"id": "nantes/bikes", "state": "LIVE", "ageS": 0}


async def test_nobody_is_told_to_keep_an_answer_for_longer_than_ever(serve):
    ttl_s = cities.load()["nantes"].bindings["bikes"].ttl_s
    async with serve() as server:
        for jump in (0, -HOUR):
            server.clock.advance(jump)
            control = (await get(server, BIKES)).headers["cache-control"]
            assert int(re.search(r"max-age=(\d+)", control)[1]) <= ttl_s


async def test_a_failure_of_the_future_is_not_waited_for(serve, replay):
    replay.broken["bikes"] = down
    async with serve() as server:
        assert (await server.ask(BIKES))["data"]["bikes"] is None
        server.clock.advance(-HOUR)
        replay.broken.clear()
        assert (await server.ask(BIKES))["data"]["bikes"]["nodes"]


async def test_a_breaker_goes_by_seconds_and_not_by_the_clock(replay):
    seconds = 0.0
    replay.broken["addresses"] = failing
    transport = httpx.MockTransport(replay)
    async with serving(transport, Clock(), lambda: seconds) as server:

        async def looked_up(name):
            await server.ask(f'{{ addresses(text: "{name}") {{ label }} }}')
            return replay.calls["addresses"]

        calls = [await looked_up(f"rue {n}") for n in range(30)]
        assert calls[-1] == calls[-2]  # it is open
        for jump in (HOUR, -2 * HOUR):
            server.clock.advance(jump)
            assert await looked_up(f"quai {jump}") == calls[-1]
        replay.broken.clear()
        seconds = 6.0
        assert await looked_up("rue Crébillon") == calls[-1] + 1


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_who_spent_all_is_not_locked_out(serve, monkeypatch, jump):
    at = 1_800_000_000.0
    monkeypatch.setattr("server.rates.time", lambda: at)
    async with serve(rate=SLOW, burst=2) as server:

        async def asked():
            return await server.client.post("/graphql", json=TYPENAME)

        assert [(await asked()).status_code for _ in range(3)] == [200, 200, 429]
        at += 2 * jump  # windows are half an hour long
        answer = await asked()
        assert answer.status_code == 200
        assert re.fullmatch(r'"cost";r=1;t=\d+', answer.headers["ratelimit"])

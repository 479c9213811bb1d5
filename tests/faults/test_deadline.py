"""Time: nobody waits beyond the deadline, and not that long where something else can be shown.

All in the seconds of a clock that leaps (`tests/leaping.py`): what is awaited takes
exactly the time that it says, and what is worked out takes none. So an answer that
comes at its deadline has waited for nothing after it.
"""

import asyncio

import httpx
import pytest

import cities
from tests.conftest import HERE, Clock, Replay, serving
from tests.leaping import LeapingLoop, goes_by

pytestmark = pytest.mark.anyio

DEADLINE_S = 4.5  # twice that is less than any time-out
GRACE_S = 2.0  # of every source, if its city file does not say otherwise
MARGIN_S = 0.05
HOME = (HERE / "queries" / "home_screen.graphql").read_text()
TRAMS = """{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { departures(first: 5) {
  scheduledAt expectedAt realtime realtimeState } } }"""
PATTERNS = '{ route(gtfsId: "FR_NAOLIB:Line:1") { patterns { code } } }'
BIKES = "{ bikes(first: 1) { nodes { name } } }"
NAMES = "{ sources { id state ageS lastError waitingSince } }"


class Upstreams(httpx.AsyncBaseTransport):
    """The recordings; those that hang answer when they are told to, by `free`."""

    def __init__(self) -> None:
        self.replay = Replay()
        self.hanging: set[str] = set()
        self.free = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        table = request.extensions["binding"].table
        if self.hanging & {table, "*"}:
            await self.free.wait()
        return self.replay(request)


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": LeapingLoop}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def upstreams():
    return Upstreams()


@pytest.fixture
async def server(upstreams, clock):
    async with serving(upstreams, clock, deadline_s=DEADLINE_S) as server:
        yield server


async def timed(server, query):
    """The answer, and how many seconds it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await server.ask(query)
    return answer, loop.time() - began


async def source(server, name):
    found = (await server.ask(NAMES))["data"]["sources"]
    return next(one for one in found if one["id"] == f"nantes/{name}")


@pytest.mark.parametrize("hanging", ["*", "stops", "pools", "pools.hours", "schools", "menus"])
async def test_an_answer_comes_at_its_deadline(hanging, server, upstreams):
    upstreams.hanging = {hanging}
    for _ in range(2):  # who comes later, while that read hangs, has a deadline of their own
        answer, took_s = await timed(server, HOME)

        assert {error["extensions"]["code"] for error in answer["errors"]} == {"DEADLINE"}
        assert DEADLINE_S - MARGIN_S <= took_s <= DEADLINE_S + MARGIN_S
        some = any(value is not None for value in answer["data"].values())
        assert some is (hanging != "*")


async def test_nothing_is_waited_for_that_is_there(server, upstreams):
    await server.ask(HOME)
    upstreams.hanging = {"*"}
    answer, took_s = await timed(server, HOME)
    assert "errors" not in answer
    assert took_s == 0


async def test_a_timetable_stands_in_for_real_time_that_hangs(server, upstreams):
    assert "errors" not in await server.ask(PATTERNS)
    upstreams.hanging = {"departures"}
    answer, took_s = await timed(server, TRAMS)

    assert "errors" not in answer
    assert took_s == pytest.approx(GRACE_S)
    told = answer["data"]["stop"]["departures"]
    assert len(told) == 5
    assert {(one["realtime"], one["realtimeState"]) for one in told} == {(False, "SCHEDULED")}
    aside = {one["id"]: one["state"] for one in answer["extensions"]["sources"]}
    assert (aside["nantes/departures"], aside["nantes/stops.timetable"]) == ("DOWN", "LIVE")

    again, took_s = await timed(server, TRAMS)  # that read has had its grace
    assert took_s == 0
    assert again["data"] == answer["data"]

    upstreams.free.set()
    await goes_by(1)
    answer, took_s = await timed(server, TRAMS)
    assert took_s == 0
    assert any(one["realtime"] for one in answer["data"]["stop"]["departures"])


async def test_what_was_read_stands_in_for_what_hangs(server, upstreams, clock):
    before = await server.ask(BIKES)
    clock.advance(10 * 60)  # older than what is shown without asking, which is 6 min
    upstreams.hanging = {"bikes"}
    answer, took_s = await timed(server, BIKES)

    assert took_s == pytest.approx(GRACE_S)
    assert "errors" not in answer
    assert answer["data"] == before["data"]
    [aside] = answer["extensions"]["sources"]
    assert (aside["state"], aside["ageS"]) == ("STALE", 600)
    assert (await source(server, "bikes"))["lastError"] == "no answer yet"


async def test_a_grace_is_of_its_source(upstreams, clock, tmp_path):
    text = (cities.HERE / "nantes.toml").read_text("utf-8")
    (tmp_path / "nantes.toml").write_text(
        text.replace("[departures]\n", '[departures]\ngrace = "0.5s"\n'), "utf-8"
    )
    async with serving(upstreams, clock, cities=tmp_path) as server:
        assert "errors" not in await server.ask(PATTERNS)
        upstreams.hanging = {"departures"}
        _, took_s = await timed(server, TRAMS)
    assert took_s == pytest.approx(0.5)


async def test_little_time_is_shared(upstreams, clock):
    """Of what is left at most half goes by in a grace."""
    async with serving(upstreams, clock, deadline_s=1) as server:
        while "errors" in await server.ask(PATTERNS):
            pass
        upstreams.hanging = {"departures"}
        _, took_s = await timed(server, TRAMS)
    assert took_s == pytest.approx(0.5)


async def test_a_source_that_is_awaited_in_vain_is_not_idle(server, upstreams, clock):
    idle = {"id": "nantes/bikes", "state": "IDLE", "ageS": None, "lastError": None}
    assert await source(server, "bikes") == {**idle, "waitingSince": None}
    upstreams.hanging = {"bikes"}
    asking = asyncio.create_task(server.ask(BIKES))
    await goes_by(1)
    since = clock().isoformat()
    assert await source(server, "bikes") == {**idle, "waitingSince": since}

    answer = await asking

    assert answer["errors"][0]["extensions"]["code"] == "DEADLINE"
    assert answer["extensions"]["sources"][0]["state"] == "DOWN"
    down = {**idle, "state": "DOWN", "lastError": "no answer yet", "waitingSince": since}
    assert await source(server, "bikes") == down
    upstreams.free.set()
    await goes_by(1)
    assert (await source(server, "bikes"))["state"] == "LIVE"

"""Many who ask at once, some who leave, and no time left: what upstreams and clients see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from sources.exchange import Answer, Question
from tests.faults.town import CALLS, FIELDS, HOME, Network, at, landed, nantes, outside, town

pytestmark = pytest.mark.anyio

CROWD = 100
POOLS = "{ pools(first: 1) { nodes { name } } }"
TRAMS = '{ stops(name: "Commerce", first: 1) { nodes { departures(first: 1) { headsign } } } }'
NO_TRAMS = (
    HOME.partition("pools(")[0].partition("stops(")[0] + "pools(" + HOME.partition("pools(")[2]
)
DEADLINE_S = 0.5
GENEROUS_S = 5.0  # for a machine that does ten other things
ODDS = (
    "502",
    "503",
    "flaky:1",
    "429:3",
    "500",
    "reset",
    "html",
    "wrong_columns",
    "404",
    "redirect",
)


class Watched(Network):
    """Tells when the first call to an upstream leaves, and lets none through before it may."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.left, self.may = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def get(self, question: Question) -> AsyncIterator[Answer]:
        self.left.set()
        await self.may.wait()
        async with super().get(question) as answer:
            yield answer


async def test_a_crowd_makes_one_call(world, clock):
    async with town(world, clock) as server:
        answers = await asyncio.gather(*(server.ask(HOME) for _ in range(CROWD)))
    assert not any("errors" in answer for answer in answers)
    assert all(answer["data"] == answers[0]["data"] for answer in answers)
    assert world.calls() == CALLS


async def test_a_crowd_hears_of_one_failure(world, clock):
    world.suffer("pools", "500")
    async with town(world, clock) as server:
        answers = await asyncio.gather(*(server.ask(POOLS) for _ in range(CROWD)))
    assert {answer["errors"][0]["extensions"]["code"] for answer in answers} == {"UNAVAILABLE"}
    assert world.calls() == {"pools": 1}


async def test_who_asked_first_may_leave(world, clock):
    network = Watched(world.url)
    async with town(world, clock, network) as server:
        first = asyncio.create_task(server.ask(POOLS))
        await network.left.wait()
        others = [asyncio.create_task(server.ask(POOLS)) for _ in range(10)]
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        network.may.set()
        answers = await asyncio.gather(*others)
    assert not any("errors" in answer for answer in answers)
    assert world.calls() == {"pools": 1}


async def test_what_is_late_is_told_at_the_deadline(world, clock):
    """How late that is, to the millisecond: `test_deadline.py`."""
    async with town(world, clock, deadline_s=DEADLINE_S) as server:
        while "errors" in (before := await server.ask(NO_TRAMS)):  # a slow machine reads in turns
            pass
        while "errors" in await server.ask('{ stops(name: "Commerce", first: 1) { totalCount } }'):
            pass
        world.suffer("departures", "hang")
        answer = await server.ask(HOME)
        await server.ask(HOME)

    assert {name: answer["data"][name] for name in before["data"]} == before["data"]
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "DEADLINE"
    assert error["extensions"]["source"] == "nantes/departures"
    assert error["path"][-1] == "departures"
    assert at(answer["data"], error["path"]) is None
    assert world.calls()["departures"] == 1  # the second asker waits for the same call


async def test_what_hangs_does_not_hold_up_what_shares_its_host(world, clock):
    """In the sandbox all upstreams share one address, but each host has a queue of its own."""
    for upstream in ("stops", "pools", "pools.hours", "menus"):
        world.suffer(upstream, "hang")
    async with town(world, clock, deadline_s=GENEROUS_S) as server:
        asking = [
            asyncio.create_task(server.ask(query)) for query in (POOLS, HOME, "{ menus { date } }")
        ]
        answer = await server.ask('{ school(uai: "0441456U") { name } }')
        for task in asking:
            task.cancel()
    assert answer["data"]["school"]["name"]
    assert "errors" not in answer


async def test_the_gateway_is_never_asked_twice_in_half_a_minute(world, clock):
    """Whatever becomes of the calls, whoever asks, and whenever; by the sandbox's own count."""
    async with town(world, clock) as server:
        for step in range(120):
            world.recover()
            if step % 3:
                world.suffer("departures", ODDS[step // 3 % len(ODDS)])
            await asyncio.gather(*(server.ask(TRAMS) for _ in range(3)))
            await landed()  # or the clock would go on while a call is on its way
            clock.advance(7)
    times = world.times("departures")
    assert len(times) > 5
    assert min(later - sooner for sooner, later in pairwise(times)).total_seconds() >= 30


async def test_a_bad_hour_does_not_cost_the_day(world, clock):
    """A source that keeps failing is left alone for longer and longer, within its quota."""
    world.suffer("schools", "502")
    async with town(world, clock) as server:
        for _ in range(24 * 12):
            answer = await server.ask('{ school(uai: "0441456U") { name } }')
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            clock.advance(5 * 60)
        assert world.calls()["schools"] < 500
        world.recover()
        clock.advance(15 * 60)
        assert "errors" not in await server.ask('{ school(uai: "0441456U") { name } }')


async def test_too_many_requests_is_asked_again_when_it_says(clock, tmp_path, monkeypatch):
    """Once it has said when, and that is soon; the pause is real, and a second long."""
    import stamina

    stamina.set_testing(False)
    monkeypatch.setattr("sources.retries.MARGIN_S", 0.0)
    with outside(clock) as world:
        network = Network(world.url)
        async with town(world, clock, network, cities=nantes(tmp_path, {})) as server:
            world.suffer("pools", "429:1")
            asking = asyncio.create_task(server.ask(POOLS))
            while not world.calls().get("pools"):  # noqa: ASYNC110 - the sandbox has no event of ours
                await asyncio.sleep(0.01)
            world.recover()
            while not asking.done():  # the quota's clock goes on while it pauses
                clock.advance(1)
                await asyncio.sleep(0.01)
            answer = await asking
    assert "errors" not in answer
    assert network.sent["pools"] == 2


def test_the_home_screen_rests_on_every_upstream():
    assert set(FIELDS) == set(CALLS)

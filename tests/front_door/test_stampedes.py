"""Asked by many at once: executed once for all of them, and whoever goes takes nothing away."""

import asyncio

import httpx
import pytest

from tests.conftest import serving
from tests.front_door.asking import BIKES, POOLS, counts, settled

pytestmark = pytest.mark.anyio


async def test_a_stampede_is_one_execution(serve, replay, executions, monkeypatch):
    monkeypatch.setattr("server.remembered.JOIN_S", 60)  # however slow the machine is
    async with serve() as server:
        answers = await asyncio.gather(*(server.post(POOLS) for _ in range(100)))
        found = await counts(server)

    assert executions == [POOLS]
    assert replay.calls["pools"] == 1
    assert len({answer.content for answer in answers}) == 1
    assert found.pop("execution") == 1
    assert sum(found.values()) == 99


async def test_what_is_in_memory_is_finished_once_for_a_stampede(serve, executions, monkeypatch):
    monkeypatch.setattr("server.making.JOIN_S", 60)  # however slow the machine is
    async with serve() as server:
        await server.ask("{ pools { nodes { openNow } } }")
        await settled()
        answers = await asyncio.gather(*(server.post(POOLS) for _ in range(100)))
        found = await counts(server)

    assert executions[1:] == [POOLS]
    assert len({answer.content for answer in answers}) == 1
    assert found == {"execution": 2, "finished": 99}


async def test_who_waits_at_the_door_goes_on_whatever_becomes_of_the_first(slow, monkeypatch):
    monkeypatch.setattr("server.making.JOIN_S", 60)
    transport, asked, let = slow
    async with serving(transport) as server:
        leader = asyncio.create_task(server.post(BIKES))
        await asked.wait()
        followers = [asyncio.create_task(server.post(BIKES)) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        followers.pop().cancel()
        leader.cancel()
        await asyncio.wait((leader,))
        let.set()
        answers = await asyncio.gather(*followers)

    assert all(answer.json()["data"]["bikes"]["nodes"] for answer in answers)


@pytest.fixture
def slow(replay):
    """Upstreams that answer when they are let; and whether one has been asked."""
    asked, let = asyncio.Event(), asyncio.Event()

    async def handle(request):
        asked.set()
        await let.wait()
        return replay(request)

    return httpx.MockTransport(handle), asked, let


async def test_a_leader_that_hangs_up_fails_no_follower(slow, executions, monkeypatch):
    monkeypatch.setattr("server.making.JOIN_S", 0)  # it has waited at the door
    transport, asked, let = slow
    async with serving(transport) as server:
        leader = asyncio.create_task(server.post(BIKES))
        await asked.wait()
        follower = asyncio.create_task(server.post(BIKES))
        for _ in range(20):
            await asyncio.sleep(0)
        leader.cancel()
        await asyncio.wait((leader,))
        let.set()
        answer = await follower

    assert leader.cancelled()
    assert answer.json()["data"]["bikes"]["nodes"]
    assert executions == [BIKES]


async def test_when_all_have_gone_the_execution_ends_and_the_next_begins_anew(
    slow, executions, monkeypatch
):
    monkeypatch.setattr("server.making.JOIN_S", 0)
    transport, asked, let = slow
    async with serving(transport) as server:
        waiting = [asyncio.create_task(server.post(BIKES)) for _ in range(2)]
        await asked.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        next_one = asyncio.create_task(server.post(BIKES))
        for _ in range(20):
            await asyncio.sleep(0)
        let.set()
        answer = await next_one
        running = [one for one in asyncio.all_tasks() if one.get_name() == "execution"]

    assert answer.json()["data"]["bikes"]["nodes"]
    assert executions == [BIKES, BIKES]
    assert running == []

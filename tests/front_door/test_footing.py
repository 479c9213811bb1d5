"""What answers rest on is worked out once for all that were made of the same, and told as it is."""

import pytest

from schema.pools import Pool
from server import footing
from server.footing import Footing
from tests.front_door.asking import settled

pytestmark = pytest.mark.anyio

POOLS = "query($n: Int) { pools(first: $n) { nodes { name } } }"
BOTH = "query($n: Int) { pools(first: $n) { totalCount } schools { totalCount } }"


@pytest.fixture
def made(monkeypatch):
    """The sources of each footing that was worked out."""
    found = []

    class Counted(Footing):
        __slots__ = ()

        def __init__(self, ask):
            super().__init__(ask)
            found.append(self.touched)

    monkeypatch.setattr(footing, "Footing", Counted)
    return found


async def sources(server, query, number):
    answer = await server.client.post("/graphql", json={"query": query, "variables": {"n": number}})
    return {one["id"]: one for one in answer.json()["extensions"]["sources"]}


async def test_it_is_worked_out_once(serve, made):
    async with serve() as server:
        found = [await sources(server, POOLS, number) for number in (1, 2, 3)]
    assert len(made) == 1
    assert found[0] == found[1] == found[2]


async def test_other_sources_are_told_of_other_answers(serve, made):
    async with serve() as server:
        for number in (0, 1):
            one, both = [await sources(server, query, number) for query in (POOLS, BOTH)]
            await settled()
    assert len(both) == 2
    assert len(one) == 1
    assert both.items() > one.items()


async def test_ages_are_of_the_moment(serve, made):
    async with serve() as server:
        await sources(server, POOLS, 0)
        await settled()
        [young] = (await sources(server, POOLS, 1)).values()
        server.clock.advance(7)
        [older] = (await sources(server, POOLS, 2)).values()
    assert older["ageS"] == young["ageS"] + 7
    assert older["fetchedAt"] == young["fetchedAt"]


async def test_what_is_read_again_is_told_of_anew(serve):
    async with serve() as server:
        [before] = (await sources(server, POOLS, 1)).values()
        server.clock.advance(86_400)
        await sources(server, POOLS, 2)
        await settled()
        [after] = (await sources(server, POOLS, 3)).values()
    assert after["fetchedAt"] > before["fetchedAt"]
    assert after["state"] == "LIVE"


async def test_what_is_past_its_time_is_told_so_at_once(serve):
    async with serve() as server:
        [before] = (await sources(server, POOLS, 1)).values()
        pools = server.app.state.editions.sources.binding(Pool, "nantes")
        server.clock.advance(pools.ttl_s + 1)
        [after] = (await sources(server, POOLS, 2)).values()  # while it is read again behind
        await settled()
    assert (before["state"], after["state"]) == ("LIVE", "STALE")
    assert after["fetchedAt"] == before["fetchedAt"]


async def test_after_any_read_it_is_worked_out_anew(serve, made):
    """Which may have gone wrong, and changed nothing but how its source is doing."""
    async with serve() as server:
        await sources(server, POOLS, 1)
        await sources(server, BOTH, 1)
        await sources(server, POOLS, 2)
        await sources(server, POOLS, 3)
    assert len(made) == 3


async def test_only_so_many_are_known(serve, made, monkeypatch):
    monkeypatch.setattr(footing, "MOST", 1)
    async with serve() as server:
        await sources(server, BOTH, 0)  # reads them all
        made.clear()
        for number in range(1, 4):
            assert len(await sources(server, POOLS, number)) == 1
            assert len(await sources(server, BOTH, number)) == 2
    assert len(made) == 6

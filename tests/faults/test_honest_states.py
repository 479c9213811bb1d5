"""What clients and operators are told of a source on its bad days, and what becomes of it after."""

import pytest

from tests.faults.town import HOME, SOURCES, nantes, outside, town

pytestmark = pytest.mark.anyio

POOLS = "{ pools { totalCount } }"
STOPS = '{ stops(name: "Commerce") { nodes { name } } }'
POLICY = {"ttl": "60s", "stale_while_revalidate": "30s", "stale_if_error": "1h"}


async def source(server, name):
    found = (await server.ask(SOURCES))["data"]["sources"]
    return next(one for one in found if one["id"] == f"nantes/{name}")


@pytest.fixture
async def server(world, clock, tmp_path):
    cities = nantes(tmp_path, dict.fromkeys(("stops", "routes", "pools"), POLICY))
    async with town(world, clock, cities=cities) as server:
        yield server


async def test_a_source_recovers(server, world, clock):
    world.suffer("pools", "500")
    assert "errors" in await server.ask(POOLS)
    assert (await source(server, "pools"))["state"] == "DOWN"
    world.recover()
    clock.advance(60)
    assert "errors" not in await server.ask(POOLS)
    assert await source(server, "pools") == {
        "id": "nantes/pools",
        "state": "LIVE",
        "ageS": 0,
        "lastError": None,
    }


@pytest.mark.parametrize("fault", ["half", "empty"])
async def test_a_feed_that_shrank_is_believed_when_confirmed_twice(server, world, clock, fault):
    counts = []
    before = (await server.ask(POOLS))["data"]["pools"]["totalCount"]
    world.suffer("pools", fault)
    for _ in range(4):
        clock.advance(100)
        counts.append((await server.ask(POOLS))["data"]["pools"]["totalCount"])
        state = await source(server, "pools")
        if counts[-1] == before:
            assert state["state"] == "STALE"
            assert "suspect" in state["lastError"]
    assert counts[:2] == [before, before]
    assert counts[2] < before
    assert counts[3] == counts[2]
    assert state["state"] == "LIVE"
    assert state["lastError"] is None


async def test_a_feed_that_comes_back_whole_was_never_gone(server, world, clock):
    before = await server.ask(POOLS)
    for _ in range(3):  # doubts do not add up over good reads
        for fault in ("half", "empty"):
            world.suffer("pools", fault)
            clock.advance(100)
            assert (await server.ask(POOLS))["data"] == before["data"]
        world.recover()
        clock.advance(100)
        assert (await server.ask(POOLS))["data"] == before["data"]
        assert (await source(server, "pools"))["state"] == "LIVE"


async def test_what_has_not_changed_is_not_sent_again(server, world, clock):
    await server.ask(STOPS)
    clock.advance(100)
    assert "errors" not in await server.ask(STOPS)
    assert await source(server, "stops") == {
        "id": "nantes/stops",
        "state": "LIVE",
        "ageS": 0,
        "lastError": None,
    }
    assert world.calls()["stops"] == 4


async def test_a_bug_of_ours_is_masked_and_not_repeated(server, world, clock, monkeypatch):
    def bug(*_):
        raise RuntimeError("secret thoughts")

    monkeypatch.setattr("sources.tables.read_all", bug)
    for _ in range(5):
        answer = await server.ask(POOLS)
        [error] = answer["errors"]
        assert error["extensions"]["code"] == "INTERNAL"
        assert "secret" not in str(answer)
    assert world.calls() == {"pools": 1}
    assert (await source(server, "pools"))["lastError"] == "a bug of ours: RuntimeError"


async def test_a_bug_of_ours_does_not_take_away_what_was_read(server, world, clock, monkeypatch):
    before = await server.ask(POOLS)

    def bug(*_):
        raise RuntimeError

    monkeypatch.setattr("sources.tables.read_all", bug)
    clock.advance(100)
    assert (await server.ask(POOLS))["data"] == before["data"]
    assert (await source(server, "pools"))["state"] == "STALE"


async def test_all_at_once_is_still_an_answer(world, clock):
    for upstream in ("stops", "departures", "pools", "pools.hours", "schools", "menus"):
        world.suffer(upstream, "503")
    async with town(world, clock) as server:
        response = await server.post(HOME)
    answer = response.json()
    assert response.status_code == 200
    assert set(answer["data"].values()) == {None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAVAILABLE"}


async def test_the_error_names_the_table_that_was_asked_for(clock, tmp_path):
    """Routes are in the file of the stops; who asks for routes hears of routes."""
    with outside(clock) as world:
        world.suffer("stops", "500")
        async with town(world, clock, cities=nantes(tmp_path, {})) as server:
            answer = await server.ask("{ routes { totalCount } }")
    assert answer["errors"][0]["extensions"]["source"] == "nantes/routes"

"""Three replicas of the whole application over one Valkey: one call per source and time to live."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from keepers import over_valkey
from waiting import until

from sources.shared_link import SETTLING, Link
from sources.store import Store
from tests.conftest import Clock, Server
from tests.faults.town import Outside, early, landed, nantes, outside, town

pytestmark = pytest.mark.anyio

REPLICAS = 3
PATIENCE_S = 5.0  # three of them share one process, and the machine has other things to do
# One call each: the quota of the others is by Valkey's own clock, which no test can put forward.
QUERY = """{ pools { nodes { name openNow } } menus(days: 5) { date }
             school(uai: "0441456U") { name } }"""
TABLES = ("pools", "pools.hours", "schools", "menus")
POLICY = {"ttl": "60s", "stale_while_revalidate": "30s"}
POOLS = "{ pools { totalCount } }"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """How long replicas wait for Valkey; and they trust it as soon as it is back."""

    def set_to(seconds: float) -> None:
        monkeypatch.setitem(Link.__init__.__kwdefaults__, "patience_s", seconds)

    monkeypatch.setattr("sources.shared_link.SETTLE_S", 0.05)
    set_to(PATIENCE_S)
    return set_to


@pytest.fixture
def clock() -> Clock:
    return early()


@pytest.fixture
def world(clock: Clock) -> Iterator[Outside]:
    with outside(clock, siri_period_s=0) as found:
        yield found


@asynccontextmanager
async def replicas(
    world: Outside, clock: Clock, url: str, folder: Path
) -> AsyncIterator[list[Server]]:
    cities = nantes(folder, dict.fromkeys(TABLES, POLICY))
    async with AsyncExitStack() as all_of_them:
        yield [
            await all_of_them.enter_async_context(town(world, clock, cities=cities, store=url))
            for _ in range(REPLICAS)
        ]


def stores(servers: list[Server]) -> list[Store]:
    return [server.app.state.editions.sources._door.store for server in servers]


async def crowd(servers: list[Server], query: str = QUERY, each: int = 5) -> list[dict[str, Any]]:
    """Many clients of each replica at once; nobody fails."""
    answers = await asyncio.gather(*(one.ask(query) for one in servers for _ in range(each)))
    assert [error for answer in answers for error in answer.get("errors", ())] == []
    await landed()
    return answers


async def test_all_of_them_make_one_call_per_time_to_live(
    valkey: Any, world: Outside, clock: Clock, tmp_path: Path
) -> None:
    async with replicas(world, clock, valkey.url, tmp_path) as servers:
        for times in range(1, 5):
            answers = await crowd(servers)
            assert all(answer["data"] == answers[0]["data"] for answer in answers)
            assert world.calls() == dict.fromkeys(TABLES, times)
            clock.advance(61)


async def test_one_that_is_new_makes_no_call_for_what_the_others_have(
    valkey: Any, world: Outside, clock: Clock, tmp_path: Path
) -> None:
    async with replicas(world, clock, valkey.url, tmp_path) as servers:
        await crowd(servers)
        clock.advance(30)
        world.forget()
        async with replicas(world, clock, valkey.url, tmp_path) as others:
            await crowd(others)
        assert world.calls() == {}


async def test_one_that_is_new_shows_what_the_others_show(
    valkey: Any, world: Outside, clock: Clock, tmp_path: Path
) -> None:
    """A release while an upstream is down takes nothing away."""
    async with replicas(world, clock, valkey.url, tmp_path) as servers:
        known = await crowd(servers)
        world.suffer("pools", "500")
        clock.advance(61)
        async with replicas(world, clock, valkey.url, tmp_path) as others:
            answers = await crowd(others)
            found = [await one.ask("{ sources { id state } }") for one in others]
    assert [answer["data"]["pools"] for answer in answers] == [
        answer["data"]["pools"] for answer in known
    ]
    for answer in found:
        states = {one["id"]: one["state"] for one in answer["data"]["sources"]}
        assert states["nantes/pools"] == "STALE"


@over_valkey
async def test_what_cannot_be_read_is_not_passed_on(
    valkey: Any, world: Outside, clock: Clock, tmp_path: Path
) -> None:
    """A page of maintenance lasts as long as it is there, not as long as a payload does."""
    async with replicas(world, clock, valkey.url, tmp_path) as servers:
        world.suffer("pools", "html")
        answers = await asyncio.gather(*(one.ask(POOLS) for one in servers))
        assert all(answer["errors"][0]["extensions"]["code"] != "INTERNAL" for answer in answers)
        world.recover()
        clock.advance(10)  # the time to live is 60 s
        await crowd(servers, POOLS)


@over_valkey
async def test_a_read_waits_while_a_store_that_is_back_is_told_what_was_spent(
    valkey: Any, world: Outside, clock: Clock
) -> None:
    """Nothing is held: it is answered all the same."""
    async with town(world, clock, store=valkey.url) as server:
        valkey.client.set(SETTLING, "1", px=2_500)
        answer = await server.ask(POOLS)
        assert "errors" not in answer
        assert answer["data"]["pools"]["totalCount"] > 0
        assert not valkey.client.exists(SETTLING)


@over_valkey
@pytest.mark.parametrize("accident", ["killed", "frozen", "emptied"])
async def test_no_request_fails_when_the_store_does(
    valkey: Any,
    world: Outside,
    clock: Clock,
    tmp_path: Path,
    accident: str,
    patience: Callable[[float], None],
) -> None:
    if accident == "frozen":
        patience(0.5)  # nothing else says that it is
    async with replicas(world, clock, valkey.url, tmp_path) as servers, AsyncExitStack() as frozen:
        await crowd(servers)
        loading = asyncio.create_task(load(servers))
        if accident == "killed":
            valkey.kill()
        elif accident == "frozen":
            frozen.enter_context(valkey.frozen())
        else:
            valkey.empty()
        for _ in range(3):
            clock.advance(61)
            await crowd(servers, each=2)
        if accident == "killed":
            valkey.start()
        await frozen.aclose()

        async def together() -> bool:
            return not any(store.alone for store in stores(servers))

        await until(together)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        world.forget()

        async def one_again() -> bool:
            clock.advance(30)  # past the pause that a store asks for which has just come back
            await crowd(servers, each=1)
            return set(world.calls()) == set(TABLES)

        await until(one_again)


async def load(servers: list[Server]) -> None:
    while True:
        await crowd(servers, POOLS, each=1)


async def test_explain_says_what_another_replica_has_read(
    valkey: Any, world: Outside, clock: Clock, tmp_path: Path
) -> None:
    async with replicas(world, clock, valkey.url, tmp_path) as [one, other, _]:
        await one.ask(POOLS)
        await landed()
        ask = {"X-Poche-Explain": "sources"}
        answer = (await other.client.post("/graphql", json={"query": POOLS}, headers=ask)).json()
    origins = {read["source"]: read["from"] for read in answer["extensions"]["explain"]}
    assert origins["nantes/pools"] == "store"

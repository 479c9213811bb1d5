"""Open questions: shared by all who ask the same, asked again only when something may differ."""

from datetime import datetime, timedelta
from itertools import count

import httpx
import pytest

from server import live
from tests.live.online import DEPARTURES, NODES, POOLS, QUAY, STOP, Socket, predicted, until

pytestmark = pytest.mark.anyio


async def test_a_hundred_clients_are_one(city, monkeypatch):
    executed = count()
    real = city.live.executed

    async def counting(operation):
        next(executed)
        return await real(operation)

    monkeypatch.setattr(city.live, "executed", counting)
    async with city.greeted() as one, city.greeted() as other:
        for name in map(str, range(50)):
            await one.subscribe(name)
            await other.subscribe(name)
        for socket in (one, other):
            assert len([await socket.hear() for _ in range(50)]) == 50
        assert city.live.counts == {"clients": 2, "questions": 1, "listeners": 100}
        assert city.replay.calls["departures"] == 1
        before = next(executed)
        await city.news("04")
        for socket in (one, other):
            heard = {(await socket.hear())["id"] for _ in range(50)}
            assert heard == set(map(str, range(50)))

        assert city.replay.calls["departures"] == 2
        assert next(executed) - before <= 3


async def test_who_comes_later_is_told_at_once(city):
    async with city.greeted() as one, city.greeted() as other:
        await one.subscribe("1")
        first = await one.next("1")
        await other.subscribe("2")
        assert await other.next("2") == first


async def test_nothing_is_said_when_nothing_differs(city):
    [pool, *_] = (await city.ask(POOLS))["data"]["pools"]["nodes"]
    async with city.greeted() as socket:
        await socket.subscribe("1", NODES, ids=[pool["id"]])
        await socket.next("1")
        await city.tomorrow()
        await until(lambda: city.replay.calls["pools"] == 2)
        await city.tomorrow(pool["name"])
        update = await socket.next("1")

    assert update["data"]["nodes"][0]["node"]["name"] == pool["name"] + " bis"
    assert city.replay.calls["pools"] == 3


async def test_time_alone_is_news(city, monkeypatch):
    monkeypatch.setattr(live, "PACE_S", 0.01)
    async with city.greeted() as socket:
        await socket.subscribe("1", DEPARTURES, stop=STOP, first=20)
        first = (await socket.next("1"))["data"]["departures"]
        coming = [d for d in first if datetime.fromisoformat(d["expectedAt"]) > city.clock()]
        leaves = datetime.fromisoformat(coming[0]["expectedAt"])
        city.clock.now = leaves - timedelta(milliseconds=1)
        async with city.greeted() as other:  # asks just before, and so hears just after
            await other.subscribe("1", DEPARTURES, stop=STOP, first=19)
            before = (await other.next("1"))["data"]["departures"]
            city.clock.now = leaves + timedelta(milliseconds=1)
            after = (await other.next("1"))["data"]["departures"]

    assert coming[0] in before
    assert coming[0] not in after


async def test_only_what_changed(city):
    pools = (await city.ask(POOLS))["data"]["pools"]["nodes"]
    async with city.greeted() as socket:
        await socket.subscribe("1", NODES, ids=[pool["id"] for pool in pools])
        first = await socket.next("1")
        await city.tomorrow(pools[1]["name"])
        second = await socket.next("1")
        await city.tomorrow()
        third = await socket.next("1")

    named = [{"id": pool["id"], "node": {"name": pool["name"]}} for pool in pools]
    assert first["data"] == {"nodes": named}
    changed = {"id": pools[1]["id"], "node": {"name": pools[1]["name"] + " bis"}}
    assert second["data"] == {"nodes": [changed]}
    assert third["data"] == {"nodes": [named[1]]}


async def test_an_id_of_nothing_has_an_error_of_its_own(city):
    pools = (await city.ask(POOLS))["data"]["pools"]["nodes"]
    async with city.greeted() as socket:
        await socket.subscribe("1", NODES, ids=["?", pools[0]["id"]])
        first = await socket.next("1")
        await city.tomorrow(pools[0]["name"])
        second = await socket.next("1")

    assert [entry["node"] for entry in first["data"]["nodes"]] == [None, {"name": pools[0]["name"]}]
    assert first["errors"][0]["path"] == ["nodes", 0, "node"]
    assert len(second["data"]["nodes"]) == 1
    assert "errors" not in second


async def test_an_unknown_stop_is_null(city):
    async with city.greeted() as socket:
        unknown = STOP[:-4] + QUAY[-4:]
        await socket.subscribe("1", DEPARTURES, stop=unknown)
        message = await socket.hear()

        assert message["payload"]["data"] == {"departures": None}


async def test_a_slow_client_gets_the_latest(city):
    async with city.greeted() as slow, city.greeted() as quick:
        await quick.subscribe("1", DEPARTURES, stop=STOP, first=100)
        await slow.subscribe("1", DEPARTURES, stop=STOP, first=100)
        await quick.next("1")
        await slow.next("1")
        [session] = [c for c in sessions(city) if peer(c) == local(slow)]
        session.writable.clear()  # as uvicorn does when a client's network is full
        for minute in ("01", "02", "03", "04"):
            await city.news(minute)
            await quick.next("1")
        session.writable.set()
        seen = []
        while not seen or seen[-1] != "2026-11-24T10:04:00+01:00":
            message = await slow.next("1")
            seen.append(message["data"]["departures"][0]["updatedAt"])

    assert len(seen) <= 2  # the one that was on its way, and the latest


def sessions(city):
    return list(city.server.server_state.connections)


def peer(connection) -> tuple:
    return connection.client


def local(socket: Socket) -> tuple:
    return socket.connection.local_address


async def test_listeners_keep_a_source_in_use(city):
    async with city.greeted() as socket:
        await socket.subscribe("1")
        await socket.next("1")
        feed = next(
            f for (kind, _), f in city.sources._feeds.items() if kind.__name__ == "Departure"
        )
        city.replay.broken["departures"] = lambda _: httpx.Response(200, content=predicted("04"))
        city.clock.advance(3_600)  # nobody has asked for an hour
        feed.cached._rung()
        await socket.next("1")

        assert city.replay.calls["departures"] == 2
    await city.quiet()
    city.clock.advance(3_600)
    feed.cached._rung()
    assert feed.cached._flight is None

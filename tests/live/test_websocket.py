"""graphql-transport-ws, rule by rule: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from server.clients import hashed
from tests.conftest import failing
from tests.live.online import DEPARTURES, QUAY, STOP, running, until

pytestmark = pytest.mark.anyio


async def test_a_subscription_from_first_to_last(city):
    async with city.greeted() as socket:
        await socket.subscribe("1")
        first = await socket.next("1")
        await city.news("04")
        second = await socket.next("1")
        await socket.say(id="1", type="complete")
        await city.unheard()
        await city.news("05")
        await socket.say(type="ping")

        assert len(first["data"]["departures"]) == 3
        assert first["extensions"]["sources"]
        assert second["data"]["departures"][0]["updatedAt"] == "2026-11-24T10:04:00+01:00"
        assert await socket.hear() == {"type": "pong"}  # nothing more for what is complete


async def test_an_error_is_the_last_word(city):
    async with city.greeted() as socket:
        for query in ("subscription {", "{ nothing }", "subscription { departures { headsign } }"):
            await socket.subscribe("1", query)
            message = await socket.hear()
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["message"]
            await socket.say(type="ping")
            assert await socket.hear() == {"type": "pong"}


async def test_wrong_variables_are_an_error(city):
    async with city.greeted() as socket:
        await socket.subscribe("1", stop=None)
        message = await socket.hear()

        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["argumentPath"] == ["$stop"]
    await city.quiet()


async def test_a_source_that_is_down_does_not_end_it(city, replay):
    replay.broken["departures"] = failing
    async with city.greeted() as socket:
        await socket.subscribe("1")
        planned = (await socket.next("1"))["data"]["departures"]
        await city.news("04")
        real = (await socket.next("1"))["data"]["departures"]

        assert {departure["updatedAt"] for departure in planned} == {None}
        assert real[0]["updatedAt"] == "2026-11-24T10:04:00+01:00"


UNFIT = (
    'subscription ($no: Boolean! = true) { departures(stop: "x") @skip(if: $no) { headsign } }',
    'subscription { ... @include(if: true) { departures(stop: "x") { headsign } } }',
    'subscription { departures(stop: "x") { headsign } nodes(ids: []) { id } }',
    "subscription { __typename }",
)


async def test_one_root_field_and_nothing_conditional(city):
    async with city.greeted() as socket:
        for query in UNFIT:
            await socket.subscribe("1", query)
            message = await socket.hear()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == (
                "error",
                "GRAPHQL_VALIDATION_FAILED",
            )


async def test_no_other_protocol(city):
    for offered in (None, ["graphql-ws"], ["graphql"]):
        async with city.socket(subprotocols=offered) as socket:
            assert (offered, await socket.closed()) == (offered, 4406)


BAD = [
    "no json",
    "[]",
    "null",
    "{}",
    '{"type": 1}',
    '{"type": "start"}',
    '{"type": "connection_init", "payload": 1}',
    '{"type": "subscribe", "payload": {}}',
    '{"type": "subscribe", "id": "", "payload": {}}',
    '{"type": "subscribe", "id": 1, "payload": {}}',
    '{"type": "complete"}',
    b'{"type": "ping"}',
    "[" * 60_000,
]


async def test_bad_messages_close_the_connection(city):
    for message in BAD:
        async with city.socket() as socket:
            await socket.connection.send(message)
            assert (message[:50], await socket.closed()) == (message[:50], 4400)


async def test_what_is_no_request_closes_it_too(city):
    for payload in (None, [], "x", {"query": 1}, {"query": "{ a }", "variables": []}):
        async with city.greeted() as socket:
            await socket.say(id="1", type="subscribe", payload=payload)
            assert (payload, await socket.closed()) == (payload, 4400)


async def test_nothing_before_hello(city):
    async with city.socket() as socket:
        await socket.subscribe("1")
        assert await socket.closed() == 4401


async def test_frames_that_are_too_large(city):
    async with city.greeted() as socket:
        await socket.connection.send("x" * 200_000)
        assert await socket.closed() == 1009


async def test_second_hello(city):
    async with city.greeted() as socket:
        await socket.say(type="connection_init")
        assert await socket.closed() == 4429


async def test_no_hello_in_time(replay, clock):
    async with running(replay, clock, socket_init_s=0.01) as city, city.socket() as socket:
        assert await socket.closed() == 4408


@pytest.mark.parametrize(("may", "code"), [(True, "BAD_REQUEST"), (False, "FORBIDDEN")])
async def test_a_mutation_is_no_question_to_keep_open(replay, clock, may, code):
    async with running(replay, clock, anonymous_mutations=may) as city, city.greeted() as socket:
        await socket.subscribe("m", "mutation { __typename }")
        message = await socket.hear()

        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == code


async def test_same_id_twice(city):
    async with city.greeted() as socket:
        await socket.subscribe("eins" * 20)
        await socket.next("eins" * 20)
        await socket.subscribe("eins" * 20)
        assert await socket.closed() == 4409
    await city.quiet()


async def test_an_id_is_free_again_after_its_end(city):
    async with city.greeted() as socket:
        for _ in range(3):
            await socket.subscribe("1")
            await socket.next("1")
            await socket.say(id="1", type="complete")
        assert city.live.counts["listeners"] <= 1


async def test_pings_come_back(city):
    async with city.socket() as socket:
        await socket.say(type="ping", payload={"at": 1})
        assert await socket.hear() == {"type": "pong"}
        await socket.say(type="pong")
        await socket.hello()


async def test_who_takes_nothing_gets_no_pongs(city):
    async with city.greeted() as socket:
        [session] = city.server.server_state.connections
        session.writable.clear()  # as uvicorn does when a client's network is full
        await socket.connection.ping()
        assert await socket.closed() == 1006
    await city.quiet()


async def test_keys_come_with_hello(replay, clock, tmp_path):
    (tmp_path / "clients.toml").write_text(f'[tram]\nkeys = ["{hashed("key", "salt")}"]')
    settings = {"clients": tmp_path / "clients.toml", "pepper": "salt", "anonymous": "off"}
    async with running(replay, clock, **settings) as city:
        for payload, expected in (
            (None, "error"),
            ({"X-API-Key": "another"}, "error"),
            ({"X-API-Key": "key"}, "next"),
            ({"Authorization": "Bearer key"}, "next"),
        ):
            async with city.socket() as socket:
                await socket.say(type="connection_init", payload=payload)
                await socket.hear()
                await socket.subscribe("1")
                assert (payload, (await socket.hear())["type"]) == (payload, expected)


async def test_variables_that_are_too_deep(city):
    deep: list = []
    for _ in range(400):
        deep = [deep]
    async with city.greeted() as socket:
        await socket.subscribe("1", stop=deep)
        assert (await socket.hear())["type"] == "error"


async def test_other_sites_only_by_leave(replay, clock):
    async with running(replay, clock, cors_origins=["https://app.example"]) as city:
        for origin in (None, "https://app.example"):
            async with city.socket(origin=origin) as socket:
                await socket.hello()
        for origin in ("https://evil.example", "null", "http://127.0.0.1"):
            async with city.socket(origin=origin) as socket:
                assert (origin, await socket.closed()) == (origin, 4403)


async def test_our_own_pages_are_welcome(city):
    async with city.socket(origin=city.url) as socket:
        await socket.hello()


async def test_so_many_operations_and_no_more(replay, clock):
    async with running(replay, clock, live_per_socket=2) as city, city.greeted() as socket:
        for name in ("1", "2"):
            await socket.subscribe(name)
            await socket.next(name)
        for name in map(str, range(3, 100)):
            await socket.subscribe(name)
            message = await socket.hear()
            assert (message["id"], message["type"]) == (name, "error")
            assert message["payload"][0]["extensions"]["limit"] == "subscriptions"

        assert city.live.counts == {"clients": 1, "questions": 1, "listeners": 2}
        assert city.replay.calls["departures"] == 1


async def test_so_many_clients_and_no_more(replay, clock):
    async with running(replay, clock, live_clients=1) as city:
        async with city.greeted():
            with pytest.raises(InvalidStatus) as refused:
                async with city.socket():
                    pass
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["retry-after"]
        await city.quiet()
        async with city.greeted():
            pass


async def test_who_goes_away_leaves_nothing_behind(city):
    before = asyncio.all_tasks()
    async with city.greeted() as socket:
        for name, stop in (("1", STOP), ("2", QUAY), ("3", STOP)):
            await socket.subscribe(name, DEPARTURES, stop=stop)
            await socket.next(name)
        assert city.live.counts == {"clients": 1, "questions": 2, "listeners": 3}
        socket.connection.transport.abort()
    await city.quiet()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_who_comes_and_goes_at_once(city):
    before = asyncio.all_tasks()
    for _ in range(20):
        async with city.greeted() as socket:
            await socket.subscribe("1")
            await socket.say(id="1", type="complete")
            await socket.subscribe("1")
    await city.quiet()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_a_server_that_stops_says_so(city):
    async with city.greeted() as busy, city.greeted() as idle, city.socket() as silent:
        await busy.subscribe("1")
        await busy.next("1")
        city.server.should_exit = True
        assert [await one.closed() for one in (busy, idle, silent)] == [1001, 1001, 1001]

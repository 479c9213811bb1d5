"""Requests that are traced: each step of those that were executed, and where others came from."""

import asyncio
import gzip
import json

import httpx
import pytest
import structlog

from tests.conftest import RECORDINGS, down, serving
from tests.front_door.partners import CLIENTS, KEY, PEPPER, bearer
from tests.front_door.talking import talking

pytestmark = pytest.mark.anyio

POOLS = "{ pools(first: 1) { totalCount nodes { name } } }"
NAMED = "query Mine($name: String) { pools(name: $name) { totalCount } }"
SCHOOLS = "{ pools { totalCount } schools { totalCount } }"
READ = {"wait for nantes/pools": {}, "read nantes/pools": {"GET nantes/pools": {}}}
RECORDED = RECORDINGS / "nantes/pools-1.json.gz"
PLANNED = {"parse": {}, "validate": {}}


@pytest.fixture
async def server(told, replay):
    async with serving(httpx.MockTransport(replay), trace=1) as server:
        yield server


async def test_the_first_is_told_step_by_step(server, told):
    await server.post(POOLS)

    assert told.tree == {"query": {**PLANNED, "compile": {}, "execute": READ}}
    assert told.about("execute") == {"poche.executor": "compiled"}
    assert told.about("GET nantes/pools") == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "poche.bytes": len(gzip.decompress(RECORDED.read_bytes())),
        "poche.source": "nantes/pools",
        "server.address": "data.nantesmetropole.fr",
    }
    assert {span.status.status_code.name for span in told.spans} == {"UNSET"}
    assert told.one("GET nantes/pools").kind.name == "CLIENT"
    [request] = told.requests
    assert request.start_time <= told.one("parse").start_time
    assert request.end_time >= told.one("execute").end_time


async def test_what_is_known_is_told_with_where_it_came_from(server, told):
    for _ in range(2):
        await server.post(POOLS)
    server.clock.advance(1)  # nothing that was finished outlives its second
    await server.post(POOLS)
    await server.post(POOLS)

    origins = [span.attributes["poche.origin"] for span in told.requests]
    assert origins == ["execution", "finished", "memory", "finished"]
    assert [span.name for span in told.requests] == ["query"] * 4
    assert told.tree["query"] == {}  # the last one's


async def test_those_who_ask_together_are_told_that_one_was_executed(server, told, replay):
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(request):
        begun.set()
        await go.wait()
        del replay.broken["pools"]
        return replay(request)

    replay.broken["pools"] = slow
    bodies = [json.dumps({"query": POOLS}) + " " * spaces for spaces in range(3)]
    headers = {"content-type": "application/json"}
    asking = [
        asyncio.create_task(server.client.post("/graphql", content=body, headers=headers))
        for body in bodies
    ]
    await begun.wait()
    go.set()
    await asyncio.gather(*asking)

    assert sorted(span.attributes["poche.origin"] for span in told.requests) == [
        "execution", "flight", "flight",
    ]  # fmt: skip
    execution = told.one("execute")
    [first] = [one for one in told.requests if one.context.span_id == execution.parent.span_id]
    assert first.attributes["poche.origin"] == "execution"


async def test_a_source_that_fails_is_told_where_it_was_asked(server, told, replay):
    replay.broken["schools"] = down
    await server.post(SCHOOLS)

    [request], calls = told.requests, told.named("GET nantes/schools")
    assert len(calls) == 3  # tries
    for span in (*calls, told.one("read nantes/schools"), request):
        assert span.status.status_code.name == "ERROR", span.name
    for span in calls:
        assert span.attributes["poche.outcome"] == span.attributes["error.type"] == "UNAVAILABLE"
    assert request.attributes["poche.outcome"] == "PARTIAL"
    assert request.attributes["poche.errors"] == ("UNAVAILABLE",)
    assert told.one("read nantes/pools").status.status_code.name == "UNSET"


async def test_a_client_s_mistake_is_no_error_of_ours(server, told):
    await server.post("{ nothing }")

    [request] = told.requests
    assert request.name == "GraphQL Operation"
    assert request.attributes["poche.outcome"] == "GRAPHQL_VALIDATION_FAILED"
    assert request.status.status_code.name == "UNSET"


async def test_what_is_not_compiled_says_so(told, replay):
    async with serving(httpx.MockTransport(replay), trace=1) as server:
        await server.post("{ __schema { queryType { name } } }")
    async with serving(httpx.MockTransport(replay), trace=1, executor="graphql-core") as server:
        await server.post(POOLS)

    assert [span.attributes["poche.executor"] for span in told.named("execute")] == [
        "graphql-core", "graphql-core",
    ]  # fmt: skip
    assert told.about("compile") == {"poche.outcome": "Unsupported"}
    assert told.one("compile").status.status_code.name == "UNSET"


async def test_who_asks_what_is_told_and_nothing_that_is_secret(told, replay, tmp_path):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    (tmp_path / "documents").mkdir()
    text = "query Pools { pools(first: 1) { totalCount } }"
    (tmp_path / "documents" / "home.json").write_text(json.dumps({"home": text}))
    options = {"clients": tmp_path / "clients.toml", "documents": tmp_path / "documents"}
    mock = httpx.MockTransport(replay)
    async with serving(mock, trace=1, pepper=PEPPER, **options) as server:
        await server.client.post("/graphql", json={"id": "home"}, headers=bearer(KEY))
        private = {"query": NAMED, "variables": {"name": "Petit Port"}}
        await server.client.post("/graphql", json=private, headers=bearer(KEY))

    published, sent = told.requests
    assert published.name == "query Pools"
    assert published.attributes["poche.client"] == "tram-app"
    assert published.attributes["poche.document"] == "home"
    assert published.attributes["poche.cost"] > 0
    assert published.attributes["poche.sources"] == ("nantes/pools",)
    assert sent.name == "query"  # a name that clients make up tells no spans apart
    assert sent.attributes["graphql.operation.name"] == "Mine"
    assert "poche.document" not in sent.attributes
    everything = "".join(span.to_json() for span in told.spans)
    for secret in (KEY, PEPPER, "totalCount", "Petit Port", "127.0.0.", "https://", "/graphql"):
        assert secret not in everything, secret


async def test_a_name_is_told_no_longer_than_is_good(server, told):
    await server.post(f"query {'x' * 10_000} {{ __typename }}")
    assert len(told.requests[0].attributes["graphql.operation.name"]) == 200


async def test_the_line_of_log_leads_to_the_trace(server, told):
    with structlog.testing.capture_logs() as logs:
        await server.post(POOLS)
    [line] = [line for line in logs if line["event"] == "request"]
    [request] = told.requests
    assert line["trace"] == f"{request.context.trace_id:032x}"
    assert request.attributes["poche.request"] == line["request"]


async def test_a_share_of_them_is_told(told, replay, monkeypatch):
    drawn = iter([0.5, 0.009, 0.01, 0.0])
    monkeypatch.setattr("server.tracing.random", lambda: next(drawn))
    async with serving(httpx.MockTransport(replay), trace=0.01) as server:
        with structlog.testing.capture_logs() as logs:
            for _ in range(4):
                await server.post("{ __typename }")
    assert len(told.requests) == 2
    assert ["trace" in one for one in logs if one["event"] == "request"] == [
        False, True, False, True,
    ]  # fmt: skip


# What our web server answers without the application (`server/wire.py`)


async def test_what_is_given_again_on_the_wire_is_told_each_time(told, tmp_path, monkeypatch):
    async with talking(tmp_path, monkeypatch, trace=1, rate=1, burst=3) as talk:
        body = b'{"query": "{ __typename }"}'
        for number in range(4):
            await talk.ask("POST", "/graphql", body, X_Request_Id=f"id-{number}")
        seen = len(talk.seen)

    about = [dict(span.attributes) for span in told.requests]
    assert [one["poche.request"] for one in about] == ["id-0", "id-1", "id-2", "id-3"]
    assert [one.get("poche.origin") for one in about] == ["execution", "finished", "finished", None]
    assert [one["poche.outcome"] for one in about] == ["OK", "OK", "OK", "RATE_LIMITED"]
    assert seen < 4
    assert all(span.parent is None for span in told.requests)


async def test_what_is_shed_on_the_wire_is_told(told, tmp_path, monkeypatch):
    async with talking(tmp_path, monkeypatch, trace=1) as talk:
        headers = {"Accept": "application/json"}
        other = b'{"query": "{ pools { totalCount } }", "variables": {"n": 1}}'
        await talk.ask("POST", "/graphql", b'{"query": "{ pools { totalCount } }"}', **headers)
        monkeypatch.setattr("server.concurrency.Concurrency.room", lambda *_: 0)
        top, _ = await talk.ask("POST", "/graphql", other, **headers)

    assert top.startswith(b"HTTP/1.1 503")
    shed = told.requests[-1]
    assert shed.attributes["poche.outcome"] == "OVERLOADED"
    assert shed.status.status_code.name == "ERROR"
    assert len(told.requests) == 2

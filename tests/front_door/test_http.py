"""GraphQL over HTTP: what the answers look like, and what stands around them."""

import asyncio
from urllib.parse import quote

import httpx
import pytest
import structlog

from resolvers.loaders import registered
from schema.pools import PoolsIn
from server.app import create_app
from server.settings import Settings
from tests.conftest import Clock, down, serving

GRAPHQL, JSON = "application/graphql-response+json", "application/json"
TYPENAME = {"query": "{ __typename }"}
POOLS = {"query": "{ pools { totalCount } }"}
PAGE = {"query": "query ($n: Int) { pools(first: $n) { nodes { name } } }"}

pytestmark = pytest.mark.anyio


QUERY_ERRORS = {
    "{": (400, "GRAPHQL_PARSE_FAILED"),
    "": (422, "BAD_REQUEST"),
    "{ nothing }": (422, "GRAPHQL_VALIDATION_FAILED"),
    "{ pools {} }": (400, "GRAPHQL_PARSE_FAILED"),  # not in the grammar of 2025
    "{ pools(first: true) { totalCount } }": (422, "BAD_USER_INPUT"),
    "query A { __typename } query B { __typename }": (422, "OPERATION_RESOLUTION_FAILURE"),
    "fragment A on Pool { name }": (422, "GRAPHQL_VALIDATION_FAILED"),
    "query ($n: Int!) { pools(first: $n) { totalCount } }": (422, "BAD_USER_INPUT"),
    "mutation { __typename }": (403, "FORBIDDEN"),
    "subscription { __typename }": (422, "GRAPHQL_VALIDATION_FAILED"),
}


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
@pytest.mark.parametrize("query", QUERY_ERRORS)
async def test_what_never_executes_has_no_data(client, query, accept):
    answer = await client.post("/graphql", json={"query": query}, headers={"accept": accept})

    status, code = QUERY_ERRORS[query]
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(accept)
    body = answer.json()
    assert set(body) == {"errors"}
    for error in body["errors"]:
        assert error["message"]
        assert error["extensions"]["code"] == code
        assert set(error) <= {"message", "locations", "extensions"}


# Data, with and without errors


async def test_keys_are_in_the_order_asked(client):
    query = "{ b: __typename pools { totalCount } ...F a: __typename }"
    query += " fragment F on Query { c: __typename }"

    answer = await client.post("/graphql", json={"query": query})

    body = answer.json()
    assert list(body) == ["data", "extensions"]
    assert list(body["data"]) == ["b", "pools", "c", "a"]


@pytest.mark.parametrize(
    ("accept", "setting", "status"), [(GRAPHQL, 294, 294), (JSON, 294, 200), (GRAPHQL, 200, 200)]
)
async def test_data_with_errors(replay, serve, accept, setting, status):
    replay.broken["pools"] = down
    query = "{ ok: __typename lost: pools { totalCount } }"
    async with serve(partial_success_status=setting) as server:
        answer = await server.client.post(
            "/graphql", json={"query": query}, headers={"accept": accept}
        )
        well = await server.client.post("/graphql", json=TYPENAME, headers={"accept": accept})

    assert answer.status_code == status
    assert well.status_code == 200
    assert answer.json()["data"] == {"ok": "Query", "lost": None}
    [error] = answer.json()["errors"]
    assert error["path"] == ["lost"]
    assert error["locations"] == [{"line": 1, "column": 18}]


async def test_our_bugs_are_for_the_log(monkeypatch, client):
    async def broken(self, kind, city):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("resolvers.loaders.Loaders.collection", broken)
    with structlog.testing.capture_logs() as logs:
        answer = await client.post("/graphql", json=POOLS)

    [error] = answer.json()["errors"]
    [logged] = [entry for entry in logs if entry["event"] == "bug"]
    assert "hunter2" not in answer.text
    assert error["extensions"] == {"code": "INTERNAL", "id": logged["id"]}
    assert logged["id"] in error["message"]
    assert "hunter2" in str(logged["exc_info"])


async def test_graphql_core_s_own_words_are_masked_too(monkeypatch, client):
    async def wrong(ask, keys):
        return ["not a page at all"] * len(keys)

    monkeypatch.setitem(registered, PoolsIn, wrong)
    answer = await client.post("/graphql", json=POOLS)

    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"INTERNAL"}
    assert "not a page" not in answer.text


@pytest.mark.parametrize(("n", "cost"), [(5, 0.6), (20_000, 2000.1)])
async def test_the_cost_is_told_beforehand_to_who_asks(replay, serve, n, cost):
    body = {**PAGE, "variables": {"n": n}}
    async with serve() as server:
        answer = await server.client.post(
            "/graphql", json=body, headers={"x-poche-explain": "cost"}
        )

    assert answer.status_code == 200
    expected = {
        "estimated": cost,
        "actual": None,
        "limit": 1000,
        "remaining": None,
        "resetAt": None,
    }
    assert answer.json() == {"data": None, "extensions": {"cost": expected}}
    assert not replay.calls


async def test_what_is_too_expensive_is_refused(client):
    plain = await client.post("/graphql", json={**PAGE, "variables": {"n": 20_000}})

    assert plain.status_code == 422
    assert plain.json()["errors"][0]["extensions"] == {
        "code": "COST_ESTIMATED_TOO_EXPENSIVE",
        "limit": "cost",
        "value": 2000.1,
        "bound": 1000,
    }


# Around the answer


async def test_large_answers_are_compressed_for_who_can_read_that(client):
    for coding in ("br", "gzip", "identity"):
        answer = await client.post(
            "/graphql",
            json={"query": "{ pools { nodes { name address { street } } } }"},
            headers={"accept-encoding": coding},
        )
        assert answer.headers.get("content-encoding", "identity") == coding
        assert "Accept-Encoding" in answer.headers["vary"]
        assert len(answer.json()["data"]["pools"]["nodes"]) == 17


PREFLIGHT = {
    "origin": "https://app.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
}


async def test_other_sites_may_not_ask(client):
    answer = await client.post("/graphql", json=TYPENAME, headers=PREFLIGHT)
    preflight = await client.options("/graphql", headers=PREFLIGHT)

    assert preflight.status_code == 405
    for one in (answer, preflight):
        assert not any(name.startswith("access-control") for name in one.headers)


async def test_other_sites_may_ask_where_they_are_named(serve):
    async with serve(cors_origins=["https://app.example"]) as server:
        preflight = await server.client.options("/graphql", headers=PREFLIGHT)
        answer = await server.client.post("/graphql", json=TYPENAME, headers=PREFLIGHT)
        plain = await server.client.post("/graphql", json=TYPENAME)
        stranger = await server.client.options(
            "/graphql", headers={**PREFLIGHT, "origin": "https://other.example"}
        )

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-credentials" not in answer.headers
    for one in (answer, plain):  # a cache must not give one site what it kept for another
        assert "Origin" in one.headers["vary"].split(", ")
    assert stranger.status_code == 400


async def test_work_stops_when_the_client_has_gone(replay):
    """The read that others may wait for goes on; the fields of the one who left do not."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            reached.set()
            await go_on.wait()
            return replay(request)

    app = create_app(Settings(warm=False), transport=Slow(), clock=Clock())
    asked = quote("{ pools { nodes { stops { departures { headsign } } } } }")
    sent = []

    async def receive():
        if not sent:
            sent.append("request")
            return {"type": "http.request", "body": b"", "more_body": False}
        await reached.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/graphql", "headers": []}
    async with app.router.lifespan_context(app):
        await app({**scope, "query_string": f"query={asked}".encode()}, receive, send)
        go_on.set()
        inside = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=inside, base_url="http://test") as client:
            other = await client.post("/graphql", json=POOLS)

    assert sent[1]["status"] == 400  # nobody reads it
    assert other.json()["data"] == {"pools": {"totalCount": 17}}
    assert replay.calls == {"pools": 1}


async def test_being_stopped_by_the_server_is_not_a_client_that_left(serve, replay):
    class Never(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            await asyncio.Event().wait()

    async with serving(Never()) as server:
        task = asyncio.create_task(server.client.post("/graphql", json=POOLS))
        await asyncio.wait([task], timeout=0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

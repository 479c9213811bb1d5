"""The way around the layers: answered just as through them."""

import asyncio
import json
from itertools import product

import httpx
import pytest

from server.asked import Asked
from tests.conftest import Replay, serving

pytestmark = pytest.mark.anyio

POOLS = "{ pools(first: 2) { nodes { name address { street } } } }"
OWN = (b"x-request-id", b"ratelimit", b"date")
PLAIN = {"content-type": "application/json"}


def scope_of(body, headers):
    given = {**PLAIN, "content-length": str(len(body)), **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 2),
        "state": {},
    }


def asked_for(body):
    return Asked(scope_of(body, {}), body)


async def for_ever():
    await asyncio.Event().wait()


async def directly(app, body, headers):
    """What it is answered; None if it has to go through the layers."""
    asked = Asked(scope_of(body, headers), body)
    if not app.state.direct.takes(asked):
        return None
    found = await app.state.direct.begun(asked, for_ever, "192.0.2.7")
    return found.status_code, told(found.raw_headers), bytes(found.body)


async def through_layers(app, body, headers):
    unread, said = [body], []

    async def receive():
        if not unread:
            await for_ever()
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    async def send(message):
        said.append(message)

    await app(scope_of(body, headers), receive, send)
    return said[0]["status"], told(said[0]["headers"]), b"".join(m.get("body", b"") for m in said)


def told(headers):
    return sorted(
        (name.lower(), b"".join(value.split())) for name, value in headers if name not in OWN
    )


@pytest.fixture
async def server(tmp_path):
    async with serving(httpx.MockTransport(Replay()), data=tmp_path, remember_bytes=0) as server:
        await server.ask(POOLS)  # reads the source
        yield server


BODIES = [
    json.dumps({"query": POOLS}),
    json.dumps({"query": "{ __typename }"}),
    json.dumps({"query": "query($n: Int) { pools(first: $n) { totalCount } }",
                "variables": {"n": "two"}}),
    json.dumps({"query": "{ nothing }"}),
    json.dumps({"query": "mutation { __typename }"}),
    json.dumps({"documentId": "no such"}),
    "[]",
    "not JSON",
    "",
]  # fmt: skip
HEADERS = [
    {},
    {"accept": "application/json"},
    {"authorization": "Bearer nobody's"},
    {"content-type": "text/plain"},
    {"x-poche-sources": "off", "accept-language": "en"},
]


@pytest.mark.parametrize("origins", [(), ("https://app.example",)])
async def test_the_answer_is_the_same(tmp_path, origins):
    settings = {"data": tmp_path, "remember_bytes": 0, "cors_origins": origins}
    async with serving(httpx.MockTransport(Replay()), **settings) as server:
        await server.ask(POOLS)
        for body, headers in product(BODIES, HEADERS):
            asked = server.app, body.encode(), headers
            direct = await directly(*asked)
            assert direct is not None
            assert direct == await through_layers(*asked), (body, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "text/event-stream"},
        {"accept": "multipart/mixed, application/json"},
        {"accept-encoding": "gzip"},
        {"origin": "https://app.example"},
        {"expect": "100-continue"},
        {"x-poche-explain": "cost"},
        {"if-none-match": '"x"'},
    ],
)
async def test_whatever_is_not_plain_goes_through_the_layers(server, headers):
    assert await directly(server.app, json.dumps({"query": POOLS}).encode(), headers) is None


async def test_what_is_in_memory_is_answered_there_and_then(server):
    body = json.dumps({"query": POOLS}).encode()
    begun = server.app.state.direct.begun(asked_for(body), for_ever, "192.0.2.7")
    assert begun.done()
    assert b'"errors"' not in begun.result().body


async def test_what_is_done_for_who_has_gone_is_stopped(tmp_path):
    asked = asyncio.Event()

    async def never(_):
        asked.set()
        await for_ever()

    async with serving(httpx.MockTransport(never), data=tmp_path) as server:
        body = json.dumps({"query": POOLS}).encode()
        begun = server.app.state.direct.begun(asked_for(body), for_ever, "192.0.2.7")
        await asked.wait()
        begun.cancel()

        assert (await begun).status_code == 400
        assert server.app.state.gate.metrics.errors["CLIENT_GONE"] == 1
        assert not server.app.state.gate.concurrency.running.total()


async def test_nobody_is_let_in_who_is_not_known(server):
    body = json.dumps({"query": POOLS}).encode()
    status, _, _ = await directly(server.app, body, {"x-api-key": "poche_unknown"})
    assert status == 401


async def test_a_header_that_comes_twice_is_for_the_layers(server):
    body = json.dumps({"query": POOLS}).encode()
    scope = scope_of(body, {"accept": "text/event-stream"})
    scope["headers"].append((b"accept", b"*/*"))
    assert not server.app.state.direct.takes(Asked(scope, body))

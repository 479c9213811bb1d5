"""More than can be executed: who is answered all the same, and what the others are told."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
import structlog
from partners import KEY, PEPPER, SAFE_KEY, bearer

from server.asked import Asked
from server.clients import hashed
from server.concurrency import ROOM, SHARE, Priority
from tests.conftest import changed

pytestmark = pytest.mark.anyio

LIMIT = 10
SETTLED = 20  # turns of the loop: to be planned takes a place, too, but for a moment
PLACES = int(LIMIT * SHARE[Priority.ANONYMOUS])
BIKES = "query Bikes { bikes(first: 1) { nodes { name } } }"
CITIES = "{ cities { name } }"
CLIENTS = f"""
[partner]
keys = ["{hashed(SAFE_KEY, PEPPER)}"]
mode = "safelist"
rate = 0

[modest]
keys = ["{hashed(KEY, PEPPER)}"]
concurrency = 2
"""


@pytest.fixture
async def held(serve, replay, tmp_path, monkeypatch):
    """A server whose anonymous places are all taken, and their line full, until `go` is set."""
    for name in ("LEAST", "FIRST", "MOST"):
        monkeypatch.setattr(f"server.concurrency.{name}", LIMIT)
    monkeypatch.setattr("server.concurrency.WAIT_S", 3_600)
    monkeypatch.setattr("server.remembered.JOIN_S", 60)  # however slow the machine is
    (tmp_path / "clients.toml").write_text(CLIENTS)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "all.json").write_text(json.dumps({"bikes": BIKES}))
    options = {"clients": tmp_path / "clients.toml", "documents": tmp_path / "documents"}
    async with serve(**options, pepper=PEPPER, rate=100, burst=1_000) as server:
        assert "errors" not in await server.ask(CITIES)
        async with flood(server, replay) as go:
            server.go = go
            yield server


@asynccontextmanager
async def flood(server, replay):
    """Different questions about a source that says nothing yet; those not refused are answered."""
    go = asyncio.Event()

    async def hesitant(request):
        await go.wait()
        del replay.broken["pools"]
        return replay(request)

    replay.broken["pools"] = hesitant
    asking = [
        asyncio.create_task(server.post(f"{{ pools(first: {number}) {{ nodes {{ name }} }} }}"))
        for number in range(1, PLACES + ROOM[Priority.ANONYMOUS] + 1)
    ]
    concurrency, turns = server.app.state.gate.concurrency, 0
    while turns < SETTLED:
        await asyncio.sleep(0)
        taken = concurrency.running.total() == PLACES and concurrency.full(Priority.ANONYMOUS)
        turns = turns + 1 if taken else 0
    yield go
    go.set()
    for answer in await asyncio.gather(*asking):
        assert answer.status_code == 200


async def test_the_others_are_told_when_to_come_again(held):
    refused = await held.post("{ pools(first: 77) { totalCount } }")

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "2"
    assert refused.headers["cache-control"] == "no-store"
    [error] = refused.json()["errors"]
    assert error["extensions"] == {"code": "OVERLOADED", "retryAfter": 2}
    told = (await held.client.get("/metrics")).text
    assert 'poche_overload_refused_total{priority="anonymous"} 1.0' in told
    assert f'poche_executions{{priority="anonymous"}} {PLACES}.0' in told
    assert f"poche_executions_limit {LIMIT}.0" in told


async def test_who_is_refused_has_spent_nothing(held):
    async def left():
        ask = {"X-Poche-Explain": "cost"}
        quote = await held.client.post("/graphql", json={"query": CITIES}, headers=ask)
        return quote.json()["extensions"]["cost"]["remaining"]

    before = await left()
    assert (await held.post("{ menus(days: 3) { date } }")).status_code == 503  # nor is it planned
    assert (await held.post("{ pools(first: 7) { nodes { id } } }")).status_code == 503
    assert await left() == before


async def test_what_is_remembered_is_given(held):
    finished = await held.post(CITIES)
    body = {"query": CITIES, "operationName": ""}
    from_memory = await held.client.post("/graphql", json=body)
    counted = (await held.client.get("/metrics")).text

    assert (finished.status_code, from_memory.status_code) == (200, 200)
    assert 'poche_answers_total{origin="finished"} 1.0' in counted
    assert 'poche_answers_total{origin="memory"} 1.0' in counted


async def test_what_is_being_executed_is_waited_for(held, monkeypatch):
    monkeypatch.setattr("server.making.JOIN_S", 0)  # it has waited at the door
    same = asyncio.create_task(held.post("{ pools(first: 1) { nodes { name } } }"))
    for _ in range(SETTLED):  # it has come by then, and there is no room yet
        await asyncio.sleep(0)
    held.go.set()
    assert (await same).status_code == 200


async def test_known_clients_and_known_documents_come_first(held):
    question = {"documentId": "bikes"}
    partner = await held.client.post("/graphql", json=question, headers=bearer(SAFE_KEY))
    first_party = await held.client.post("/graphql", json=question | {"extensions": {}})
    by_text = await held.client.post("/graphql", json={"query": BIKES})

    assert [one.status_code for one in (partner, first_party, by_text)] == [200, 200, 200]
    assert "errors" not in partner.json()


async def test_a_partner_has_as_many_at_a_time_as_its_table_says(held):
    async def ask(number):
        question = {"query": f"{{ pools(first: {number}) {{ nodes {{ id }} }} }}"}
        return await held.client.post("/graphql", json=question, headers=bearer(KEY))

    asking = [asyncio.create_task(ask(number)) for number in (1, 2, 3)]
    done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    [refused] = [one.result() for one in done]
    assert refused.status_code == 429
    assert refused.json()["errors"][0]["extensions"]["limit"] == "concurrency"
    held.go.set()
    assert sorted(one.status_code for one in await asyncio.gather(*asking)) == [200, 200, 429]


async def test_a_broken_execution_gives_its_place_back(serve, replay):
    replay.broken["pools"] = changed
    async with serve() as server:
        for number in range(1, 100):
            answer = await server.post(f"{{ pools(first: {number}) {{ nodes {{ name }} }} }}")
            assert answer.status_code == 200
        assert server.app.state.gate.concurrency.running.total() == 0


async def test_streams_are_no_way_around(held):
    async def streamed(query):
        headers = {"Accept": "text/event-stream"}
        return await held.client.post("/graphql", json={"query": query}, headers=headers)

    assert (await streamed("{ pools(first: 5) { nodes { id } } }")).status_code == 503
    assert (await streamed(CITIES)).status_code == 200


def on_the_wire(server, body, method="POST", path="/graphql", **headers):
    """What our web server sends without asking the application; None if it does ask."""
    given = {"content-type": "application/json", "accept": "application/json", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    scope = {"method": method, "path": path, "query_string": b"", "headers": raw}
    asked = Asked(scope, body if isinstance(body, bytes) else json.dumps(body).encode())
    return server.app.state.shedding.at_once(asked, "192.0.2.7")


async def test_a_flood_is_refused_on_the_wire_as_it_would_be_further_in(held):
    question = {"query": "{ pools(first: 77) { totalCount } }"}  # and nobody has planned it
    shed = on_the_wire(held, question)
    usual = await held.client.post("/graphql", json=question, headers={"Accept": "*/*"})

    assert (shed.status, json.loads(shed.body)) == (usual.status_code, usual.json())
    head = dict(line.split(": ", 1) for line in shed.head.decode().splitlines())
    assert set(head) >= set(usual.headers) - {"content-type"}
    for name in ("retry-after", "cache-control", "vary", "x-content-type-options"):
        assert head[name] == usual.headers[name]
    assert head["content-type"] == "application/json; charset=utf-8"
    assert int(head["content-length"]) == len(shed.body)


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ({"query": CITIES, "operationName": ""}, {}),  # remembered
        ({"query": "{ pools(first: 1) { nodes { name } } }"}, {}),  # being executed
        ({"query": BIKES}, {}),  # published
        ({"documentId": "bikes"}, {}),
        ({"query": "{ cities { name } }", "documentId": "bikes"}, {}),  # a mistake
        ({"query": 7}, {}),
        ([], {}),
        (b'{"variables": {"a": ' + b"[" * 100_000, {}),
        ({"query": "{ pools { name"}, {"method": "GET"}),
        ({"query": "{ menus { date } }"}, {"authorization": f"Bearer {KEY}"}),
        ({"query": "{ menus { date } }"}, {"x_api_key": "whatever"}),
        ({"query": "{ menus { date } }"}, {"origin": "https://elsewhere.example"}),
        ({"query": "{ menus { date } }"}, {"accept": "text/event-stream"}),
        ({"query": "{ menus { date } }"}, {"content_type": "text/plain"}),
        ({"query": "{ menus { date } }"}, {"path": "/healthz"}),
    ],
)
async def test_nobody_else_is_refused_on_the_wire(held, body, more):
    assert on_the_wire(held, body, **more) is None


async def test_nobody_is_refused_on_the_wire_while_there_is_room(serve):
    async with serve() as server:
        assert on_the_wire(server, {"query": "{ pools(first: 77) { totalCount } }"}) is None


def in_bytes(body, *more, length=None):
    """A request as it comes over the wire, in one piece."""
    body = json.dumps(body).encode()
    lines = ["POST /graphql HTTP/1.1", "Host: poche", "Content-Type: application/json"]
    lines += ["Accept: application/json", f"Content-Length: {length or len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


POINTLESS = in_bytes({"query": "{ pools(first: 77) { totalCount } }"})


def unparsed(server, data):
    """What our web server sends to who sent these bytes, and nothing before; None if it parses."""
    return server.app.state.shedding.unparsed(data, ("192.0.2.7", 1), server.app)


async def test_whole_requests_are_refused_unparsed_and_told_together(held):
    shedding = held.app.state.shedding
    assert on_the_wire(held, {"query": "{ pools(first: 77) { totalCount } }"}).status == 503
    assert shedding.shut

    first, second = (unparsed(held, POINTLESS) for _ in range(2))
    with structlog.testing.capture_logs() as logs:
        shedding.close()

    assert not shedding.shut  # a second later, unless another one was refused
    assert (first.status, json.loads(first.body)["errors"][0]["extensions"]["code"]) == (
        503,
        "OVERLOADED",
    )
    assert first.head != second.head  # each has an id of its own
    counted = (await held.client.get("/metrics")).text
    assert 'poche_overload_refused_total{priority="anonymous"} 3.0' in counted
    assert 'poche_errors_total{code="OVERLOADED"} 3.0' in counted
    [said] = logs
    assert (said["event"], said["requests"]) == ("refused", 3)
    assert "192.0.2.0/24" in said["networks"]


@pytest.mark.parametrize(
    "data",
    [
        POINTLESS[:-1],  # there is more to come
        POINTLESS * 2,
        POINTLESS + b"G",
        POINTLESS.replace(b"/graphql", b"/graphql?x=1"),
        POINTLESS.replace(b"POST", b"PUT"),
        POINTLESS.replace(b"HTTP/1.1", b"HTTP/1.0"),
        POINTLESS.replace(b"Host: poche", b"Host poche"),
        in_bytes({"query": "{ a }"}, "Connection: close"),
        in_bytes({"query": "{ a }"}, "Content-Length: 3"),
        in_bytes({"query": "{ a }"}, "Transfer-Encoding: chunked"),
        in_bytes({"query": "{ a }"}, "Connection: upgrade", "Upgrade: websocket"),
        in_bytes({"query": "{ a }"}, "Expect: 100-continue"),
        in_bytes({"query": "{ a }"}, f"Authorization: Bearer {KEY}"),
        in_bytes({"query": "{ a }"}, f"X-Padding: {'x' * 4_096}"),
        in_bytes({"query": f"{{ a }} #{'x' * 20_000}"}),
        b"\r\n\r\n",
        b"",
    ],
)
async def test_what_is_not_one_whole_plain_request_is_parsed(held, data):
    assert unparsed(held, POINTLESS) is not None
    assert unparsed(held, data) is None


async def test_what_is_published_later_is_refused_no_longer(held, tmp_path):
    text = "{ pools(first: 1) { nodes { name } } }"  # planned, and asked otherwise
    question = {"query": text, "variables": {"n": 1}}
    assert on_the_wire(held, question).status == 503
    published = {"bikes": BIKES, "later": text}
    (tmp_path / "documents" / "more.json").write_text(json.dumps(published))
    await held.app.state.gate.documents.refresh(again=True)
    assert on_the_wire(held, question) is None


async def test_when_there_is_room_again_nothing_is_refused_unparsed(held):
    held.go.set()
    while held.app.state.gate.concurrency.full(Priority.ANONYMOUS):  # noqa: ASYNC110 - by turns
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert unparsed(held, POINTLESS) is None

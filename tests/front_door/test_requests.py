"""Requests: what is read from a body, a URL, and by which method; and what is refused there."""

import asyncio
import json

import pytest

TYPENAME = {"query": "{ __typename }"}

pytestmark = pytest.mark.anyio


BODIES = {
    "": 400,
    "{": 400,
    "42": 422,
    "null": 422,
    "[]": 422,
    '"query"': 422,
    "{}": 422,
    '{"query": 1}': 422,
    '{"query": null}': 422,
    '{"query": "{ __typename }", "variables": []}': 422,
    '{"query": "{ __typename }", "variables": "{}"}': 422,
    '{"query": "{ __typename }", "operationName": 1}': 422,
    '{"query": "{ __typename }", "extensions": 1}': 422,
    '{"query": "{ __typename }", "operationName": "Other"}': 422,
    '{"query": "{ __typename }", "variables": null, "operationName": null}': 200,
    '{"query": "{ __typename }", "operationName": ""}': 200,
    '{"query": "{ __typename }", "onError": "NULL", "more": [1]}': 200,
    '{"query": "{", "query": "{ __typename }"}': 200,  # the last one counts
    '{"query": "\ufeff\u00a0"}': 400,
    '{"query": "\\"What for\\" query A { __typename }"}': 200,  # a description, as of 2025
    ' {"query": "# \u00e9\U0001f600\\n{ __typename }"} ': 200,
}


@pytest.mark.parametrize("body", BODIES)
async def test_bodies(client, body):
    answer = await client.post(
        "/graphql", content=body.encode(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == BODIES[body]
    assert ("data" in answer.json()) == (answer.status_code == 200)
    assert ("errors" in answer.json()) == (answer.status_code != 200)


async def test_bodies_that_are_not_utf_8(client):
    for content in (
        b'{"query": "\xff"}',
        '{"query": "é"}'.encode("latin-1"),
        b"\xff\xfe{\x00}\x00",
    ):
        headers = {"content-type": "application/json"}
        answer = await client.post("/graphql", content=content, headers=headers)
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON ; Charset="UTF-8"', 200),
        ("application/json; profile=x", 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/graphql", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain; a=application/json", 415),
        ("", 415),
    ],
)
async def test_content_types_that_a_form_could_send_are_refused(client, content_type, status):
    content = json.dumps(TYPENAME)
    answer = await client.post("/graphql", content=content, headers={"content-type": content_type})

    assert answer.status_code == status


async def test_compressed_bodies_are_refused(client):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    answer = await client.post("/graphql", content=b"\x1f\x8b", headers=headers)

    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "identity"


async def test_bodies_have_a_bound(serve):
    async with serve(max_body=40) as server:
        assert (await server.client.post("/graphql", json=TYPENAME)).status_code == 200

        async def chunks():
            while True:
                yield b" " * 30

        headers = {"content-type": "application/json"}
        large = await server.client.post("/graphql", json={**TYPENAME, "extensions": {"a": 1}})
        endless = await server.client.post("/graphql", content=chunks(), headers=headers)

    for answer in (large, endless):
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"


async def test_bodies_that_never_come_are_given_up(serve):
    async with serve(read_s=0.01) as server:

        async def never():
            yield b"{"
            await asyncio.Event().wait()

        headers = {"content-type": "application/json"}
        answer = await server.client.post("/graphql", content=never(), headers=headers)

    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"


# GET, and other methods


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("query={__typename}", 200),
        ("query={__typename}&operationName=&variables=&extensions=", 200),
        ("query={__typename}&variables=null&extensions={}", 200),
        ("query=query($n:Int){pools(first:$n){totalCount}}&variables={%22n%22:1}", 200),
        ("query={__typename}&unknown=1", 200),
        ("query={&query={__typename}", 200),  # the last one counts
        ("query={__typename}&variables={", 400),
        ("query={__typename}&variables=[]", 422),
        ("query={__typename}&variables=1", 422),
        ("query={__typename}&extensions=1", 422),
        ("query={__typename}&operationName=Other", 422),
        ("query=", 422),
        ("", 422),
        ("query=%FF", 400),
        ("query=%00", 400),
        ("query=%ED%A0%80", 400),  # a lone surrogate
        ("query={__typename}&more=" + "x" * 20_000, 414),
    ],
)
async def test_get(client, query, status):
    answer = await client.get(f"/graphql?{query}")

    assert answer.status_code == status
    if status == 200:
        assert "errors" not in answer.json()


async def test_bytes_in_a_url_that_are_no_text(client):
    transport = client._transport
    messages = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        messages.append(message)

    scope = {"type": "http", "method": "GET", "path": "/graphql", "headers": []}
    await transport.app({**scope, "query_string": b"query=\xff"}, receive, send)

    assert messages[0]["status"] == 400


async def test_head_is_a_get_without_its_body(client):
    answer = await client.head("/graphql?query={__typename}")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/graphql-response+json")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY"])
async def test_other_methods_are_told_which_ones_there_are(client, method):
    answer = await client.request(method, "/graphql", json=TYPENAME)

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.fixture
def mutable(monkeypatch):
    """A city that can be changed, so that there is something to refuse."""
    import strawberry

    import schema

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        def change(self) -> int:
            return 1

    query = schema.build().query
    built = strawberry.federation.Schema(
        query=query, mutation=Mutation, config=schema.build().config, federation_version="2.9"
    )
    monkeypatch.setattr(schema, "build", lambda modules: built)


async def test_nothing_is_changed_by_a_get(mutable, serve):
    change = {"query": "query A { __typename } mutation B { change }", "operationName": "B"}
    async with serve(query_method=True, anonymous_mutations=True) as server:
        by_get = await server.client.get("/graphql", params=change)
        by_query = await server.client.request("QUERY", "/graphql", json=change)
        by_post = await server.client.post("/graphql", json=change)
        other = await server.client.get("/graphql", params={**change, "operationName": "A"})

    assert (by_get.status_code, by_get.headers["allow"]) == (405, "POST")
    assert (by_query.status_code, "data" in by_query.json()) == (422, False)
    assert by_post.json() == {"data": {"change": 1}}
    assert other.json() == {"data": {"__typename": "Query"}}


async def test_query_is_a_method_where_it_is_switched_on(serve):
    async with serve(query_method=True) as server:
        answer = await server.client.request("QUERY", "/graphql", json=TYPENAME)
        wrong = await server.client.put("/graphql")

    assert answer.json() == {"data": {"__typename": "Query"}}
    assert "QUERY" in wrong.headers["allow"]

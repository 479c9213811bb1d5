"""Persisted documents: named in every way there is, and who may ask which."""

import json
import os
from pathlib import Path

import pytest
import structlog

from server.manifests import digest
from tests.front_door.partners import CLIENTS, KEY, PEPPER, SAFE_KEY, bearer

pytestmark = pytest.mark.anyio

HOME = "query Home { pools { totalCount } }"
MAP = "query Map { __typename }"
BROKEN = "query Broken { nothing }"
UNKNOWN = "query Unknown { __typename }"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "documents"
    (folder / "tram-app").mkdir(parents=True)
    (folder / "relay.json").write_text(json.dumps({"home": HOME, "0a1b": MAP}))
    (folder / "tram-app" / "stops.graphql").write_text("query Stops { __typename }")
    return folder


@pytest.fixture
def settings(tmp_path, folder):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    return {"documents": folder, "clients": tmp_path / "clients.toml", "pepper": PEPPER}


@pytest.fixture
async def server(serve, settings):
    async with serve(**settings) as server:
        yield server


def apollo(text, **more):
    found = {"version": 1, "sha256Hash": digest(text).removeprefix("sha256:")}
    return {"extensions": {"persistedQuery": found}, **more}


def code(answer):
    [error] = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


WAYS = [
    {"documentId": "home"},
    {"documentId": digest(HOME)},
    {"doc_id": "home"},
    {"id": "home"},
    {"documentId": "home", "query": ""},
    {"documentId": "home", "doc_id": "home"},
    apollo(HOME),
    apollo(HOME, query=HOME),
    {"query": HOME},
]


@pytest.mark.parametrize("body", WAYS)
async def test_a_document_is_found_in_each_way(server, body):
    posted = await server.client.post("/graphql", json=body)
    assert posted.json()["data"]["pools"]["totalCount"] > 0
    params = {k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}
    got = await server.client.get("/graphql", params=params)
    assert got.json()["data"] == posted.json()["data"]


@pytest.mark.parametrize(
    "path", ["/graphql/d/0a1b", "/graphql/d/0a1b/Map", f"/graphql/d/{digest(MAP)}"]
)
async def test_a_document_has_a_path(server, path):
    for answer in (await server.client.get(path), await server.client.post(path, json={})):
        assert answer.json() == {"data": {"__typename": "Query"}}


async def test_a_path_says_which_operation(server):
    answer = await server.client.get("/graphql/d/0a1b/Other")
    assert code(answer) == (422, "OPERATION_RESOLUTION_FAILURE")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"documentId": "nowhere"}, (404, "PERSISTED_DOCUMENT_NOT_FOUND")),
        ({"documentId": digest(UNKNOWN)}, (404, "PERSISTED_DOCUMENT_NOT_FOUND")),
        ({"doc_id": "nowhere"}, (404, "PERSISTED_DOCUMENT_NOT_FOUND")),
        ({"documentId": "md5:0a1b"}, (422, "BAD_REQUEST")),
        ({"documentId": "sha256:0a1b"}, (422, "BAD_REQUEST")),
        ({"documentId": "home", "id": "0a1b"}, (422, "BAD_REQUEST")),
        ({"documentId": "home", "query": HOME}, (422, "CANNOT_SEND_PQ_ID_AND_BODY")),
        (apollo(HOME, query=MAP), (422, "PERSISTED_QUERY_HASH_MISMATCH")),
        ({"extensions": {"persistedQuery": {"sha256Hash": "0" * 64}}}, (422, "BAD_REQUEST")),
        ({"extensions": {"persistedQuery": {"version": 1}}}, (422, "BAD_REQUEST")),
        ({"extensions": {"persistedQuery": 3}}, (422, "BAD_REQUEST")),
        ({}, (422, "BAD_REQUEST")),
    ],
)
async def test_what_cannot_be_found_is_one_error(server, body, expected):
    assert code(await server.client.post("/graphql", json=body)) == expected


async def test_automatic_ones_are_registered_once(server):
    first = await server.client.post("/graphql", json=apollo(UNKNOWN))
    assert code(first) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert first.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert "data" not in first.json()
    second = await server.client.post("/graphql", json=apollo(UNKNOWN, query=UNKNOWN))
    assert second.json() == {"data": {"__typename": "Query"}}
    for body in (apollo(UNKNOWN), {"documentId": digest(UNKNOWN)}):
        assert (await server.client.post("/graphql", json=body)).json() == second.json()
    headers = bearer(KEY)  # whose own shelf has nothing on it
    other = await server.client.post("/graphql", json=apollo(UNKNOWN), headers=headers)
    assert code(other) == (200, "PERSISTED_QUERY_NOT_FOUND")


async def test_what_is_not_valid_is_not_registered(server):
    await server.client.post("/graphql", json=apollo(BROKEN, query=BROKEN))
    answer = await server.client.post("/graphql", json=apollo(BROKEN))
    assert code(answer) == (200, "PERSISTED_QUERY_NOT_FOUND")


async def test_open_takes_texts_and_registers_none(serve, settings):
    async with serve(**settings, anonymous="open") as server:
        answer = await server.client.post("/graphql", json=apollo(UNKNOWN, query=UNKNOWN))
        assert answer.json() == {"data": {"__typename": "Query"}}
        answer = await server.client.post("/graphql", json=apollo(UNKNOWN))
        assert code(answer) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")


async def test_a_safelist_takes_what_it_has_and_nothing_else(server):
    async def ask(**body):
        return await server.client.post("/graphql", json=body, headers=bearer(SAFE_KEY))

    assert "data" in (await ask(documentId="home")).json()
    assert "data" in (await ask(query=HOME)).json()
    assert code(await ask(query=HOME + " ")) == (403, "QUERY_NOT_IN_SAFELIST")
    assert code(await ask(**apollo(UNKNOWN))) == (404, "PERSISTED_DOCUMENT_NOT_FOUND")
    assert code(await ask(**apollo(UNKNOWN, query=UNKNOWN))) == (403, "QUERY_NOT_IN_SAFELIST")
    assert code(await ask(**apollo(UNKNOWN))) == (404, "PERSISTED_DOCUMENT_NOT_FOUND")


async def test_a_dry_run_counts_what_a_safelist_would_refuse(serve, settings):
    async with serve(**settings, log_unknown=True) as server:
        with structlog.testing.capture_logs() as logs:
            await server.post(HOME)
            assert "data" in await server.ask(UNKNOWN)
        [unknown] = [line for line in logs if line["event"] == "unknown document"]
        assert (unknown["client"], unknown["document"]) == ("anonymous", digest(UNKNOWN))
        metrics = (await server.client.get("/metrics")).text
        assert 'poche_unknown_documents_total{client="anonymous"} 1.0' in metrics


async def test_a_clients_own_documents_are_nobody_elses(server):
    async def ask(**headers):
        return await server.client.post("/graphql", json={"id": "stops"}, headers=headers)

    assert (await ask(**bearer(KEY))).json() == {"data": {"__typename": "Query"}}
    assert code(await ask()) == (404, "PERSISTED_DOCUMENT_NOT_FOUND")
    assert code(await ask(**bearer(SAFE_KEY))) == (404, "PERSISTED_DOCUMENT_NOT_FOUND")


async def test_a_document_that_is_not_valid_is_named(serve, settings, folder):
    (folder / "broken.graphql").write_text(BROKEN)
    async with serve(**settings) as server:
        problems = (await server.client.get("/health")).json()["problems"]
        assert list(problems) == ["broken.graphql: broken"]
        assert "nothing" in problems["broken.graphql: broken"]
        answer = await server.client.post("/graphql", json={"id": "broken"})
        assert code(answer) == (422, "GRAPHQL_VALIDATION_FAILED")
        assert "data" in (await server.client.post("/graphql", json={"id": "home"})).json()


async def test_a_folder_of_nobody_is_named(serve, settings, folder):
    (folder / "tram-app").rename(folder / "bus-app")
    async with serve(**settings) as server:
        assert list((await server.client.get("/health")).json()["problems"]) == ["bus-app"]


async def test_files_are_read_again_when_they_change(server, folder):
    documents = server.app.state.gate.documents

    async def found(name):
        answer = await server.client.post("/graphql", json={"id": name})
        return answer.status_code == 200

    (folder / "new.graphql").write_text(UNKNOWN)
    assert not await found("new")
    await documents.refresh()
    assert await found("new")

    (folder / "relay.json").write_text("{")
    with structlog.testing.capture_logs() as logs:
        await documents.refresh()
        await documents.refresh()
    assert [line["problem"] for line in logs] == ["relay.json"]
    assert "relay.json" in (await server.client.get("/health")).json()["problems"]
    assert await found("home")

    (folder / "relay.json").write_text(json.dumps({"other": HOME}))
    (folder / "new.graphql").unlink()
    await documents.refresh()
    assert not documents.problems
    assert await found("other")
    assert not await found("home")
    assert not await found("new")


async def test_what_has_not_changed_is_not_read_again(server, folder, monkeypatch):
    documents = server.app.state.gate.documents
    read = []
    monkeypatch.setattr("server.documents.read", lambda file: read.append(file.name) or [])
    await documents.refresh()
    assert read == []
    os.utime(folder / "relay.json", (1, 1))
    await documents.refresh()
    assert read == ["relay.json"]


async def test_a_folder_is_looked_through_again_when_it_has_changed(server, folder, monkeypatch):
    documents, looks, rglob = server.app.state.gate.documents, [], Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda at, what: looks.append(at) or rglob(at, what))
    for one in (folder, folder / "tram-app"):
        os.utime(one, (1, 1))  # and not a moment ago
    await documents.refresh()
    looks.clear()
    await documents.refresh()
    assert not looks
    (folder / "tram-app" / "new.graphql").write_text(UNKNOWN)
    await documents.refresh()
    assert looks
    answer = await server.client.post("/graphql", json={"id": "new"}, headers=bearer(KEY))
    assert "data" in answer.json()


async def test_a_manifest_is_planned_before_anybody_asks(server, monkeypatch):
    def never(*_):
        raise AssertionError("parsed for a client")

    monkeypatch.setattr("server.planning.parse", never)
    written = []
    monkeypatch.setattr("server.compiled.generator.Writing", lambda *_: written.append(1))
    for name in ("home", "0a1b"):
        assert "data" in (await server.client.post("/graphql", json={"id": name})).json()
    assert not written


async def test_those_we_know_may_ask_more_at_once(serve, settings, folder):
    long = "{ a: __typename b: __typename }"
    (folder / "long.graphql").write_text(long)
    async with serve(**settings, max_tokens=5) as server:
        sent = {"query": long + " "}
        assert code(await server.client.post("/graphql", json=sent)) == (400, "LIMIT_EXCEEDED")
        for body, headers in (({"id": "long"}, {}), (sent, bearer(KEY))):
            answer = await server.client.post("/graphql", json=body, headers=headers)
            assert answer.status_code == 200

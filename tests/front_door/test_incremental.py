"""Incremental delivery: `@defer` and `@stream`, in parts to who takes parts, else at once."""

import asyncio
import gc
import json
import warnings
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import Replay, down, serving

pytestmark = pytest.mark.anyio

CURRENT = "multipart/mixed;incrementalSpec=v0.2"
OLD = "multipart/mixed;deferSpec=20220824, application/json;q=0.9"
LATER = """query ($wanted: Boolean = true) {
  pools(first: 2) { nodes { name ... @defer(label: "hours", if: $wanted) { ...Hours kind } } }
  stops(first: 3, name: "gare") {
    totalCount
    nodes @stream(initialCount: 1, label: "stops", if: $wanted) { name ... @defer { id } }
  }
}
fragment Hours on Pool { name hours { timeSpans { from } } }"""
SLOW = "{ stops(first: 1) { nodes { name } } ... @defer { pools(first: 1) { nodes { name } } } }"


async def asked(client, query, accept=CURRENT, **variables):
    body = {"query": query, "variables": variables}
    return await client.post("/graphql", json=body, headers={"Accept": accept})


def parts(response):
    """The parts of an answer, as a client of `multipart/mixed` reads them."""
    kind, boundary, *_ = (one.strip() for one in response.headers["content-type"].split(";"))
    assert (response.status_code, kind, boundary) == (200, "multipart/mixed", 'boundary="graphql"')
    before, *found, after = response.text.split("\r\n--graphql")
    assert (before, after) == ("", "--\r\n")
    head = "\r\nContent-Type: application/json\r\n\r\n"
    assert all(one.startswith(head) for one in found)
    return [json.loads(one.removeprefix(head)) for one in found]


def merged(found):
    """What a client has in the end: each part put where it belongs."""
    first, *later = found
    data, errors, due = first["data"], first.get("errors", []), {}
    for one in found:
        due |= {pending["id"]: pending["path"] for pending in one.get("pending", ())}
        for part in one.get("incremental", ()):
            errors += part.get("errors", ())
            path = part["path"] if "path" in part else [*due[part["id"]], *part.get("subPath", ())]
            at = data
            for step in path:
                at = at[step]
            if "items" in part:
                at += part["items"]
            else:
                put(at, part["data"] or {})
        errors += [error for done in one.get("completed", ()) for error in done.get("errors", ())]
    assert [one["hasNext"] for one in found] == [True] * len(later) + [False]
    return {"data": data, **({"errors": errors} if errors else {})}


def put(into, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            put(into[key], value)
        else:
            into[key] = value


@pytest.mark.parametrize("accept", [CURRENT, "multipart/mixed", OLD])
async def test_the_parts_make_up_the_whole(client, accept):
    whole = (await asked(client, LATER, "application/json")).json()

    found = parts(await asked(client, LATER, accept))

    assert len(found) > 1
    assert "timeSpans" not in json.dumps(found[0])
    assert merged(found) == {"data": whole["data"]}


async def test_each_format_is_as_it_is_specified(client):
    current, old = [parts(await asked(client, LATER, accept)) for accept in (CURRENT, OLD)]

    assert [one["label"] for one in current[0]["pending"] if "label" in one] == [
        "hours",
        "hours",
        "stops",
    ]
    assert {key for one in current[1:] for key in one} <= {
        *("hasNext", "pending", "incremental", "completed", "extensions")
    }
    assert {done["id"] for one in current[1:] for done in one.get("completed", ())} == {
        due["id"] for one in current for due in one.get("pending", ())
    }
    assert {key for one in old for key in one} <= {"data", "hasNext", "incremental", "extensions"}
    assert len(old[0]["data"]["stops"]["nodes"]) == 3  # lists are whole in the old one
    for part in (part for one in old for part in one.get("incremental", ())):
        assert set(part) <= {"path", "label", "data"}


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "*/*", "text/event-stream"]
)
async def test_who_takes_no_parts_is_answered_at_once(client, accept):
    response = await asked(client, LATER, accept)

    assert not response.headers["content-type"].startswith("multipart")
    assert "timeSpans" in response.text
    assert "pending" not in response.text


@pytest.mark.parametrize(
    "accept", ["multipart/mixed;subscriptionSpec=1.0", "multipart/mixed;deferSpec=1"]
)
async def test_a_format_of_another_name_is_not_ours(client, accept):
    both = await asked(client, LATER, f"{accept}, application/json;q=0.5")

    assert both.headers["content-type"].startswith("application/json")


async def test_only_what_may_come_in_parts_is_for_who_takes_nothing_else(client):
    assert (await asked(client, "{ pools { totalCount } }")).status_code == 406
    assert (await asked(client, "{ pools { totalCount } }", "multipart/mixed, */*")).json()["data"]


async def test_what_the_variables_say(client):
    whole = (await asked(client, LATER, "application/json")).json()

    at_once = await asked(client, LATER, wanted=False)
    wrong = await asked(client, LATER, wanted="perhaps")

    assert at_once.headers["content-type"].startswith("multipart")  # one `@defer` has no `if`
    assert "timeSpans" in json.dumps(parts(at_once)[0])
    assert merged(parts(at_once))["data"] == whole["data"]
    assert (wrong.status_code, wrong.json()["errors"][0]["extensions"]["argumentPath"]) == (
        422,
        ["$wanted"],
    )


async def test_nothing_later_is_an_answer_like_any_other(client):
    query = (
        "query ($later: Boolean!) { pools { totalCount } ... @defer(if: $later) { __typename } }"
    )

    response = await asked(client, query, OLD, later=False)

    assert response.json()["data"] == {"pools": {"totalCount": 17}, "__typename": "Query"}


class Waiting:
    """The recordings; pools are read when they may be."""

    def __init__(self):
        self.replay = Replay()
        self.free = asyncio.Event()

    async def __call__(self, request):
        if request.extensions["binding"].table == "pools":
            await self.free.wait()
        return self.replay(request)


async def stream(app, leave, sent):
    """Ask over plain ASGI, where each part can be seen to come, until the client leaves."""

    async def receive():
        await leave.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/graphql",
        "headers": [(b"accept", CURRENT.encode())],
        "query_string": f"query={quote(SLOW)}".encode(),
    }
    await app(scope, receive, sent.put)


async def said(sent):
    """The next part of a body, once it is sent."""
    while not (message := await sent.get()).get("body"):
        pass
    return message["body"]


async def test_a_source_that_takes_long_holds_up_its_own_part_only(caplog):
    upstreams = Waiting()
    async with serving(httpx.MockTransport(upstreams)) as server:
        sent, stays = asyncio.Queue(), asyncio.Event()
        asking = asyncio.create_task(stream(server.app, stays, sent))

        first = await said(sent)
        assert b'"stops"' in first
        assert b'"pending"' in first
        assert sent.empty()
        upstreams.free.set()
        later = await said(sent)
        await asking

    assert b'"pools"' in later
    assert b'"nantes/pools"' in later
    assert upstreams.replay.calls["pools"] == 1


async def test_who_leaves_in_between_leaves_nothing_behind():
    upstreams = Waiting()
    async with serving(httpx.MockTransport(upstreams)) as server:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sent, leaves = asyncio.Queue(), asyncio.Event()
            asking = asyncio.create_task(stream(server.app, leaves, sent))
            await said(sent)
            leaves.set()
            await asking
            gc.collect()
            upstreams.free.set()
            await server.ask("{ pools { totalCount } }")
        left = [task.get_coro().cr_code.co_filename for task in asyncio.all_tasks()]

        assert [str(one.message) for one in caught] == []
        assert [file for file in left if "/graphql/" in file] == []
        assert server.app.state.gate.concurrency.running.total() == 0


async def test_a_source_that_is_gone_fails_in_its_own_part(serve, replay, tmp_path):
    replay.broken["pools"] = down
    async with serve(data=tmp_path) as server:
        whole = await server.ask(SLOW)
        found = [parts(await asked(server.client, SLOW, accept)) for accept in (CURRENT, OLD)]

    assert whole["errors"][0]["extensions"]["source"] == "nantes/pools"
    for one in found:
        assert "errors" not in one[0]
        assert merged(one) == {"data": whole["data"], "errors": whole["errors"]}


async def test_it_is_one_visit_that_ends_with_its_last_part(serve):
    async with serve() as server:
        parts(await asked(server.client, SLOW))
        counted = (await server.client.get("/metrics")).text

    assert (
        'poche_requests_total{client="anonymous",operation="anonymous",outcome="OK"} 1.0' in counted
    )


async def test_a_published_document_by_its_address_too(serve, tmp_path):
    (tmp_path / "later.graphql").write_text(f"query Later {SLOW}")
    async with serve(documents=tmp_path) as server:
        asking = {"Accept": CURRENT}
        listed = await server.client.get("/graphql", params={"documentId": "later"}, headers=asking)
        whole = await server.client.get("/graphql", params={"documentId": "later"})

    assert merged(parts(listed))["data"] == whole.json()["data"]
    assert listed.headers["cache-control"] == "no-store"
    assert "etag" in whole.headers


BAD = {
    "one label twice": """{ ... @defer(label: "a") { __typename }
      ... @defer(label: "a") { city { slug } } }""",
    "a label that varies": "query ($l: String) { ... @defer(label: $l) { __typename } }",
    "a stream of what is no list": "{ pools @stream { totalCount } }",
    "a mutation deferred": "mutation { ... @defer { __typename } }",
    "a subscription deferred": "subscription { ... @defer { __typename } }",
}


@pytest.mark.parametrize("name", BAD)
async def test_what_the_draft_forbids(client, name):
    assert (await asked(client, BAD[name], f"{CURRENT}, */*")).status_code == 422


async def test_a_count_below_zero_is_its_own_field_s_error(client):
    query = "{ pools(first: 1) { nodes @stream(initialCount: -1) { name } } city { slug } }"

    answer = merged(parts(await asked(client, "{ ... @defer { city { slug } } }")))
    wrong = await asked(client, query, f"{CURRENT}, application/json;q=0.1")

    assert answer["data"]["city"]["slug"] == "nantes"
    assert wrong.json()["data"]["city"] == {"slug": "nantes"}
    assert wrong.json()["errors"][0]["path"] == ["pools", "nodes"]

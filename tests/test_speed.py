"""Speed: what an answer takes, counted in calls of Python functions, which no busy machine changes.

A guard, not a measure: times and rates are `bench/`'s. A limit is some tenths above what was
counted when it was set; what goes beyond does more for each leaf or each request than before, on
purpose or not. Where less is counted, lower the limit.
"""

import asyncio
import json
from cProfile import Profile

import httpx
import pytest

from server import logs
from server.asked import Asked
from tests.conftest import called, serving

pytestmark = pytest.mark.anyio

STOPS = "query Stops($first: Int!) { stops(first: $first) { nodes { id name code zoneId } } }"
WHOLE = "query Whole($first: Int!) { stops(first: $first) { nodes { id code zoneId desc } } }"
LINKED = "query Linked($first: Int!) { stops(first: $first) { nodes { id code quays { id } } } }"
LEAVES = 4  # of each stop
# Counted on 2026-11-23 with Python 3.11: 0.5 (graphql-core: 33), 445, 265, 152, 42.
CALLS_A_LEAF = 0.7
CALLS_A_KEY = 22  # 20 on 2026-11-23, nearly all of them its answer's
CALLS_A_REQUEST = 480
CALLS_A_PAGE = 700  # of 1,070 stops; 590 on the same day
CALLS_DIRECT = 290
CALLS_REMEMBERED = 170
CALLS_GIVEN_AGAIN = 50
CALLS_NOT_TRACED = 2


def request(query, variables=None):
    """A POST of it: its scope, and its body."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    return scope, body


async def answered(app, query, variables=None):
    """One answer, from the application's own door: no client of ours and no socket."""
    scope, body = request(query, variables)
    unsent, said = [body], []

    async def receive():
        if not unsent:  # the client stays
            await asyncio.Event().wait()
        return {"type": "http.request", "body": unsent.pop(), "more_body": False}

    async def send(message):
        said.append(message)

    await app(scope, receive, send)
    assert said[0]["status"] == 200, said
    return b"".join(one.get("body", b"") for one in said)


async def answered_directly(app, query, variables=None):
    """The same, as our web server has it, which leaves out the layers."""
    begun = app.state.direct.begun(Asked(*request(query, variables)), None, "127.0.0.1")
    return (await begun).body


async def given_again(app, query, variables=None):
    """The same, as it was finished for the one before."""
    known = app.state.finished.at_once(Asked(*request(query, variables)), "127.0.0.1")
    return await answered(app, query, variables) if known is None else known.body


async def calls(app, query, variables=None, *, ask=answered):
    """How many Python functions one answer calls; the least of some tries, once it is warm."""
    found = []
    for _ in range(8):
        for _ in range(3):  # whatever is left to do of the one before it
            await asyncio.sleep(0)
        profile = Profile(builtins=False)
        profile.enable()
        answer = await ask(app, query, variables)
        profile.disable()
        assert b'"errors"' not in answer
        found.append(called(profile))
    return min(found[1:])


async def by_number(app, *numbers):
    """Calls for lists of so many stops."""
    return [await calls(app, STOPS, {"first": number}) for number in numbers]


@pytest.fixture
async def executed(replay, tmp_path):
    """An application that executes whatever it is asked."""
    async with serving(httpx.MockTransport(replay), data=tmp_path, remember_bytes=0) as server:
        yield server.app


@pytest.fixture
async def remembered(replay, tmp_path):
    async with serving(httpx.MockTransport(replay), data=tmp_path) as server:
        yield server.app


async def test_each_leaf_of_a_list_takes_few_calls(executed):
    few, many = await by_number(executed, 10, 100)
    assert (many - few) / (90 * LEAVES) <= CALLS_A_LEAF


async def test_the_hundredth_takes_no_more_than_the_tenth(executed):
    few, some, many = await by_number(executed, 10, 50, 100)
    assert (many - some) / 50 <= 1.1 * (some - few) / 40 + 1


async def test_of_an_object_that_lasts_no_leaf_takes_any(executed):
    few, many = [await calls(executed, WHOLE, {"first": number}) for number in (10, 100)]
    assert abs(many - few) <= 5


async def test_a_key_in_memory_takes_little_besides_its_answer(executed):
    few, many = [await calls(executed, LINKED, {"first": number}) for number in (10, 100)]
    assert (many - few) / 90 <= CALLS_A_KEY


async def test_a_page_takes_no_call_for_each_thing_that_the_list_has(executed):
    assert await calls(executed, WHOLE, {"first": 10}) <= CALLS_A_PAGE


async def test_around_the_layers_a_request_takes_fewer(executed):
    assert await calls(executed, "{ __typename }", ask=answered_directly) <= CALLS_DIRECT


async def test_a_request_takes_few_calls_besides(executed):
    assert await calls(executed, "{ __typename }") <= CALLS_A_REQUEST


async def test_what_is_remembered_takes_few_calls_however_long(remembered):
    few, many = await by_number(remembered, 10, 100)
    assert few <= CALLS_REMEMBERED
    assert abs(many - few) <= 5


async def test_what_is_given_again_takes_hardly_more_where_others_are_traced(
    replay, tmp_path, monkeypatch
):
    pytest.importorskip("opentelemetry.sdk")
    monkeypatch.setattr(logs, "PROCESSORS", [logs.JSON])  # as it is where many ask
    found = []
    for share in (0, 1e-12):
        options = {"data": tmp_path / str(share), "trace": share}
        async with serving(httpx.MockTransport(replay), **options) as server:
            found.append(await calls(server.app, "{ __typename }", ask=given_again))
    assert found[0] <= CALLS_GIVEN_AGAIN
    assert found[1] - found[0] <= CALLS_NOT_TRACED

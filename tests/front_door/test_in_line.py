"""Who stands in line on the wire: is no task, is answered in turn, and leaves nothing behind."""

import asyncio
import json

import httpx
import pytest

from resolvers.eager import InLine
from server.asked import Asked
from server.clients import Caller
from server.concurrency import Place, Priority
from tests.conftest import Replay, serving

pytestmark = pytest.mark.anyio

POOLS = "query Pools($n: Int) { pools(first: $n) { nodes { name } } }"


@pytest.fixture
async def server(tmp_path, executions):
    async with serving(httpx.MockTransport(Replay()), data=tmp_path) as server:
        await server.ask(POOLS)  # which is planned then, and its source read
        executions.clear()
        yield server


def begun(server, number, accept="*/*"):
    """A question that goes around the layers."""
    body = json.dumps({"query": POOLS, "variables": {"n": number}}).encode()
    headers = {"content-type": "application/json", "accept": accept}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.7", 1),
    }
    return server.app.state.direct.begun(Asked(scope, body), asyncio.Event().wait, "192.0.2.7")


async def fill(server):
    """Take all places that somebody without a key may have."""
    concurrency = server.app.state.gate.concurrency
    client, held = server.app.state.gate.clients.anonymous, []
    while concurrency._free(Priority.ANONYMOUS):
        place = Place(concurrency, Priority.ANONYMOUS, Caller(client, f"192.0.2.{len(held)}"))
        await place.enter()
        held.append(place)
    return held


async def test_it_is_no_task_and_is_answered_when_there_is_a_place(server):
    held, tasks = await fill(server), asyncio.all_tasks()
    waiting = begun(server, 1)
    assert isinstance(waiting, InLine)
    assert asyncio.all_tasks() == tasks

    held.pop().leave()
    answer = await waiting
    assert len(json.loads(answer.body)["data"]["pools"]["nodes"]) == 1
    for place in held:
        place.leave()
    assert not server.app.state.gate.concurrency.running.total()


async def test_who_goes_leaves_the_line(server):
    held = await fill(server)
    waiting = begun(server, 1)
    waiting.cancel()
    assert (await waiting).status_code == 400
    concurrency = server.app.state.gate.concurrency
    assert not sum(concurrency.waiting.values())
    assert server.app.state.gate.metrics.errors["CLIENT_GONE"] == 1
    for place in held:
        place.leave()
    assert not concurrency._accounts


async def test_the_same_question_stands_in_line_once(server, executions):
    """However it is put, so that whoever makes the same response is not just waited for."""
    held = await fill(server)
    leader, follower = begun(server, 1), begun(server, 1, "application/json")
    assert sum(server.app.state.gate.concurrency.waiting.values()) == 1
    for place in held:
        place.leave()
    answers = [(await one).body for one in (leader, follower)]
    assert answers[0] == answers[1]
    assert executions == [POOLS]


async def test_who_waited_for_one_that_went_before_it_began_goes_on(server, executions):
    held = await fill(server)
    leader, follower = begun(server, 1), begun(server, 1, "application/json")
    leader.cancel()
    for place in held:
        place.leave()
    assert (await leader).status_code == 400
    assert b'"errors"' not in (await follower).body
    assert executions == [POOLS]

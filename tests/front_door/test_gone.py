"""Clients that hang up: whatever was being done for them ends, and leaves nothing behind."""

import asyncio
import gc
import warnings
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import HERE, Replay, serving

pytestmark = pytest.mark.anyio

HOME = (HERE / "queries" / "home_screen.graphql").read_text()
TURNS = 90  # of the event loop; more than the whole answer takes, where everything is in memory


async def status_of_who_leaves(app, turns):
    """The status of an answer whose client goes after so many turns of the event loop.

    Each asks a question that nobody asked before: what is known already is answered at once.
    """
    sent = []

    async def receive():
        for _ in range(turns):
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    variables = quote(f'{{"turns": {turns}}}')  # which the query does not declare
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/graphql",
        "headers": [],
        "query_string": f"query={quote(HOME)}&variables={variables}".encode(),
    }
    await app(scope, receive, send)
    return sent[0]["status"]


@pytest.mark.parametrize("remember_bytes", [0, 1 << 26], ids=["forgetful", "remembering"])
async def test_no_coroutine_is_left_behind(monkeypatch, remember_bytes):
    """Whenever a client goes: graphql-core makes coroutines a turn before it begins them."""
    monkeypatch.setattr("server.connected.LOOK_S", 0)  # however fast the machine is
    settings = {"remember_bytes": remember_bytes, "executor": "graphql-core"}
    async with serving(httpx.MockTransport(Replay()), **settings) as server:
        assert "errors" not in await server.ask(HOME)
        tasks = len(asyncio.all_tasks())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = [await status_of_who_leaves(server.app, turns) for turns in range(TURNS)]
            for _ in range(TURNS):
                await asyncio.sleep(0)
            gc.collect()
        left = len(asyncio.all_tasks()) - tasks

    assert [str(one.message) for one in caught] == []
    assert left <= 0
    assert {found[0], found[-1]} == {400, 200}  # some left too early, some had it all

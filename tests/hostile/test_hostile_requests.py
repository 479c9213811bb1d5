"""Hostile requests: each is refused soon, in little memory, and hurts nobody else."""

import time
import tracemalloc

import httpx
import pytest

from tests.conftest import Replay, serving
from tests.hostile.corpus import CORPUS

CPU_S = 2  # generous: what is refused takes 1 to 40 ms, and tracing makes that ten times more
MEMORY = 32 * 1024 * 1024

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def client():
    async with serving(httpx.MockTransport(Replay())) as server:
        yield server.client


async def sent(client, hostile):
    headers = {"content-type": "application/json", **hostile.headers}
    return await client.post("/graphql", content=hostile.body, headers=headers)


@pytest.mark.parametrize("name", CORPUS)
async def test_is_refused_soon_and_in_little_memory(client, name):
    hostile = CORPUS[name]
    tracemalloc.start()
    started = time.process_time()
    answer = await sent(client, hostile)
    spent = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert answer.status_code == hostile.status
    if hostile.code is not None:
        assert answer.json()["errors"][0]["extensions"]["code"] == hostile.code
    assert spent < CPU_S
    assert peak < MEMORY
    assert len(answer.content) < 300_000
    well = await client.post("/graphql", json={"query": "{ pools(first: 1) { totalCount } }"})
    assert well.json()["data"] == {"pools": {"totalCount": 17}}

"""Hostile requests: each is refused soon, in little memory, and hurts nobody else."""

import gc
import tracemalloc
from time import thread_time

import httpx
import pytest

from tests.conftest import Replay, serving
from tests.hostile.corpus import CORPUS
from tests.hostile.stalls import LONGEST_S

TRIES = 3  # processors that are shared count some of what others do to their caches as ours
MEMORY = 32 * 1024 * 1024  # that one may take, for as long as it is answered
GROWTH = 1024 * 1024  # that all together may leave behind
WELL = {"query": "{ pools(first: 1) { totalCount } }"}

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def client():
    """Of a server that sees each request for the first time where a test asks it alone."""
    async with serving(httpx.MockTransport(Replay()), remember_bytes=0) as server:
        await well(server.client)
        yield server.client


async def sent(client, hostile):
    headers = {"content-type": "application/json", **hostile.headers}
    return await client.post("/graphql", content=hostile.body, headers=headers)


async def well(client):
    answer = await client.post("/graphql", json=WELL)
    assert answer.json()["data"] == {"pools": {"totalCount": 17}}


async def seconds(call):
    """What came of it, and the processor time: the server runs in this thread, without a wait."""
    gc.collect()
    gc.disable()
    try:
        began = thread_time()
        answer = await call
        return answer, thread_time() - began
    finally:
        gc.enable()


@pytest.mark.parametrize("name", CORPUS)
async def test_is_refused_within_one_turn_of_the_loop(client, name):
    hostile = CORPUS[name]

    answer, spent = await seconds(sent(client, hostile))

    assert answer.status_code == hostile.status
    if hostile.code is not None:
        assert answer.json()["errors"][0]["extensions"]["code"] == hostile.code
    assert len(answer.content) < 300_000
    await well(client)
    assert spent < LONGEST_S or await again(hostile) < LONGEST_S


async def again(hostile):
    """By servers that have not seen it either."""
    spent = []
    for _ in range(TRIES):
        async with serving(httpx.MockTransport(Replay()), remember_bytes=0) as server:
            await well(server.client)
            spent.append((await seconds(sent(server.client, hostile)))[1])
    return min(spent)


async def test_nothing_takes_or_leaves_much(client):
    """Neither memory nor slowness: all of it once to fill what is remembered, then again."""

    async def healthy():
        return min([(await seconds(well(client)))[1] for _ in range(20)])

    for hostile in CORPUS.values():
        await sent(client, hostile)
    before_s = await healthy()
    tracemalloc.start()
    try:
        for name, hostile in CORPUS.items():
            tracemalloc.reset_peak()
            held, _ = tracemalloc.get_traced_memory()
            await sent(client, hostile)
            _, peak = tracemalloc.get_traced_memory()
            assert peak - held < MEMORY, name
        gc.collect()
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert left < GROWTH
    assert await healthy() < 3 * before_s

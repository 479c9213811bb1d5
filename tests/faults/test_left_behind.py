"""What fails leaves nothing behind that only the search for cycles would find: that is put off."""

import asyncio
import gc
import json

import pytest

from resolvers import Loaders
from server.wire import HttpProtocol
from tests.conftest import Clock, Replay, failing
from tests.front_door.talking import talking

pytestmark = pytest.mark.anyio

TIMES = 20
FEW = 25  # objects: a read by httpx leaves as many of its own; a failure left a hundred
DAYS = 'query($n: Int!) { calendar(from: "2026-12-17", days: $n) { schoolDay } }'
SOME = "query($n: Int) { pools(first: $n) { nodes { name } } }"
MENUS = (
    "{{ schools(first: {}) {{ nodes {{ menus(days: 1) {{ date }} }} }} menus(days: 1) {{ date }} }}"
)
POOLS = "{{ pools(first: {}) {{ nodes {{ name }} }} }}"


@pytest.mark.parametrize("wait_s", [1, 600], ids=["known to be down", "asked each time"])
@pytest.mark.parametrize(("table", "question"), [("pools", POOLS), ("menus", MENUS)])
async def test_a_failure_leaves_no_cycles(table, question, wait_s, tmp_path, monkeypatch):
    replay, clock = Replay(), Clock()
    replay.broken[table] = failing
    async with talking(tmp_path, monkeypatch, replay, clock) as talk:

        async def ask(number):
            clock.advance(wait_s)
            body = json.dumps({"query": question.format(number % 4 + 1)}).encode()
            _, answer = await talk.ask("POST", "/graphql", body)
            assert json.loads(answer)["errors"][0]["extensions"]["code"] == "UNAVAILABLE"

        for number in range(4):  # what is imported, or made once
            await ask(number)
        gc.collect()
        gc.disable()
        try:
            for number in range(TIMES):
                await ask(number)
            found = gc.collect()
        finally:
            gc.enable()
    assert found <= TIMES * FEW


async def test_a_connection_that_is_over_is_not_kept_with_its_last_answer(tmp_path, monkeypatch):
    async with talking(tmp_path, monkeypatch) as talk:
        address = talk.writer.get_extra_info("peername")
        gc.disable()
        try:
            for number in range(1, 6):
                reader, writer = await asyncio.open_connection(*address)
                asked = {"query": POOLS.format("$n").replace("{", "query($n: Int) {", 1)}
                body = json.dumps({**asked, "variables": {"n": number}}).encode()
                head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(f"POST /graphql HTTP/1.1\r\nHost: poche\r\n{head}".encode() + body)
                assert b" 200 OK" in await reader.readline()
                writer.close()
                while len(talk.server.server_state.connections) > 1:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            left = sum(isinstance(one, HttpProtocol) for one in gc.get_objects())
        finally:
            gc.enable()
    assert left == 1  # the one that is open


async def test_who_has_been_answered_keeps_nothing_of_what_was_read(tmp_path, monkeypatch):
    async with talking(tmp_path, monkeypatch) as talk:
        gc.collect()
        gc.disable()
        before = sum(isinstance(one, Loaders) for one in gc.get_objects())
        try:
            for number in range(1, 6):
                body = json.dumps({"query": DAYS, "variables": {"n": number}}).encode()
                _, answer = await talk.ask("POST", "/graphql", body)
                assert "errors" not in json.loads(answer)
            left = sum(isinstance(one, Loaders) for one in gc.get_objects())
        finally:
            gc.enable()
    assert left == before


async def test_who_hangs_up_leaves_no_cycles(tmp_path, monkeypatch):
    asked, never = asyncio.Event(), asyncio.Event()

    async def silent(_):
        asked.set()
        await never.wait()

    replay = Replay()
    replay.broken["pools"] = silent
    async with talking(tmp_path, monkeypatch, replay) as talk:
        address = talk.writer.get_extra_info("peername")

        async def hangs_up(number):
            others = len(asyncio.all_tasks())
            _, writer = await asyncio.open_connection(*address)
            body = json.dumps({"query": SOME, "variables": {"n": number}}).encode()
            head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(f"POST /graphql HTTP/1.1\r\nHost: poche\r\n{head}".encode() + body)
            while len(asyncio.all_tasks()) == others:  # noqa: ASYNC110 - until it has to wait
                await asyncio.sleep(0)
            writer.close()
            while len(talk.server.server_state.connections) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0)

        await hangs_up(1)
        await asyncio.wait_for(asked.wait(), 20)
        gc.collect()
        gc.disable()
        try:
            for number in range(2, 2 + TIMES):
                await hangs_up(number)
            found = gc.collect()
        finally:
            gc.enable()
            never.set()
    assert found <= TIMES * FEW

"""Replicas hear each other's news: one reads, and the clients of all are told."""

from typing import Any

import pytest

from tests.conftest import Clock, Replay
from tests.live.online import NODES, POOLS, running

pytestmark = pytest.mark.anyio


async def test_clients_of_one_replica_hear_what_another_has_read(valkey: Any) -> None:
    clock, asked, silent = Clock(), Replay(), Replay()
    async with (
        running(asked, clock, store=valkey.url) as one,
        running(silent, clock, store=valkey.url) as other,
        other.greeted() as socket,
    ):
        [pool, *_] = (await one.ask(POOLS))["data"]["pools"]["nodes"]
        await socket.subscribe("1", NODES, ids=[pool["id"]])
        first = await socket.next("1")
        await one.tomorrow(pool["name"])
        second = await socket.next("1")

        assert first["data"]["nodes"][0]["node"]["name"] == pool["name"]
        assert second["data"]["nodes"][0]["node"]["name"] == pool["name"] + " bis"
        assert (asked.calls["pools"], silent.calls["pools"]) == (2, 0)

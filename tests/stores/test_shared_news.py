"""Replicas hear each other's news: one reads, and the clients of all are told."""

from typing import Any

import pytest

from tests.conftest import Clock, Replay
from tests.live.online import running

pytestmark = pytest.mark.anyio


async def test_clients_of_one_replica_hear_what_another_has_read(valkey: Any) -> None:
    clock, asked, silent = Clock(), Replay(), Replay()
    async with (
        running(asked, clock, store=valkey.url) as one,
        running(silent, clock, store=valkey.url) as other,
        other.greeted() as socket,
    ):
        await one.ask("{ __typename }")
        await socket.subscribe("1")
        await socket.next("1")
        read = silent.calls["departures"]
        await one.news("04")
        update = await socket.next("1")

        assert update["data"]["departures"][0]["updatedAt"] == "2026-11-24T10:04:00+01:00"
        assert silent.calls["departures"] == read
        assert asked.calls["departures"] == 1

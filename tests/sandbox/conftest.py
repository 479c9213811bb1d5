"""The sandbox under test: in memory for what it says, on a real socket for how it says it."""

import asyncio
import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Unpack

import httpx
import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage

from sandbox.app import Options, create_app
from sandbox.outside import MECATRAN, MECATRAN_KEY
from sandbox.serve import running
from sandbox.world import World

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)  # a Tuesday of term, noon in Nantes
Ask = Callable[..., httpx.Response]
Tables = dict[str, list[dict[str, str]]]


def tables(answer: httpx.Response, *wanted: str) -> Tables:
    """The files of a GTFS zip, or those wanted, as rows by column."""
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    found = {}
    for file in archive.namelist():
        name = file.removesuffix(".txt")
        if not wanted or name in wanted:
            text = archive.read(file).decode("utf-8")
            assert text.startswith("\ufeff")
            found[name] = list(csv.DictReader(text[1:].splitlines()))
    return found


def realtime(ask: Ask, name: str) -> FeedMessage:
    """A feed of Bordeaux, decoded."""
    answer = ask("GET", f"{MECATRAN}/gtfsfeed/{name}/bordeaux", params={"apiKey": MECATRAN_KEY})
    assert answer.headers["content-type"] == "application/x-protobuf"
    return FeedMessage.FromString(answer.content)


def in_memory(world: World, **options: Unpack[Options]) -> Ask:
    """A function that asks a fresh sandbox of that world: `ask("GET", path, params=...)`."""
    app = create_app(world, **options)

    def ask(method: str, path: str, **given: object) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
                return await client.request(method, path, **given)  # type: ignore[arg-type]

        return asyncio.run(answer())

    return ask


@pytest.fixture(scope="session")
def world() -> World:
    """Nantes at noon: nothing in it changes."""
    return World(lambda: NOON)


@pytest.fixture
def ask(world: World) -> Ask:
    """Asks a fresh sandbox, whose gateway is in no hurry to refuse."""
    return in_memory(world, siri_period_s=0)


@pytest.fixture(scope="session")
def socket(world: World) -> Iterator[httpx.Client]:
    """A client of the sandbox on a real socket."""
    with running(world, siri_period_s=0) as base, httpx.Client(base_url=base, timeout=5) as client:
        yield client


@pytest.fixture
def city(socket: httpx.Client) -> Iterator[httpx.Client]:
    """The same, left without faults or calls."""
    socket.post("/_control/calls/reset")
    yield socket
    socket.delete("/_control/faults")
    socket.put("/_control/clock", content="real")

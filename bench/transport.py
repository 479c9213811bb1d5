"""Transport: what a GET costs, seen by whoever asks, through our own door and without it.

    python -m bench.transport [--rounds 7] [--calls 2000]

A server of raw sockets, in a process of its own, gives one JSON of 4 KiB to everybody. Each client
asks it one call after the other, and 64 at a time, in turn with all the others; medians of the
rounds, wall time and this process's processor time of one call. pyreqwest and niquests take part
where they are installed (`pip install --target FOLDER`, and `PYTHONPATH=FOLDER`).
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport
from rich.console import Console
from rich.table import Table

from cities import Binding, Upstream
from server.checking import now
from server.network import Network
from sources.http import Door

BODY = b'{"results": [' + b", ".join(b'{"id": %d}' % n for n in range(300)) + b"]}"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
AT_ONCE = (1, 64)

Get = Callable[[str], Awaitable[int]]  # gives how many bytes came


class Server(asyncio.Protocol):
    """Says the same to every request; requests come whole, and one at a time on a connection."""

    answer = HEAD % len(BODY) + BODY

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self.answer * data.count(b"\r\n\r\n"))


def serve(told: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(run())


@asynccontextmanager
async def httpx_alone() -> AsyncIterator[Get]:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(limits=limits) as client:

        async def get(url: str) -> int:
            return len((await client.get(url)).content)

        yield get


@asynccontextmanager
async def httpx_over_aiohttp() -> AsyncIterator[Get]:
    async with httpx.AsyncClient(transport=AiohttpTransport()) as client:

        async def get(url: str) -> int:
            return len((await client.get(url)).content)

        yield get


@asynccontextmanager
async def aiohttp_alone() -> AsyncIterator[Get]:
    async with aiohttp.ClientSession() as session:

        async def get(url: str) -> int:
            async with session.get(url) as response:
                return len(await response.read())

        yield get


@asynccontextmanager
async def pyreqwest() -> AsyncIterator[Get]:
    from pyreqwest.client import ClientBuilder  # type: ignore[import-not-found, unused-ignore]

    async with ClientBuilder().build() as client:

        async def get(url: str) -> int:
            response = await client.get(url).build().send()
            return len(await response.bytes())

        yield get


@asynccontextmanager
async def niquests() -> AsyncIterator[Get]:
    from niquests import AsyncSession  # type: ignore[import-not-found, unused-ignore]

    async with AsyncSession(pool_maxsize=100) as session:

        async def get(url: str) -> int:
            return len((await session.get(url)).content or b"")

        yield get


@asynccontextmanager
async def door(*, lean: bool) -> AsyncIterator[Get]:
    """Ours, with all that it does: queue, breaker, time-out, retries, bounds."""
    binding = Binding(
        city="nantes",
        service="pools",
        protocol="json",
        name="bench",
        concurrency=max(AT_ONCE),
        private_network=True,
        options={"url": "http://127.0.0.1"},
    )
    upstreams = {"127.0.0.1": Upstream(concurrency=max(AT_ONCE))}
    with tempfile.TemporaryDirectory() as folder:
        network = Network("http://127.0.0.1", ())
        async with httpx.AsyncClient(transport=network) as client:
            door = Door(
                client,
                now,
                get=network.get if lean else None,
                folder=Path(folder),
                upstreams=upstreams,
            )

            async def get(url: str) -> int:
                asking = door.open(binding, lambda _: None)
                return len((await asking.get(url)).body)

            yield get


CLIENTS: dict[str, Callable[[], AbstractAsyncContextManager[Get]]] = {
    "httpx": httpx_alone,
    "httpx over aiohttp": httpx_over_aiohttp,
    "aiohttp": aiohttp_alone,
    "pyreqwest": pyreqwest,
    "niquests": niquests,
    "our door, over httpx": lambda: door(lean=False),
    "our door, lean": lambda: door(lean=True),
}


class Took(NamedTuple):
    """Microseconds of one call."""

    wall: float
    processor: float


async def timed(get: Get, url: str, calls: int, at_once: int) -> Took:
    each = max(1, calls // at_once)

    async def some() -> None:
        for _ in range(each):
            assert await get(url) == len(BODY)

    began, used = perf_counter(), process_time()
    await asyncio.gather(*(some() for _ in range(at_once)))
    whole = each * at_once
    return Took((perf_counter() - began) / whole * 1e6, (process_time() - used) / whole * 1e6)


async def measured(url: str, rounds: int, calls: int) -> None:
    figures: dict[tuple[str, int], list[Took]] = {}
    async with contextlib.AsyncExitStack() as stack:
        clients: dict[str, Get] = {}
        for name, make in CLIENTS.items():
            try:
                clients[name] = await stack.enter_async_context(make())
            except ImportError:
                print(f"{name} is not installed")
        for turn in range(rounds + 1):  # the first does not count
            for name in list(clients)[:: 1 if turn % 2 else -1]:
                for at_once in AT_ONCE:
                    few = calls // 10 if name == "httpx" else calls
                    took = await timed(clients[name], url, few if turn else 200, at_once)
                    if turn:
                        figures.setdefault((name, at_once), []).append(took)
    columns = [f"{what}, {n} in flight, µs" for n in AT_ONCE for what in ("wall", "processor")]
    table = Table("client", *columns)
    for name in clients:
        parts = [part for n in AT_ONCE for part in zip(*figures[name, n], strict=True)]
        table.add_row(name, *(f"{statistics.median(part):.0f}" for part in parts))
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=2_000)
    options = parser.parse_args()
    told, tells = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(tells,), daemon=True)
    server.start()
    try:
        url = f"http://127.0.0.1:{told.recv()}/api/explore/v2.1/catalog/datasets/pools"
        uvloop.run(measured(url, options.rounds, options.calls))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()

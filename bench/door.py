"""Door: what our HTTP layer costs, beside a bare Starlette route that returns the same bytes.

    python -m bench.door [--rounds 9] [--seconds 1]

Two servers, each a process of its own on the loopback interface: Poche over
replayed upstreams, everything warm, with a persisted id, a client's key, limits,
cost, rates, metrics and a line of log for each request; and uvicorn with one
route. They take turns under the same load, so that what else the machine does
concerns both. On a busy machine the processor time of each answer says more than
the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from socket import create_server
from statistics import median
from time import perf_counter
from typing import NamedTuple

import httpx
import uvicorn
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conftest import NOW, Replay

KEY, PEPPER = "poche_bench", "salt is for passwords"
CONNECTIONS = 16
AGE = re.compile(rb'"ageS":\d+')  # goes on while we measure
DOCUMENTS = {
    "door": "query Door { __typename }",  # nothing is looked up: the door and no more
    "pools": "query Pools { pools { totalCount } }",
}


class Case(NamedTuple):
    """One question, as it goes over the wire."""

    document: str
    method: str

    def request(self, path: str | None = None) -> bytes:
        """Plain HTTP/1.1, by the document's id, with a key; or the same to another path."""
        head, body = f"GET /graphql/d/{self.document}", b""
        if self.method == "POST":
            head, body = "POST /graphql", json.dumps({"documentId": self.document}).encode()
        if path is not None:
            head = f"{self.method} {path}"
        lines = [
            f"{head} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {KEY}",
            "Accept: application/graphql-response+json",
            "Accept-Encoding: gzip, br",
        ]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


CASES = [Case(document, method) for document in DOCUMENTS for method in ("GET", "POST")]


def poche(parent: Connection) -> None:
    """The server under test."""
    from server import logs
    from server.app import create_app
    from server.clients import hashed
    from server.serving import Server
    from server.settings import Settings

    _quiet()
    logs.configure("json")
    with tempfile.TemporaryDirectory() as name, create_server(("127.0.0.1", 0)) as listener:
        folder = Path(name)
        (folder / "clients.toml").write_text(
            f'[bench]\nkeys = ["{hashed(KEY, PEPPER)}"]\nrate = 1e9\nburst = 1_000_000_000\n'
        )
        (folder / "documents").mkdir()
        (folder / "documents" / "bench.json").write_text(json.dumps(DOCUMENTS))
        settings = Settings(
            clients=folder / "clients.toml",
            pepper=PEPPER,
            documents=folder / "documents",
            data=folder,
        )
        began = perf_counter()

        def clock() -> datetime:  # it runs: what is finished holds for a second
            return NOW + timedelta(seconds=perf_counter() - began)

        app = create_app(settings, transport=httpx.MockTransport(Replay()), clock=clock)
        parent.send(listener.getsockname()[1])
        Server(app, settings, log_level="error").run(sockets=[listener])


def bare(parent: Connection) -> None:
    """What it is compared with: the same bytes, and nobody asked for anything."""
    bodies = parent.recv()

    async def answer(request: Request) -> Response:
        return Response(bodies[request.url.path], media_type="application/json")

    _quiet()
    routes = [Route(path, answer, methods=["GET", "POST"]) for path in bodies]
    with create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, access_log=False)
        parent.send(listener.getsockname()[1])
        uvicorn.Server(config).run(sockets=[listener])


def _quiet() -> None:
    """A log is written, to where it costs no disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


class Server(NamedTuple):
    """A server to ask."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Processor time of its main thread so far."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e9


class Asking(asyncio.Protocol):
    """One connection that asks the same again and again, and counts the answers."""

    def __init__(self, request: bytes) -> None:
        self.answers = 0
        self.body = b""
        self.running = True
        self.ended = asyncio.get_running_loop().create_future()
        self._request = request
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        assert head.startswith(b"HTTP/1.1 200"), head
        self._buffer, self.body = b"", rest
        self.answers += 1
        if self.running:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)


class Round(NamedTuple):
    """What one server did under load for a while."""

    per_s: float
    cpu_us: float  # of its main thread, for each answer
    body: bytes


async def load(server: Server, request: bytes, seconds: float) -> Round:
    """Ask over all connections for so long."""
    port = server.port
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Asking(request), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    asking = [protocol for _, protocol in opened]
    before, busy, began = sum(one.answers for one in asking), server.cpu_s(), perf_counter()
    await asyncio.sleep(seconds)
    took_s, busy_s = perf_counter() - began, server.cpu_s() - busy
    answers = sum(one.answers for one in asking) - before
    for one in asking:
        one.running = False
    await asyncio.gather(*(one.ended for one in asking))
    return Round(answers / took_s, 1e6 * busy_s / max(1, answers), asking[0].body)


async def measure(given: argparse.Namespace, ours: Child, theirs: Child) -> None:
    server, bodies = Server(ours.pipe.recv(), ours.pid), {}
    for case in CASES:  # twice: the second one is warm
        await load(server, case.request(), 0.1)
        bodies[case] = (await load(server, case.request(), 0.1)).body
    paths = {case: f"/{case.method}/{case.document}" for case in CASES}
    theirs.pipe.send({paths[case]: bodies[case] for case in CASES})
    other = Server(theirs.pipe.recv(), theirs.pid)
    table = Table("question", "bytes", "/s", "bare /s", "ratio", "µs", "bare µs", "ratio")
    for case in CASES:
        rounds = []
        for _ in range(given.rounds):
            mine = await load(server, case.request(), given.seconds)
            its = await load(other, case.request(paths[case]), given.seconds)
            assert AGE.sub(b"", mine.body) == AGE.sub(b"", its.body)
            faster, leaner = mine.per_s / its.per_s, its.cpu_us / mine.cpu_us
            rounds.append((mine.per_s, its.per_s, faster, mine.cpu_us, its.cpu_us, leaner))
        numbers = [median(column) for column in zip(*rounds, strict=True)]
        shown = [f"{n:.2f}" if at in (2, 5) else f"{n:.0f}" for at, n in enumerate(numbers)]
        name = f"{case.method} {case.document}"
        table.add_row(name, f"{len(bodies[case])}", *shown)
    Console().print(table)


class Child(NamedTuple):
    """A process of ours."""

    pipe: Connection
    pid: int


@contextmanager
def child(serve: Callable[[Connection], None]) -> Iterator[Child]:
    """A server in a process of its own; it ends with us."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        yield Child(here, process.pid or 0)
    finally:
        process.terminate()
        process.join(10)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--seconds", type=float, default=1)
    given = options.parse_args()
    with child(poche) as ours, child(bare) as theirs:
        asyncio.run(measure(given, ours, theirs))


if __name__ == "__main__":
    main()

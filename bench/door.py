"""Door: what our HTTP layer costs, beside bare servers that return the same bytes.

    python -m bench.door [--rounds 9] [--seconds 1] [--only home]

Three servers, each a process of its own on the loopback interface, all uvicorn with
uvloop and httptools: Poche over replayed upstreams, everything warm, with a
persisted id, a client's key, limits, cost, rates, metrics and a line of log for
each request; a Starlette application with one route, which returns the same body;
and a bare ASGI application, which sends the very same response, headers and all.
They take turns under the same load, so that what else the machine does concerns
all of them. On a busy machine the processor time of each answer says more than the
rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
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
from typing import Any, NamedTuple

import httpx
import uvicorn
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conftest import HERE, NOW, Replay

KEY, PEPPER = "poche_bench", "salt is for passwords"
CONNECTIONS = 16
UVICORNS = (b"server", b"date", b"connection")
DOCUMENTS = {
    "door": "query Door { __typename }",  # nothing is looked up: the door and no more
    "pools": "query Pools { pools { totalCount } }",
    "home": (HERE / "queries" / "home_screen.graphql").read_text("utf-8"),
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


def starlette(parent: Connection) -> None:
    """A route for each body."""
    answers = parent.recv()

    async def answer(request: Request) -> Response:
        return Response(answers[request.url.path].body, media_type="application/json")

    routes = [Route(path, answer, methods=["GET", "POST"]) for path in answers]
    _serve(Starlette(routes=routes), parent)


def asgi(parent: Connection) -> None:
    """The same responses, and nothing that would not be needed for one of them."""
    answers = parent.recv()
    sent = {
        path: ({"type": "http.response.start", "status": 200, "headers": list(one.headers)}, one)
        for path, one in answers.items()
    }

    async def answer(scope: Any, _: Any, send: Any) -> None:
        start, one = sent[scope["path"]]
        await send(start)
        await send({"type": "http.response.body", "body": one.body})

    _serve(answer, parent, lifespan="off")


def _serve(app: Any, parent: Connection, **options: Any) -> None:
    _quiet()
    with create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, access_log=False, **options)
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


class Answer(NamedTuple):
    """A response, but for what uvicorn says itself."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Asking(asyncio.Protocol):
    """One connection that asks the same again and again, and counts the answers."""

    def __init__(self, request: bytes) -> None:
        self.answers = 0
        self.answer = Answer((), b"")
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
        if not self.answers:
            lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
            ours = [(name, value) for name, value in lines if name not in UVICORNS]
            self.answer = Answer(tuple(ours), rest)
        self._buffer = b""
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
    answer: Answer


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
    return Round(answers / took_s, 1e6 * busy_s / max(1, answers), asking[0].answer)


async def measure(given: argparse.Namespace, ours: Child, others: list[Child]) -> None:
    server, answers = Server(ours.pipe.recv(), ours.pid), {}
    cases = [case for case in CASES if given.only in (None, case.document)]
    await ready(server)
    for case in cases:  # twice: the second one is warm
        await load(server, case.request(), 0.1)
        answers[case] = (await load(server, case.request(), 0.1)).answer
    paths = {case: f"/{case.method}/{case.document}" for case in cases}
    servers = [server]
    for other in others:
        other.pipe.send({paths[case]: answers[case] for case in cases})
        servers.append(Server(other.pipe.recv(), other.pid))
    columns = ["question", "bytes"]
    for unit in ("/s", "µs"):
        columns += [unit, "Starlette", "ratio", "ASGI", "ratio"]
    table = Table(*columns)
    for case in cases:
        requests = [case.request(), *[case.request(paths[case])] * len(others)]
        rounds = []
        for _ in range(given.rounds):
            found = [
                await load(one, asked, given.seconds)
                for one, asked in zip(servers, requests, strict=True)
            ]
            mine, bare, barest = found
            assert alike(*(len(one.answer.body) for one in found))
            rates = mine.per_s, bare.per_s, mine.per_s / bare.per_s
            times = mine.cpu_us, bare.cpu_us, bare.cpu_us / mine.cpu_us
            faster, leaner = mine.per_s / barest.per_s, barest.cpu_us / mine.cpu_us
            rounds.append((*rates, barest.per_s, faster, *times, barest.cpu_us, leaner))
        numbers = [median(column) for column in zip(*rounds, strict=True)]
        shown = [f"{n:.2f}" if at % 5 in (2, 4) else f"{n:.0f}" for at, n in enumerate(numbers)]
        table.add_row(f"{case.method} {case.document}", f"{len(answers[case].body)}", *shown)
    Console(width=120).print(table)


def alike(*sizes: int) -> bool:
    """Whether these are about as many bytes: ages, and what leaves when, change with time."""
    return max(sizes) - min(sizes) <= 0.02 * max(sizes)


async def ready(server: Server) -> None:
    """Wait until everything has been read once."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - not our process
            await asyncio.sleep(0.2)


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
    options.add_argument("--only", choices=DOCUMENTS)
    given = options.parse_args()
    with child(poche) as ours, child(starlette) as routed, child(asgi) as bare:
        asyncio.run(measure(given, ours, [routed, bare]))


if __name__ == "__main__":
    main()

"""Door: what our HTTP layer costs, beside a bare Starlette route that returns the same bytes.

    python -m bench.door [--rounds 9] [--seconds 1]

Two servers, each a process of its own on the loopback interface: Poche over
replayed upstreams, everything warm, with a persisted id, a client's key, limits,
cost, rates, metrics and a line of log for each request; and uvicorn with one
route. They take turns under the same load, so that what else the machine does
concerns both. The clock of freshness stands still; what is measured is real time.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
DOCUMENTS = {
    "door": "query Door { __typename }",  # nothing is looked up: the door and no more
    "pools": "query Pools { pools { totalCount } }",
}


class Case(NamedTuple):
    """One question, as it goes over the wire."""

    document: str
    method: str

    def request(self) -> bytes:
        """Plain HTTP/1.1, by the document's id, with a key."""
        head, body = f"GET /graphql/d/{self.document}", b""
        if self.method == "POST":
            head, body = "POST /graphql", json.dumps({"documentId": self.document}).encode()
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
        app = create_app(settings, transport=httpx.MockTransport(Replay()), clock=lambda: NOW)
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


async def load(port: int, request: bytes, seconds: float) -> tuple[float, bytes]:
    """Answers a second, and one of them."""
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Asking(request), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    asking = [protocol for _, protocol in opened]
    before, began = sum(one.answers for one in asking), perf_counter()
    await asyncio.sleep(seconds)
    rate = (sum(one.answers for one in asking) - before) / (perf_counter() - began)
    for one in asking:
        one.running = False
    await asyncio.gather(*(one.ended for one in asking))
    return rate, asking[0].body


async def measure(given: argparse.Namespace, ours: Connection, theirs: Connection) -> None:
    port = ours.recv()
    bodies = {}
    for case in CASES:  # twice: the second one is warm
        await load(port, case.request(), 0.1)
        _, bodies[case] = await load(port, case.request(), 0.1)
    paths = {f"/graphql/d/{case.document}": bodies[case] for case in CASES if case.method == "GET"}
    theirs.send({**paths, "/graphql": bodies[CASES[-1]]})
    other = theirs.recv()
    table = Table("question", "bytes", "poche /s", "bare /s", "ratio")
    for case in CASES:
        request, pairs = case.request(), []
        for _ in range(given.rounds):
            mine, _ = await load(port, request, given.seconds)
            its, body = await load(other, request, given.seconds)
            pairs.append((mine, its, mine / its))
        mine, its, ratio = (median(column) for column in zip(*pairs, strict=True))
        name = f"{case.method} {case.document}"
        table.add_row(name, f"{len(body)}", f"{mine:.0f}", f"{its:.0f}", f"{ratio:.2f}")
    Console().print(table)


@contextmanager
def child(serve: object) -> Iterator[Connection]:
    """A server in a process of its own; it ends with us."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        yield here
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

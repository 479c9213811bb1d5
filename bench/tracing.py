"""Tracing: what it adds to an answer, off and with one request in a hundred traced.

    python -m bench.tracing [--rounds 9]

The cheapest way to an answer and the dearest, as in `bench.features`: given again, executed.
`off` is held against the same code without the hooks that tracing has in it (they are replaced
by nothing, here and only here), `1 %` against `off`; they take turns in one process, of which all
processor time counts: spans are made, put together and sent, by OTLP, to a collector in another
one. What the quickest rounds differ by, in microseconds, and what half of all differences lie
between: much, on a machine that does other things. What that is of an answer is told by what a
server takes for one over the loopback interface (`bench.door`).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
    redirect_stderr,
)
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, version
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from bench import door
from bench.features import AGAIN, BODY, EXECUTED, Asked, variant
from server import logs
from server.asked import Asked as Request

# Answers between two looks: about what a busy server gives between two sendings, 5 s apart.
TIMES = {AGAIN: 20_000, EXECUTED: 2_000}
REMEMBERED = {AGAIN: 1 << 26, EXECUTED: 0}  # bytes
DRAWN = cycle([0.0, *[0.5] * 99])  # exactly one in a hundred
STEPS = [
    f"{module}.step"
    for module in (
        "server.compiled.executor",
        "server.interpreted",
        "server.remembered",
        "sources.cache",
        "sources.feeds",
        "sources.http",
    )
]
TELLING = ["server.remembered.tell", "sources.http.tell", "server.gate.Gate.trace"]


class Nothing:
    """No step at all."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


@contextmanager
def without(gate: dict[str, Any]) -> Iterator[None]:
    """No hooks."""
    nothing = Nothing()
    with ExitStack() as replaced, patch.dict(gate, tracing=None):
        for name in STEPS:
            replaced.enter_context(patch(name, lambda *_, **__: nothing))
        for name in TELLING:
            replaced.enter_context(patch(name, lambda *_: None))
        yield


def collect(parent: Connection) -> None:
    """A collector that takes what it is sent."""

    class Collector(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        parent.send(server.server_port)
        server.serve_forever()


async def cost_us(asked: Asked, path: str) -> float:
    """Processor time of one answer; of what was told, and is sent before we look, too."""
    for _ in range(2):  # the first may read a source, which ends what is kept
        await asked.ask()
    again, gate = Request(asked.scope(BODY), BODY), asked.app.state.gate
    began = process_time()
    for _ in range(TIMES[path]):
        if path == AGAIN:
            assert asked.app.state.finished.at_once(again, "127.0.0.1")
        else:
            await asked.ask()
    if gate.tracing is not None:
        gate.tracing._batches.force_flush()
    return (process_time() - began) / TIMES[path] * 1e6


async def rounds_of(path: str, rounds: int) -> list[dict[str, float]]:
    """Microseconds of an answer, one way and another, of each round."""
    found = []
    with TemporaryDirectory() as folder:
        asked = Asked(variant(), folder, path, trace=0.01)
        gate = vars(asked.app.state.gate)
        ways: dict[str, Callable[[], AbstractContextManager[Any]]] = {
            "without": lambda: without(gate),
            "off": lambda: patch.dict(gate, tracing=None),
            "on": nullcontext,
        }
        async with asked.app.router.lifespan_context(asked.app):
            gc.disable()  # it would blame whoever is measured just then
            for turn in range(rounds + 1):
                took = {}
                for name in list(ways)[:: 1 if turn % 2 else -1]:
                    with ways[name]():
                        took[name] = await cost_us(asked, path)
                found.append(took)
            gc.enable()
    return found[1:]  # the first warms up


class Whole(door.Server):
    """A server, all of whose threads count, to the hundredth of a second."""

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def over_sockets(one: door.Child) -> float:
    """Microseconds of an answer that goes over the loopback interface."""
    server, request = Whole(one.pipe.recv(), one.pid), door.Case("pools", "POST").request()
    await door.ready(server)
    return median([(await door.load(server, request, 1)).cpu_us for _ in range(3)])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    given = options.parse_args()
    try:
        version("poche")
    except PackageNotFoundError:  # traces say which version they are of
        sys.exit(f"install it for {sys.executable} first: pip install --no-deps --editable .")
    logs.configure("json")
    columns = ("an answer", "takes, µs", "off, µs more", "of it", "1 %, µs more", "of it")
    table = Table(*columns)
    with door.child(collect) as collector:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{collector.pipe.recv()}"
        for path in TIMES:
            with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
                found = measured(path, given.rounds)  # a log is written, where it costs no disk
            table.add_row(path, *found)
    Console(width=100).print(table)


def measured(path: str, rounds: int) -> list[str]:
    """What an answer takes, and what tracing adds to it, off and on."""
    remembered = patch.dict(os.environ, POCHE_REMEMBER_BYTES=str(REMEMBERED[path]))
    with remembered, door.child(door.poche) as server:
        whole = asyncio.run(over_sockets(server))
    with patch("server.tracing.random", DRAWN.__next__):
        found = asyncio.run(rounds_of(path, rounds))
    off, on = told(found, "off", "without", whole), told(found, "on", "off", whole)
    return [f"{whole:.0f}", *off, *on]


def told(found: list[dict[str, float]], way: str, other: str, whole: float) -> tuple[str, str]:
    """What one way takes more than another, and how much of an answer that is."""
    low, _, high = quantiles([one[way] - one[other] for one in found], n=4)
    more = min(one[way] for one in found) - min(one[other] for one in found)
    return f"{more:.2f} ({low:.2f} to {high:.2f})", f"{100 * more / whole:.1f} %"


if __name__ == "__main__":
    main()

"""Features: what each part of the door takes of an answer, by leaving it out.

    python -m bench.features [--rounds 60]

One application over replayed upstreams, without sockets, on the three ways to an
answer: `given again` is one of this second, as `server/wire.py` gives it; `from
memory`, one that is remembered, but goes the whole way; `executed`, one of which
nothing is remembered. Processor time, in microseconds. In each round every variant
is measured beside the whole, so that what else the machine does concerns both, and
the median of the differences counts; half of them lie in the range that is told.
What a setting switches off is switched off by it; the rest is replaced by nothing
here, and only here.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx
from rich.console import Console
from rich.table import Table

from server import logs
from server.app import create_app
from server.asked import Asked as Request
from server.finished import Finished
from server.settings import Settings
from tests.conftest import NOW, Replay

QUERY = "{ pools { totalCount } }"
AGAIN, MEMORY, EXECUTED = "given again", "from memory", "executed"
TIMES = {AGAIN: 100, MEMORY: 20, EXECUTED: 10}  # in each round
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/graphql",
    "raw_path": b"/graphql",
    "query_string": b"",
    "root_path": "",
    "scheme": "http",
    "http_version": "1.1",
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}
BODY = b'{"query": "%b"}' % QUERY.encode()
HEADERS = [
    (b"host", b"localhost"),
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(BODY)),
    (b"accept", b"application/graphql-response+json"),
    (b"accept-encoding", b"gzip, br"),
]


class Variant(NamedTuple):
    """All but one feature."""

    settings: dict[str, Any]
    headers: list[tuple[bytes, bytes]]
    without: tuple[str, ...]


def variant(
    *without: str, headers: tuple[tuple[bytes, bytes], ...] = (), **settings: Any
) -> Variant:
    return Variant(settings, [*HEADERS, *headers], without)


VARIANTS = {
    "the line of log": variant("server.logs.request"),
    "metrics": variant("server.metrics.Metrics.count", "server.metrics.Metrics.use"),
    "rates": variant(rate=0),
    "provenance": variant(headers=((b"x-poche-sources", b"off"),)),
    "compiled execution": variant(executor="graphql-core"),
}


class Asked:
    """An application, asked the same again and again."""

    def __init__(self, given: Variant, folder: str, **settings: Any) -> None:
        self._given = given
        options = {"rate": 1e9, "burst": 1_000_000_000, **given.settings, **settings}
        self.app = create_app(
            Settings(warm=False, data=folder, **options),
            transport=httpx.MockTransport(Replay()),
            clock=lambda: NOW,
        )

    async def ask(self) -> None:
        said = [{"type": "http.request", "body": BODY, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return said.pop() if said else await asyncio.Future()  # the client stays

        async def send(message: MutableMapping[str, Any]) -> None:
            assert message.get("status", 200) == 200

        await self.app({**SCOPE, "headers": self._given.headers}, receive, send)

    async def cost_us(self, path: str) -> float:
        """Processor time of one answer, after two that are not counted."""
        with self.lacking():
            for _ in range(2):  # the first may read a source, which ends what is kept
                await self.ask()
            asked, times = Request({**SCOPE, "headers": self._given.headers}, BODY), TIMES[path]
            began = process_time()
            for _ in range(times):
                if path == AGAIN:
                    assert self.app.state.finished.at_once(asked, "127.0.0.1")
                else:
                    await self.ask()
            return (process_time() - began) / times * 1e6

    @contextmanager
    def lacking(self) -> Iterator[None]:
        patches = [patch(name, _nothing) for name in self._given.without]
        for one in patches:
            one.start()
        try:
            yield
        finally:
            for one in patches:
                one.stop()


def _nothing(*_: object, **__: object) -> None:
    pass


class Found(NamedTuple):
    """Microseconds of an answer, by round: all of it, and what leaving something out spares."""

    whole: list[float]
    spared: dict[str, list[float]]


async def measure(path: str, rounds: int) -> Found:
    options = {"remember_bytes": 0} if path == EXECUTED else {}
    keep = patch("server.finished.Finished.keep", _nothing if path == MEMORY else Finished.keep)
    found = Found([], {name: [] for name in VARIANTS})
    with TemporaryDirectory() as folder, keep:
        whole = Asked(variant(), folder, **options)
        others = {name: Asked(one, folder, **options) for name, one in VARIANTS.items()}
        gc.disable()  # it would blame whoever is measured just then
        for _ in range(rounds):
            for name, other in others.items():
                before, less, after = [await one.cost_us(path) for one in (whole, other, whole)]
                found.whole.append((before + after) / 2)
                found.spared[name].append(found.whole[-1] - less)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=60)
    given = options.parse_args()
    out = Console(file=os.fdopen(os.dup(sys.stdout.fileno()), "w"), width=100)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a log is written, to where it costs no disk
    logs.configure("json")
    found = {path: asyncio.run(measure(path, given.rounds)) for path in TIMES}
    table = Table("what is spared without", *(f"{path}, µs" for path in found))
    table.add_row("(all of it takes)", *(f"{median(one.whole):.1f}" for one in found.values()))
    for name in VARIANTS:
        table.add_row(name, *(_told(one.spared[name]) for one in found.values()))
    out.print(table)


def _told(differences: list[float]) -> str:
    low, middle, high = quantiles(differences, n=4)
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()

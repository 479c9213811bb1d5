"""Features: what each part of the door takes of an answer, by leaving it out.

    python -m bench.features [--rounds 60]

One application over replayed upstreams, without sockets, on the four ways to an
answer: `given again` is one of this second, as `server/wire.py` gives it; `from
memory`, one that is remembered, but goes the whole way; `executed`, one of which
nothing is remembered; `never seen`, the home screen in a text that is new each time,
so that it has to be planned. Processor time, in microseconds. In each round every
variant is measured beside the whole, so that what else the machine does concerns
both, and the median of the differences counts; half of them lie in the range that is
told. What a setting switches off is switched off by it; the rest is replaced here, and
only here: by nothing, or by what it found the first time.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, redirect_stderr
from itertools import count
from pkgutil import resolve_name
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
from tests.conftest import HERE, NOW, Replay

QUERY = "{ pools { totalCount } }"
SCREEN = (HERE / "queries" / "home_screen.graphql").read_text("utf-8")
AGAIN, MEMORY, EXECUTED, UNSEEN = "given again", "from memory", "executed", "never seen"
TIMES = {AGAIN: 100, MEMORY: 20, EXECUTED: 10, UNSEEN: 2}  # in each round
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
BODY = json.dumps({"query": QUERY}).encode()
HEADERS = [
    (b"host", b"localhost"),
    (b"content-type", b"application/json"),
    (b"accept", b"application/graphql-response+json"),
    (b"accept-encoding", b"gzip, br"),
]


class Variant(NamedTuple):
    """All but one feature: some functions do nothing, others say again what they said first."""

    settings: dict[str, Any]
    headers: list[tuple[bytes, bytes]]
    without: tuple[str, ...]
    first: tuple[str, ...]


def variant(
    *without: str,
    first: tuple[str, ...] = (),
    headers: tuple[tuple[bytes, bytes], ...] = (),
    **settings: Any,
) -> Variant:
    return Variant(settings, [*HEADERS, *headers], without, first)


VARIANTS = {
    "the line of log": variant("server.logs.request"),
    "metrics": variant("server.metrics.Metrics.count", "server.metrics.Metrics.use"),
    "rates": variant(rate=0),
    "provenance": variant(headers=((b"x-poche-sources", b"off"),)),
    "limits": variant(first=("server.planning.asked",)),
    "cost": variant(first=("server.planning.Planner.estimate",)),
    "compiled execution": variant(executor="graphql-core"),
}


class Asked:
    """An application, asked the same again and again, or in other words each time."""

    def __init__(self, given: Variant, folder: str, path: str, **settings: Any) -> None:
        self._given = given
        self._path = path
        self._numbers = count()
        options = {"rate": 1e9, "burst": 1_000_000_000, **given.settings, **settings}
        if path == EXECUTED:
            options["remember_bytes"] = 0
        self.app = create_app(
            Settings(warm=False, data=folder, **options),
            transport=httpx.MockTransport(Replay()),
            clock=lambda: NOW,
        )

    async def ask(self) -> None:
        body = BODY
        if self._path == UNSEEN:
            body = json.dumps({"query": f"{SCREEN} # {next(self._numbers)}"}).encode()
        said = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return said.pop() if said else await asyncio.Future()  # the client stays

        async def send(message: MutableMapping[str, Any]) -> None:
            assert message.get("status", 200) == 200

        await self.app(self.scope(body), receive, send)

    def scope(self, body: bytes) -> dict[str, Any]:
        """That of a request with this body."""
        return {**SCOPE, "headers": [*self._given.headers, (b"content-length", b"%d" % len(body))]}

    async def cost_us(self) -> float:
        """Processor time of one answer, after two that are not counted."""
        with self.lacking():
            for _ in range(2):  # the first may read a source, which ends what is kept
                await self.ask()
            asked, times = Request(self.scope(BODY), BODY), TIMES[self._path]
            began = process_time()
            for _ in range(times):
                if self._path == AGAIN:
                    assert self.app.state.finished.at_once(asked, "127.0.0.1")
                else:
                    await self.ask()
            return (process_time() - began) / times * 1e6

    @contextmanager
    def lacking(self) -> Iterator[None]:
        patches = [patch(name, _nothing) for name in self._given.without]
        patches += [patch(name, _said(resolve_name(name))) for name in self._given.first]
        for one in patches:
            one.start()
        try:
            yield
        finally:
            for one in patches:
                one.stop()


def _nothing(*_: object, **__: object) -> None:
    pass


def _said(work: Callable[..., Any]) -> Callable[..., Any]:
    """That function, which finds out once, whatever it is asked."""
    said: list[Any] = []

    def again(*given: Any) -> Any:
        if not said:
            said.append(work(*given))
        return said[0]

    return again


class Found(NamedTuple):
    """Microseconds of an answer, by round: all of it, and what leaving something out spares."""

    whole: list[float]
    spared: dict[str, list[float]]


async def measure(path: str, rounds: int) -> Found:
    keep = patch("server.finished.Finished.keep", _nothing if path == MEMORY else Finished.keep)
    found = Found([], {name: [] for name in VARIANTS})
    with TemporaryDirectory() as folder, keep:
        whole = Asked(variant(), folder, path)
        others = {name: Asked(one, folder, path) for name, one in VARIANTS.items()}
        gc.disable()  # it would blame whoever is measured just then
        for _ in range(rounds):
            for name, other in others.items():
                before, less, after = [await one.cost_us() for one in (whole, other, whole)]
                found.whole.append((before + after) / 2)
                found.spared[name].append(found.whole[-1] - less)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=60)
    given = options.parse_args()
    logs.configure("json")
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        # a log is written, to where it costs no disk
        found = {path: asyncio.run(measure(path, given.rounds)) for path in TIMES}
    table = Table("what is spared without", *(f"{path}, µs" for path in found))
    table.add_row("(all of it takes)", *(f"{median(one.whole):.1f}" for one in found.values()))
    for name in VARIANTS:
        table.add_row(name, *(_told(one.spared[name]) for one in found.values()))
    Console(width=120).print(table)


def _told(differences: list[float]) -> str:
    low, middle, high = quantiles(differences, n=4)
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()

"""Features: what each part of the door takes of an answer, by leaving it out.

    python -m bench.features [--rounds 9]

One application over replayed upstreams, without sockets. `given again` is an answer
of this second, as `server/wire.py` gives it; `executed` is one that nothing is
remembered of. Processor time; the variants take turns, and the quickest round of
each counts. What a setting switches off is switched off by it; the rest is replaced
by nothing here, and only here.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx
from rich.console import Console
from rich.table import Table

from server import logs
from server.app import create_app
from server.settings import Settings
from tests.conftest import NOW, Replay

QUERY = "{ pools { totalCount } }"
TIMES = {"given again": 300, "executed": 20}  # in each round
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


ALL = "all of them"
VARIANTS = {
    ALL: variant(),
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

        async def send(message: dict[str, Any]) -> None:
            assert message.get("status", 200) == 200

        await self.app({**SCOPE, "headers": self._given.headers}, receive, send)

    async def executed(self, times: int) -> None:
        for _ in range(times):
            await self.ask()

    async def given_again(self, times: int) -> None:
        scope = {**SCOPE, "headers": self._given.headers}
        for _ in range(times):
            assert self.app.state.finished.at_once(scope, BODY, "127.0.0.1")

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


async def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds of an answer, by what is measured and what is left out."""
    found: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as folder:
        for what, times in TIMES.items():
            kept: dict[str, Any] = {} if what == "given again" else {"remember_bytes": 0}
            apps = {name: Asked(one, folder, **kept) for name, one in VARIANTS.items()}
            for app in apps.values():
                await app.executed(3)
            best = dict.fromkeys(apps, float("inf"))
            for _ in range(rounds):
                for name, app in apps.items():
                    run: Callable[..., Any] = app.given_again if not kept else app.executed
                    with app.lacking():
                        await app.executed(2)  # other applications' reads end what is kept here
                        began = process_time()
                        await run(times)
                        best[name] = min(best[name], (process_time() - began) / times * 1e6)
            found[what] = best
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    given = options.parse_args()
    out = Console(file=os.fdopen(os.dup(sys.stdout.fileno()), "w"))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a log is written, to where it costs no disk
    logs.configure("json")
    found = asyncio.run(measure(given.rounds))
    table = Table("without", *(f"{what}, µs" for what in found), *("saves" for _ in found))
    for name in VARIANTS:
        numbers = [column[name] for column in found.values()]
        saved = [column[ALL] - column[name] for column in found.values()]
        table.add_row(
            "(nothing)" if name == ALL else name, *(f"{n:.1f}" for n in [*numbers, *saved])
        )
    out.print(table)


if __name__ == "__main__":
    main()

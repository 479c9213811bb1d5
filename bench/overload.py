"""Overload: what becomes of whom when twelve times as much is asked as can be answered.

    python -m bench.overload [--rounds 3] [--seconds 5] [--times 12]

Poche is a process of its own over replayed upstreams, everything warm, and has one processor to
itself where there are two; this one, on the other, asks over the loopback interface for home
screens (`tests/queries/home_screen.graphql`) around places that nobody asked for before, so that
each must be executed. First as fast as they are answered, which is the peak; then so many times
that, whatever becomes of them, in three classes: partners with a key and a published document (a
fifth of the peak), first-party clients with the published document alone (a fifth), and a flood of
texts without either. One more asks what is remembered, all the time. Then the flood ends, and half
of the peak is asked; at last the peak is looked for again, since the machine may be another one by
then: what a flood leaves of it is told of the mean of both. A machine that is one hundredth slower
while flooded has a refusal appear 1.7 us dearer, since there are so many beside each answer. All of
that again and again: medians of the rounds, and their range.

Answers a second are what clients see; other work on the machine has a part in them, as far as the
server waited for its processor. Processor time tells what it made of what it got. Exits with 1 if a
promise of docs/overload.md is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from socket import create_server, socket
from statistics import median, quantiles
from threading import Thread
from time import perf_counter
from typing import NamedTuple

import httpx
import uvloop
from rich.console import Console
from rich.table import Table

from bench import door
from bench.crowd import Answer, Crowd
from tests.conftest import HERE, NOW, Replay

KEY, PEPPER = "poche_bench", "salt is for passwords"
HOME = (
    (HERE / "queries" / "home_screen.graphql")
    .read_text()
    .replace("query HomeScreen {", "query HomeScreen($lat: Float!, $lon: Float!) {")
    .replace('name: "Commerce", first: 1', "near: {lat: $lat, lon: $lon}, first: 1")
)
ASKED = {
    "partners": {"documentId": "home"},
    "first-party": {"documentId": "home"},
    "flood": {"query": HOME + " "},  # longer than the published text by a space: not that one
    "remembered": {"query": "{ cities { name } }"},
}
EXECUTED = ("partners", "first-party", "flood")
SHARE = 0.2  # of the peak, that partners ask; and first-party clients, too
REMEMBERED_PER_S = 20.0
PEAK_OPEN = 6
WARM = 20  # answers in the first second of who is warm
RISING_S, RESTING_S = 2.0, 6.0
LATE_S = 0.5  # what takes longer is not as before
LOOK_S = 0.005  # between two looks at the server's event loop


class Promise(NamedTuple):
    """What docs/overload.md says."""

    name: str
    value: float
    at_most: bool = False

    def kept(self, found: float) -> bool:
        return found <= self.value if self.at_most else found >= self.value


PROMISES = (
    Promise("partners served", 0.994),
    Promise("first-party served", 0.994),
    Promise("remembered served", 0.994),
    Promise("goodput, by processor time", 0.8),
    Promise("goodput, by answers a second", 0.8),
    Promise("half of the refusals within, ms", 10, at_most=True),
    Promise("all as before after, s", 5, at_most=True),
    Promise("flood, of what was to be asked", 0.9),  # else it says nothing of so many times
)


def poche(parent: Connection) -> None:
    """The server under test; it tells how late its timers were, whenever it is asked."""
    from server import logs
    from server.app import create_app
    from server.clients import hashed
    from server.serving import Server
    from server.settings import Settings

    stay_on(0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    logs.configure("json")
    late_s: list[float] = []

    class Watched(Server):
        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            self.look(perf_counter())

        def look(self, due: float) -> None:
            late_s.append(perf_counter() - due)
            loop = asyncio.get_running_loop()
            loop.call_later(LOOK_S, self.look, perf_counter() + LOOK_S)

    def tell() -> None:
        while True:
            parent.recv()
            told = late_s[:]
            del late_s[: len(told)]
            parent.send(told)

    with tempfile.TemporaryDirectory() as name, create_server(("127.0.0.1", 0)) as listener:
        folder = Path(name)
        (folder / "clients.toml").write_text(f'[bench]\nkeys = ["{hashed(KEY, PEPPER)}"]\nrate = 0')
        (folder / "documents").mkdir()
        (folder / "documents" / "bench.json").write_text(json.dumps({"home": HOME}))
        settings = Settings(
            clients=folder / "clients.toml",
            pepper=PEPPER,
            documents=folder / "documents",
            data=folder,
            rate=0,
            concurrency=0,  # all of them come from one address
        )
        began = perf_counter()

        def clock() -> datetime:
            return NOW + timedelta(seconds=perf_counter() - began)

        app = create_app(settings, transport=httpx.MockTransport(Replay()), clock=clock)
        parent.send(listener.getsockname()[1])
        Thread(target=tell, daemon=True).start()
        Watched(app, settings, log_level="error").run(sockets=[listener])


def stay_on(turn: int) -> None:
    """Have one processor, and leave the next one to others."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[turn % len(allowed)]})


def stay_awake() -> None:
    """Never sleep: who is sent an answer would have to be woken, at the server's expense."""
    asyncio.get_running_loop().call_soon(stay_awake)


def questions(kind: str) -> Callable[[int], bytes]:
    """What clients of a class ask, as it goes over the wire: another place each time."""
    body = json.dumps(ASKED[kind])
    if kind != "remembered":
        body = body[:-1] + ', "variables": {"lat": %09.6f, "lon": %09.6f}}'
    key = f"Authorization: Bearer {KEY}\r\n" if kind == "partners" else ""
    head = (
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {}/{}\r\n{}"
        "Content-Type: application/json\r\nAccept: application/graphql-response+json\r\n"
        "Content-Length: {}\r\n\r\n"
    )

    def question(client: int) -> bytes:
        whole = body
        if kind != "remembered":
            whole %= (47.19 + random.random() * 0.06, -1.62 + random.random() * 0.12)
        return (head.format(kind, client, key, len(whole)) + whole).encode()

    return question


class Used(NamedTuple):
    """Seconds that a server ran, those that its loop would have run, and when."""

    busy_s: float
    waited_s: float
    at: float

    @classmethod
    def of(cls, pid: int) -> Used:
        threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
        busy_s = sum(int(one.read_text().split()[0]) for one in threads) / 1e9
        waited_s = int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
        return cls(busy_s, waited_s, perf_counter())

    def __sub__(self, since: object) -> Used:
        assert isinstance(since, Used)
        return Used(*(now - then for now, then in zip(self, since, strict=True)))


class Round(NamedTuple):
    """What was found in one of them: what was promised, and more to understand it by."""

    promised: list[float]
    more: dict[str, float]


class Bench:
    def __init__(self, given: argparse.Namespace, child: door.Child, port: int) -> None:
        self._seconds: float = given.seconds
        self._times: float = given.times
        self._child = child
        self._port = port

    async def warm(self) -> None:
        await door.ready(door.Server(self._port, self._child.pid))
        while await self._crowd("partners").at_once(PEAK_OPEN, 1) < WARM:
            pass  # what is imported in the beginning is there now
        await self._crowd("remembered").at_once(1, 0.1)

    async def round(self) -> Round:
        peak, calm = await self._peak()
        rates = dict.fromkeys(EXECUTED, SHARE * peak) | {"remembered": REMEMBERED_PER_S}
        rates["flood"] = (self._times - 2 * SHARE) * peak
        crowds = {kind: self._crowd(kind) for kind in rates}
        await asyncio.gather(*(crowds[kind].come(rates[kind], RISING_S) for kind in rates))
        self._late_s()
        before = Used.of(self._child.pid)
        await asyncio.gather(*(crowds[kind].come(rates[kind], self._seconds) for kind in rates))
        flooded, late_s = Used.of(self._child.pid) - before, self._late_s()
        found = {kind: since(crowd.answers, before.at) for kind, crowd in crowds.items()}
        served = sum(one.status == 200 for kind in EXECUTED for one in found[kind])
        refused_s = [one.took_s for one in found["flood"] if one.status == 503] or [0, 0]
        ended = perf_counter()
        await crowds["flood"].come(peak / 2, RESTING_S)
        after = since(crowds["flood"].answers, ended)
        bad = [one.at - ended for one in after if one.status != 200 or one.took_s > LATE_S]
        peak_after, calm_after = await self._peak()
        each_s = (calm.busy_s + calm_after.busy_s) / (peak * calm.at + peak_after * calm_after.at)
        all_s = flooded.busy_s / served
        asked_per_s = sum(map(len, found.values())) / flooded.at
        cuts, late = quantiles(refused_s, n=100), quantiles(late_s, n=100)
        partners = [one.took_s for one in found["partners"] if one.status == 200]
        more = {
            "peak, answers a second": peak,
            "peak after the flood, of that before": peak_after / peak,
            "peak, ms of processor each": 1e3 * each_s,
            "the same, in processor time each": (calm_after.busy_s / calm_after.at)
            / (calm.busy_s / calm.at)
            * (peak / peak_after),
            "flood, asked a second": asked_per_s,
            "flood, served a second": served / flooded.at,
            "flood, us of processor each refusal": 1e6
            * max(0, flooded.busy_s - served * each_s)  # if answers took what they did before
            / len(refused_s),
            "flood, 99 of 100 refusals within, ms": 1e3 * cuts[98],
            "flood, half of the loop's turns within, ms": 1e3 * late[49],
            "flood, 99 of 100 turns within, ms": 1e3 * late[98],
            "flood, half of the partners' answers within, ms": 1e3 * median(partners),
            "peak, % of the time without a processor": 100 * calm.waited_s / calm.at,
            "flood, % of the time without a processor": 100 * flooded.waited_s / flooded.at,
        }
        promised = [
            *(good(found[kind]) for kind in ("partners", "first-party", "remembered")),
            each_s / all_s,
            served / flooded.at / ((peak + peak_after) / 2),
            1e3 * cuts[49],
            max(bad, default=0.0),
            asked_per_s / (self._times * peak),
        ]
        for crowd in crowds.values():
            crowd.leave()
        return Round(promised, more)

    async def _peak(self) -> tuple[float, Used]:
        """Answers a second at most, and what they took."""
        crowd, before = self._crowd("partners"), Used.of(self._child.pid)
        answers = await crowd.at_once(PEAK_OPEN, self._seconds)
        took = Used.of(self._child.pid) - before
        await asyncio.sleep(LATE_S)
        crowd.leave()
        return answers / took.at, took

    def _crowd(self, kind: str) -> Crowd:
        return Crowd(self._port, questions(kind))

    def _late_s(self) -> list[float]:
        self._child.pipe.send(None)
        return list(self._child.pipe.recv())


def since(answers: list[Answer], at: float) -> list[Answer]:
    """Those that were asked for since then."""
    return [one for one in answers if one.at - one.took_s >= at]


def good(answers: list[Answer]) -> float:
    """The share that was served."""
    return sum(one.status == 200 for one in answers) / max(1, len(answers))


def shown(found: list[float]) -> tuple[str, str]:
    """Their median and their range."""
    return f"{median(found):.4g}", f"{min(found):.4g} to {max(found):.4g}"


async def measured(bench: Bench, number: int) -> list[Round]:
    stay_awake()
    await bench.warm()
    return [await bench.round() for _ in range(number)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--times", type=float, default=12)
    given = options.parse_args()
    uvloop.install()
    with door.child(poche) as process:
        stay_on(1)
        bench = Bench(given, process, process.pipe.recv())
        rounds = asyncio.run(measured(bench, given.rounds))
    table, kept = Table("what", "median", "range", "promised"), True
    for at, promise in enumerate(PROMISES):
        found = [one.promised[at] for one in rounds]
        well = promise.kept(median(found))
        kept = kept and well
        verdict = f"{promise.value}{'' if well else ' NOT KEPT'}"
        table.add_row(promise.name, *shown(found), verdict)
    table.add_section()
    for name in rounds[0].more:
        table.add_row(name, *shown([one.more[name] for one in rounds]), "")
    Console(width=110).print(table)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

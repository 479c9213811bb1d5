"""Soak: a server under load on bad days, for long: does it grow, and does it answer in time?

    python -m bench.soak [--minutes 60]

The server is a process of its own, the one that `poche serve` runs, over the sandbox with
short times to live. First it is asked more and more, for a few seconds: that is what it can
do on this machine. Then it is asked 70 % of that, at random moments, while every other second
another upstream breaks, and a tenth of the clients hang up: half of the questions are the
explorer's examples, mostly remembered, half are home screens around places that nobody asked
for before, each of which must be executed.

Between rounds of load it is at rest: from the second third of the rounds to the last, the
least memory, tasks and open files that it then has must not rise. Every answer must be
well-formed, and no error a bug of ours; where the machine has other things to do, some are
refused, and what is not comes within the deadline. Exits with 1 if not.
"""

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from socket import create_server
from typing import NamedTuple

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import cities
from bench.crowd import Asking, Crowd
from bench.overload import HOME
from sandbox.faults import KINDS
from sandbox.serve import running
from sandbox.upstreams import UPSTREAMS
from sandbox.world import World, real_clock
from server.app import create_app
from server.explorer import examples
from server.serving import serve
from server.settings import Settings

RAMP, RAMP_S = (2, 4, 8, 16, 32), 3.0  # clients who ask as soon as they are answered
LOAD = 0.7  # of what the server can do
ROUND_S = 15.0  # of load, before the server is looked at
ROUNDS = 6  # at least, whatever the time
HANG_UP, HANG_UP_S = 0.1, 0.05  # how many do, and when at the latest
MOST_OPEN = 1_000  # connections: an upstream that hangs keeps clients waiting
FAULT_S = 2.0
NUMBERS = {"seconds": ":3", "times": ":2"}
DEADLINE_S = 10.0  # the server's own
LATE_S = DEADLINE_S + 1  # with what stands in line, and a busy machine
IN_TIME = 0.99  # of what is answered
MAY_RISE = {"memory": 16 * 2**20, "tasks": 5, "files": 10}  # bytes; and what comes and goes
REMEMBERED = 4 * 2**20  # bytes of answers: there is no more room soon, however slow the machine is
EXPECTED = {"HTTP 200", "HTTP 503", "hung up"} | {
    "UNAVAILABLE",
    "REFUSED",
    "CHANGED",
    "DEADLINE",
    "OVERLOADED",
}
EXECUTED = 0.5  # of all questions
HEAD = (
    b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Accept: application/graphql-response+json\r\nContent-Length: %d\r\n\r\n"
)


class Sample(NamedTuple):
    memory: int
    tasks: int
    files: int


class Citizens(Crowd):
    """Clients, of whom some hang up; they count what they see."""

    def __init__(self, port: int, seen: Counter[str], *, patient: bool = False) -> None:
        super().__init__(port, self._ask, MOST_OPEN)
        self._seen = seen
        self._patient = patient
        self._examples: list[dict[str, object]] = [{"query": one} for one in examples()]

    def asked(self, connection: Asking) -> None:
        if not self._patient and random.random() < HANG_UP:
            soon = random.uniform(0, HANG_UP_S)
            loop = asyncio.get_running_loop()
            loop.call_later(soon, self._hang_up, connection, connection.began)

    def read(self, answer: bytes) -> int:
        status = int(answer[9:12])
        self._seen[f"HTTP {status}"] += 1
        body = json.loads(answer.partition(b"\r\n\r\n")[2])
        self._seen.update(error["extensions"]["code"] for error in body.get("errors", ()))
        return status

    def lost(self, connection: Asking) -> None:
        super().lost(connection)
        if connection.waits:
            self._seen["cut off"] += 1

    def _hang_up(self, connection: Asking, began: float) -> None:
        if connection.waits and connection.began == began:
            connection.waits = False
            connection.transport.abort()
            self._seen["hung up"] += 1

    def _ask(self, _: int) -> bytes:
        asked: dict[str, object] = random.choice(self._examples)
        if random.random() < EXECUTED:
            lat, lon = 47.19 + random.random() * 0.06, -1.62 + random.random() * 0.12
            asked = {"query": HOME, "variables": {"lat": lat, "lon": lon}}
        body = json.dumps(asked).encode()
        return HEAD % len(body) + body


def poche(port: int, folder: str, upstream: str) -> None:
    """The server under test, which tells how many tasks it has, too."""
    settings = Settings(
        cities=Path(folder),
        data=Path(folder),
        upstream=upstream,
        rate=0,
        concurrency=0,  # all of them come from one address
        deadline_s=DEADLINE_S,
        remember_bytes=REMEMBERED,
    )
    app = create_app(settings)

    async def tasks(_: Request) -> PlainTextResponse:
        with contextlib.suppress(AttributeError):  # glibc's: what is free is not what it holds
            ctypes.CDLL(None).malloc_trim(0)
        return PlainTextResponse(str(len(asyncio.all_tasks())))

    app.router.routes.append(Route("/tasks", tasks))
    serve(app, settings, "127.0.0.1", port)


def impatient(folder: Path) -> None:
    """Nantes, but read every few seconds, and given up on as soon."""
    text = (cities.HERE / "nantes.toml").read_text("utf-8")
    for word, length in (("ttl", 5), ("stale_while_revalidate", 5), ("timeout", 2)):
        text = re.sub(rf'^{word} = ".*?"', f'{word} = "{length}s"', text, flags=re.MULTILINE)
    (folder / "nantes.toml").write_text(text.replace(' per day"', ' per 60s"'), "utf-8")


async def capacity(port: int) -> float:
    """Answers a second, on a good day, that the server is capable of."""
    best = 0.0
    for clients in RAMP:
        crowd = Citizens(port, Counter(), patient=True)
        best = max(best, await crowd.at_once(clients, RAMP_S) / RAMP_S)
        await finished(crowd)
    return best


async def finished(crowd: Crowd) -> None:
    """All are answered, or told that it took too long; then they leave."""
    until = time.monotonic() + 2 * LATE_S
    while crowd.waiting and time.monotonic() < until:  # noqa: ASYNC110 - it sets no event
        await asyncio.sleep(0.05)
    crowd.leave()


async def misfortune(outside: httpx.AsyncClient, until: float) -> None:
    """Another fault, of another upstream; and now and then a good moment for all."""
    kinds = [kind + NUMBERS.get(what.number, "") for kind, what in KINDS.items()]
    while time.monotonic() < until:
        if random.random() < 0.25:
            await outside.delete("/_control/faults")
        else:
            name = random.choice(list(UPSTREAMS))
            await outside.put(f"/_control/faults/{name}", content=random.choice(kinds))
        await asyncio.sleep(FAULT_S)


def at_rest(base: str, pid: int) -> Sample:
    """What the server is like when nobody asks anything of it."""
    tasks = int(httpx.get(f"{base}/tasks", timeout=30).text)
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    files = len(os.listdir(f"/proc/{pid}/fd"))
    return Sample(pages * os.sysconf("SC_PAGE_SIZE"), tasks, files)


async def soak(port: int, upstream: str, pid: int, minutes: float) -> bool:
    base = f"http://127.0.0.1:{port}"
    await ready(base)
    peak = await capacity(port)
    per_s = LOAD * peak
    print(f"capable of {peak:.0f} answers a second, asked {per_s:.0f}", flush=True)
    samples: list[Sample] = []
    seen: Counter[str] = Counter()
    took_s: list[float] = []
    end = time.monotonic() + 60 * minutes
    async with httpx.AsyncClient(base_url=upstream, timeout=30) as outside:
        while time.monotonic() < end or len(samples) < ROUNDS:
            crowd = Citizens(port, seen)
            until = time.monotonic() + ROUND_S
            await asyncio.gather(crowd.come(per_s, ROUND_S), misfortune(outside, until))
            await outside.delete("/_control/faults")
            await finished(crowd)
            took_s += [one.took_s for one in crowd.answers if one.status == 200]
            samples.append(await asyncio.to_thread(at_rest, base, pid))
    return verdict(samples, seen, took_s)


async def ready(base: str) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).is_success:
                    return
            await asyncio.sleep(0.1)
    raise TimeoutError("the server does not get ready")


def verdict(samples: list[Sample], seen: Counter[str], took_s: list[float]) -> bool:
    """Says what was seen; whether it is well."""
    third = len(samples) // 3
    early, late = samples[third : 2 * third], samples[2 * third :]
    print(", ".join(f"{what}: {count}" for what, count in sorted(seen.items())))
    strange = set(seen) - EXPECTED
    if strange:
        print(f"NOT EXPECTED: {', '.join(sorted(strange))}")
    in_time = sum(one <= LATE_S for one in took_s) / max(1, len(took_s))
    print(f"in time: {100 * in_time:.2f} %{'' if in_time >= IN_TIME else '  TOO FEW'}")
    well = not strange and in_time >= IN_TIME
    print("MiB at rest: " + " ".join(f"{one.memory / 2**20:.0f}" for one in samples))
    for name, most in MAY_RISE.items():
        before, after = (min(getattr(one, name) for one in part) for part in (early, late))
        rises = after - before > most
        well = well and not rises
        print(f"{name}: {before:,.0f} -> {after:,.0f}{'  IT GROWS' if rises else ''}")
    return well


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--serve", nargs=3, metavar=("PORT", "FOLDER", "UPSTREAM"))
    asked = options.parse_args()
    if asked.serve:
        port, folder, upstream = asked.serve
        poche(int(port), folder, upstream)
        return 0
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, running(World(real_clock)) as upstream:
        impatient(Path(folder))
        command = [sys.executable, "-m", "bench.soak", "--serve", str(port), folder, upstream]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                well = asyncio.run(soak(port, upstream, server.pid, asked.minutes))
            finally:
                server.terminate()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

"""Soak: a server under load on bad days, for long: does it grow?

    python -m bench.soak [--minutes 60]

The server is a process of its own, on a real socket, over the sandbox with short
times to live and a new fault every other second; a tenth of the clients hang up.
Between rounds of load it is at rest: from the second third of the rounds to the
last, the least memory, tasks and open files that it then has must not rise. Every
answer must be well-formed, and no error a bug of ours. Exits with 1 if not.
"""

import argparse
import asyncio
import contextlib
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
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import cities
from sandbox.faults import KINDS
from sandbox.serve import running
from sandbox.upstreams import UPSTREAMS
from sandbox.world import World, real_clock
from server.app import create_app
from server.explorer import examples
from server.settings import Settings

ROUND_S = 15.0  # of load, before the server is looked at
ROUNDS = 6  # at least, whatever the time
PER_S = 10
HANG_UP = 0.1
FAULT_S = 2.0
NUMBERS = {"seconds": ":3", "times": ":2"}
MAY_RISE = {"memory": 16 * 2**20, "tasks": 5, "files": 10}  # bytes; and what comes and goes


class Sample(NamedTuple):
    memory: int
    tasks: int
    files: int


def serve(port: int, folder: str, upstream: str) -> None:
    """The server under test, and how many tasks it has."""
    settings = Settings(cities=Path(folder), data=Path(folder), upstream=upstream, rate=0)
    app = create_app(settings)

    async def tasks(_: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(asyncio.all_tasks())))

    app.router.routes.append(Route("/tasks", tasks))
    uvicorn.run(app, port=port, log_level="critical", ws="none")


def impatient(folder: Path) -> None:
    """Nantes, but read every few seconds, and given up on as soon."""
    text = (cities.HERE / "nantes.toml").read_text("utf-8")
    for word, length in (("ttl", 5), ("stale_while_revalidate", 5), ("timeout", 2)):
        text = re.sub(rf'^{word} = ".*?"', f'{word} = "{length}s"', text, flags=re.MULTILINE)
    (folder / "nantes.toml").write_text(text.replace(' per day"', ' per 60s"'), "utf-8")


async def load(client: httpx.AsyncClient, until: float, seen: Counter[str]) -> None:
    """Clients who come at a steady rate, whatever becomes of those before them."""
    queries = examples()

    async def one(query: str, patience_s: float | None) -> None:
        try:
            async with asyncio.timeout(patience_s):
                answer = await client.post("/graphql", json={"query": query})
        except TimeoutError:
            seen["hung up"] += 1
            return
        seen[f"HTTP {answer.status_code}"] += 1
        for error in answer.json().get("errors", ()):
            seen[error["extensions"]["code"]] += 1

    async with asyncio.TaskGroup() as crowd:
        while time.monotonic() < until:
            patience_s = random.uniform(0, 0.05) if random.random() < HANG_UP else None
            crowd.create_task(one(random.choice(queries), patience_s))
            await asyncio.sleep(random.expovariate(PER_S))


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


async def soak(base: str, upstream: str, pid: int, minutes: float) -> bool:
    samples: list[Sample] = []
    seen: Counter[str] = Counter()
    end = time.monotonic() + 60 * minutes
    async with httpx.AsyncClient(base_url=upstream, timeout=30) as outside:
        while time.monotonic() < end or len(samples) < ROUNDS:
            async with httpx.AsyncClient(base_url=base, timeout=30) as client:
                await ready(client)
                until = time.monotonic() + ROUND_S
                await asyncio.gather(load(client, until, seen), misfortune(outside, until))
                await outside.delete("/_control/faults")
            samples.append(at_rest(base, pid))
    return verdict(samples, seen)


async def ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        with contextlib.suppress(httpx.TransportError):
            if (await client.get("/readyz")).is_success:
                return
        await asyncio.sleep(0.1)
    raise TimeoutError("the server does not get ready")


def verdict(samples: list[Sample], seen: Counter[str]) -> bool:
    """Says what was seen; whether it is well."""
    third = len(samples) // 3
    early, late = samples[third : 2 * third], samples[2 * third :]
    print(", ".join(f"{what}: {count}" for what, count in sorted(seen.items())))
    well = set(seen) <= {"HTTP 200", "hung up", "UNAVAILABLE", "REFUSED", "CHANGED", "DEADLINE"}
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
        serve(int(port), folder, upstream)
        return 0
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, running(World(real_clock)) as upstream:
        impatient(Path(folder))
        command = [sys.executable, "-m", "bench.soak", "--serve", str(port), folder, upstream]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                base = f"http://127.0.0.1:{port}"
                well = asyncio.run(soak(base, upstream, server.pid, asked.minutes))
            finally:
                server.terminate()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

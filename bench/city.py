"""City: a whole metropolis in one server, and all of its services in one question.

    python -m bench.city [--places 60000] [--delay 1] [--rounds 5]

The server is `poche serve` over the sandbox, each a process of its own, and its city is Nantes
with as many more places, of 20 kinds, as there are to be. Told is what it holds in memory once
everything has been read, looked up, drawn on a map and imported; and how long the question that
touches every source takes when nothing has been read yet, one source answering late, against the
time of that source alone. What the sandbox has made once it says again, so that its own work is
not measured. Wall clock, medians.
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from socket import create_server
from typing import Any

import httpx
import msgspec
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

import cities
from bench.search import things
from sandbox.app import create_app
from sandbox.upstreams import UPSTREAMS
from sandbox.world import World

KINDS = 20
HOST = "metropolis.example"
SLOW = "agenda-evenements"  # some dataset
EVERYTHING = Path("tests/queries/everything.graphql").read_text("utf-8")
# What makes the directory, the map and the timetable.
SHOWN = """{
  search(text: "rue", first: 5) { nodes { name } }
  placeMap(bbox: { minLat: 46.9, minLon: -1.9, maxLat: 47.6, maxLon: -1.2 }, zoom: 11, kinds: %s) {
    totalCount
    missing { id }
  }
  stops(name: "commerce", first: 1) { nodes { departures(first: 3) { headsign } } }
  routes(first: 1) { nodes { longName } }
}"""
TABLE = """
[places.{kind}]
protocol = "json"
name = "{kind}"
url = "https://{host}/{kind}.json"
licence = "Licence Ouverte 2.0"
attribution = "A made-up metropolis"
page = "https://{host}/"
ttl = "1d"
quota = "1000 per day"

[places.{kind}.fields]
lat = "lat"
lon = "lon"
street = "street"
commune = "commune"
"""


class Outside:
    """The sandbox and the other places, as an ASGI application that says again what it has said.

    What is asked of one dataset is answered late.
    """

    def __init__(self, places: int, delay: float) -> None:
        self._said: dict[tuple[str, str, bytes], list[Message]] = {}
        self._delay = delay
        bodies = {f"kind_{number}": listed(number, places // KINDS) for number in range(KINDS)}

        async def table(request: Request) -> Response:
            return Response(bodies[request.path_params["kind"]], media_type="application/json")

        self._app = create_app(World(), siri_period_s=0, daily_quota=1_000_000)
        self._app.router.routes.insert(0, Route(f"/{HOST}/{{kind}}.json", table))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = scope["method"], scope["path"], scope["query_string"]
        late = asyncio.sleep(self._delay if SLOW in scope["path"] else 0)
        if key not in self._said:
            said: list[Message] = []

            async def note(message: Message) -> None:
                said.append(message)

            await self._app(scope, receive, note)
            self._said[key] = said
        await late
        for message in self._said[key]:
            await send(message)


def listed(number: int, many: int) -> bytes:
    """The places of one kind."""
    rows = [
        {
            "id": str(one.id),
            "name": one.name,
            "lat": one.position.lat,
            "lon": one.position.lon,
            "street": f"{place} rue {one.name}",
            "commune": one.address.city,
        }
        for place, one in enumerate(things(many, Random(number)))
        if one.position is not None and one.address is not None
    ]
    return msgspec.json.encode(rows)


@contextmanager
def started(
    command: list[str], address: str, **environment: str
) -> Iterator[subprocess.Popen[Any]]:
    """A process that is done for when the block ends, once it answers there."""
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while process.poll() is None:
                with suppress(httpx.TransportError):
                    httpx.get(address, timeout=60)
                    break
                time.sleep(0.2)
            else:
                raise RuntimeError(f"{command} ended with {process.returncode}")
            yield process
        finally:
            process.terminate()


@contextmanager
def server(folder: Path, upstream: str, warm: bool) -> Iterator[tuple[httpx.Client, int]]:
    """`poche serve` with nothing read or kept yet; and its process id."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as data:
        given = {"POCHE_CITIES": str(folder), "POCHE_DATA": data, "POCHE_UPSTREAM": upstream}
        given |= {"POCHE_WARM": str(warm).lower(), "POCHE_RATE": "0", "POCHE_DEADLINE_S": "60"}
        command = ["server.start", "serve", "--port", str(port)]
        with (
            started(command, f"{base}/healthz", **given) as process,
            httpx.Client(base_url=base, timeout=90) as client,
        ):
            yield client, process.pid


def asked(client: httpx.Client, query: str) -> tuple[float, Any]:
    """How many seconds an answer took, and its data; RuntimeError for what it lacks.

    But for the air, of which nothing is said from midnight to four.
    """
    began = time.perf_counter()
    answer = client.post("/graphql", json={"query": query}).json()
    took = time.perf_counter() - began
    lacking = [error["path"] for error in answer.get("errors", ()) if error["path"] != ["air"]]
    if lacking:
        raise RuntimeError(f"{lacking} in {took:.1f} s")
    return took, answer["data"]


def memory(folder: Path, upstream: str) -> None:
    with server(folder, upstream, warm=True) as (client, pid):
        _, found = asked(client, "{ city { kinds { word } } }")
        words = msgspec.json.encode([one["word"] for one in found["city"]["kinds"]]).decode()
        for _ in range(30):  # until the sandbox has made what it says, and all of it is read
            time.sleep(2)
            shown = client.post("/graphql", json={"query": SHOWN % words}).json()
            if "errors" not in shown and not shown["data"]["placeMap"]["missing"]:
                break
        asked(client, EVERYTHING)
        on_map = shown["data"]["placeMap"]["totalCount"]
        print(f"{on_map:,} places on the map: {megabytes(pid, 'VmRSS'):,.0f} MB, ", end="")
        print(f"at most {megabytes(pid, 'VmHWM'):,.0f} MB (promised: 600)")


def megabytes(pid: int, what: str) -> float:
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) / 1e3


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    numbers = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def primed(folder: Path, upstream: str) -> None:
    """Have the sandbox make all that it will say."""
    with server(folder, upstream, warm=False) as (client, _):
        for _ in range(5):
            if "errors" not in client.post("/graphql", json={"query": EVERYTHING}).json():
                break


def cold(folder: Path, upstream: str, rounds: int, what: str) -> None:
    """How much longer than its slowest source the whole city takes."""
    primed(folder, upstream)
    example = next(one.example for one in UPSTREAMS.values() if SLOW in one.example)
    alone, whole, warm, busy = [], [], [], []
    for _ in range(rounds):
        began = time.perf_counter()
        httpx.get(f"{upstream}{example}", timeout=60)
        alone.append(time.perf_counter() - began)
        with server(folder, upstream, warm=False) as (client, pid):
            asked(client, "{ __typename }")
            before = processor_s(pid)
            whole.append(asked(client, EVERYTHING)[0])
            busy.append(processor_s(pid) - before)
            warm.append(asked(client, EVERYTHING.replace("first: 2", "first: 3"))[0])
    slowest, total, again, cpu = map(statistics.median, (alone, whole, warm, busy))
    print(f"{what}: {total:.2f} s cold, its slowest source alone {slowest:.2f} s: ", end="")
    print(f"{total / slowest:.2f} (promised: 1.15); {cpu:.2f} s of processor time, ", end="")
    print(f"{again * 1e3:.0f} ms warm")


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--places", type=int, default=60_000)
    options.add_argument("--delay", type=float, default=1)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--outside", type=int, metavar="PORT")
    given = options.parse_args()
    if given.outside:
        app = Outside(given.places, given.delay)
        uvicorn.run(app, port=given.outside, log_level="critical", lifespan="off")
        return
    nantes = (cities.HERE / "nantes.toml").read_text("utf-8")
    more = "".join(TABLE.format(kind=f"kind_{number}", host=HOST) for number in range(KINDS))
    port = free_port()
    upstream = f"http://127.0.0.1:{port}"
    command = ["bench.city", "--outside", str(port), f"--places={given.places}"]
    command.append(f"--delay={given.delay}")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        small, large = Path(one), Path(two)
        (small / "nantes.toml").write_text(nantes, "utf-8")
        (large / "nantes.toml").write_text(nantes + more, "utf-8")
        with started(command, f"{upstream}/_control"):
            memory(large, upstream)
            cold(small, upstream, given.rounds, "Nantes at once")
            cold(large, upstream, given.rounds, "the metropolis at once")


if __name__ == "__main__":
    main()

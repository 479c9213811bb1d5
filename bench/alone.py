"""Alone: what has no peer, and how cost grows.

    python -m bench.alone [questions] [leaves] [places] [cities] [workers]

The product as it is served, over the sandbox (`questions`) or over the bench's own upstream; one
core for it, the other for wrk and upstreams (`bench/peers/README.md`). Processor time is for each
answer; on a busy machine it says more than the rate.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console
from rich.table import Table

from bench.atlas import NOW, metropolis, percentiles
from bench.peers import product, upstream, world
from bench.peers.__main__ import HOME
from bench.peers.load import Question, load, question
from bench.peers.running import (
    LOAD_CORE,
    SERVER_CORE,
    Process,
    ask,
    await_answer,
    await_port,
    running,
)
from bench.peers.servers import MEMORY, REMEMBERED, ROOT, Server
from schema.places import Position
from sources.atlas import Atlas, Spots

PORT, SANDBOX, STORE = 9190, 9191, 9192
SECONDS = 3.0
HELLO = json.dumps({"query": "{ __typename }"})
HOLE = "N" * 10  # digits that make each place another one, and no other answer

NEAREST = (
    "query Nearest($lat: Float!) { nearest(lat: $lat, lon: -1.5561, within: 1000, first: 10) "
    "{ nodes { distance place { id kind name position { lat lon } } } } }"
)
LISTS = " ".join(
    f's{at}: stops(name: "{word}", first: 100) {{ nodes {{ id name code zoneId }} }}'
    for at, word in enumerate("aeiou")
)
STOPS = f"query Stops($name: String!) {{ hello(name: $name) {LISTS} }}"
LEAVES = (
    "query Leaves($name: String!, $objects: Int!) { hello(name: $name) leaves(objects: $objects) "
    "{ id name kind lat lon rank count open phone updatedAt } }"
)
BOUNDLESS = {"POCHE_MAX_NODES": "1000000", "POCHE_MAX_COST": "1000000"}


class Served:
    """Our server, and the figures of what it is asked."""

    def __init__(self, process: Process, started_ms: float) -> None:
        self.process = process
        self.started_ms = started_ms
        self._server = Server("alone", [], PORT, frozenset(), HOME, {}, product.HEADERS, "/graphql")

    def measured(self, asked: Question, clients: int = 16) -> tuple[float, float]:
        """Answers a second, and microseconds of processor time for each."""
        for seconds in (1.0, SECONDS):
            sample = load(
                self.process, self._server, asked, clients=clients, seconds=seconds, least=1
            )
        return sample.per_s, sample.cpu_us

    def in_mode(self, document: str, mode: str) -> tuple[float, float]:
        return self.measured(question(self._server, document, mode))


def url(path: str = "/graphql") -> str:
    return f"http://127.0.0.1:{PORT}{path}"


@contextmanager
def served(
    environment: dict[str, str], *options: str, cores: str = SERVER_CORE
) -> Iterator[Served]:
    """`poche serve`, ready."""
    command = [sys.executable, "-m", "server.start", "serve", "--port", str(PORT), *options]
    log, began = HOME / "logs" / "alone.log", perf_counter()
    with running(command, cores, log, HOME, environment) as process:
        await_answer(process, url(), HELLO, product.HEADERS)
        found = Served(process, (perf_counter() - began) * 1e3)
        await_answer(process, url("/readyz"), "", {})  # what is read in vain, everybody waits for
        yield found


@contextmanager
def over_bench(
    checkout: Path, cities: Path = product.HERE / "cities", more: Mapping[str, str] | None = None
) -> Iterator[Served]:
    with served({**product.installed(HOME, checkout, cities), **(more or {})}) as found:
        yield found


def questions(checkout: Path) -> Table:
    """What a phone asks of a real city, whose sources the sandbox plays."""
    table = Table("of Nantes, everything in memory", "a second", "µs")
    stops = json.dumps({"query": STOPS, "variables": {"name": HOLE}})
    golden = (checkout / "tests" / "queries" / "home_screen.graphql").read_text("utf-8")
    asked = {
        "nearest 10, another place each time": Question(
            url(),
            json.dumps({"query": NEAREST, "variables": {"lat": 0}}).replace(
                '"lat": 0', f'"lat": 47.21{HOLE}'
            ),
            HOLE,
        ),
        "500 stops, found by name": Question(url(), stops, HOLE),
        "the same, remembered": Question(url(), stops),
        "the golden home screen, remembered": Question(url(), json.dumps({"query": golden})),
        "a persisted GET": Question(url("/graphql/d/greet")),
    }
    environment = product.installed(HOME, checkout, checkout / "cities")
    (HOME / "documents" / "greet.graphql").write_text("{ pools { totalCount } }", "utf-8")
    reroute = {"POCHE_CITY": "nantes", "POCHE_UPSTREAM": f"http://127.0.0.1:{SANDBOX}"}
    sandbox = [sys.executable, "-m", "server.start", "sandbox", "--port", str(SANDBOX)]
    log = HOME / "logs" / "sandbox.log"
    with running(sandbox, LOAD_CORE, log, HOME, environment) as upstreams:
        await_port(upstreams, SANDBOX)
        with served({**environment, **reroute}) as found:
            for what, one in asked.items():
                if one.body:
                    data = json.loads(
                        ask(one.url, one.body.replace(HOLE, "1" * 10), product.HEADERS)
                    )
                    assert "errors" not in data, data["errors"]
                per_s, cpu_us = found.measured(one)
                table.add_row(what, f"{per_s:,.0f}", f"{cpu_us:,.0f}")
    return table


def leaves(checkout: Path) -> Table:
    """How the time for each leaf grows with their number."""
    table = Table("leaves", "µs an answer", "ns a leaf", "of that at 1,000")
    figures = {}
    with over_bench(checkout, more=BOUNDLESS) as found:
        for objects in (1, 10, 100, 1_000, 10_000):
            given = {"name": HOLE, "objects": objects}
            body = json.dumps({"query": LEAVES, "variables": given})
            data = json.loads(ask(url(), body, product.HEADERS))["data"]
            assert world.count(data) == (objects + 1, objects * 10 + 1), data
            _, cpu_us = found.measured(Question(url(), body, HOLE), clients=1)
            figures[objects] = cpu_us / objects * 100
    for objects, ns in figures.items():
        row = (f"{objects * ns / 100:,.0f}", f"{ns:,.0f}", f"{ns / figures[100]:.2f}")
        table.add_row(f"{objects * 10:,}", *row)
    return table


def places(_: Path) -> Table:
    """How the map's questions grow with the places on it; in this process, by the map alone."""
    table = Table("places", "nearest 10 within 1 km, p50 and p99", "map made in")
    for count in (1_000, 10_000, 100_000, 1_000_000):
        draw = Random(1)
        collections = metropolis(count, draw)
        spots = [place.position for some in collections for place in some.items]
        where = [spot for spot in draw.choices(spots, k=1_000) if spot is not None]
        layers = [Spots.of(collection) for collection in collections]
        began = perf_counter()
        atlas = Atlas(layers)
        made_ms = (perf_counter() - began) * 1e3

        def nearest(at: Position, on: Atlas = atlas) -> list[object]:
            return list(islice(on.around(at.lat, at.lon, 1_000, NOW, None), 11))

        figure = percentiles(nearest, where)
        table.add_row(f"{len(atlas):,}", figure, f"{made_ms:,.0f} ms")
    return table


def cities(checkout: Path) -> Table:
    """What more cities cost those who ask of one: each has seven sources, none of them asked."""
    table = Table("cities", "first answer after", "MiB", "home.memory, µs", "home.remembered, µs")
    for count in (1, 5, 20):
        with TemporaryDirectory() as name:
            text = (product.HERE / "cities" / "bench.toml").read_text("utf-8")
            for slug in ("bench", *(f"bench{number}" for number in range(2, count + 1))):
                (Path(name) / f"{slug}.toml").write_text(text, "utf-8")
            with over_bench(checkout, Path(name)) as found:
                memory = found.process.taken().memory / 2**20
                figures = [found.in_mode("home", mode)[1] for mode in (MEMORY, REMEMBERED)]
        row = (f"{found.started_ms:,.0f} ms", f"{memory:,.0f}", *(f"{us:,.0f}" for us in figures))
        table.add_row(f"{count}", *row)
    return table


def workers(checkout: Path) -> Table:
    """What a second worker brings, on two cores that wrk, the upstream and the store need, too."""
    table = Table("workers", "home.remembered a second", "µs", "home.memory a second", "µs")
    store = ["redis-server", "--port", f"{STORE}", "--save", "", "--appendonly", "no"]
    environment = product.installed(HOME, checkout)
    environment["POCHE_STORE"] = f"redis://127.0.0.1:{STORE}"
    with running(store, LOAD_CORE, HOME / "logs" / "store.log"):
        for count in (1, 2):
            cores = f"{SERVER_CORE},{LOAD_CORE}"
            with served(environment, "--workers", f"{count}", cores=cores) as found:
                figures = [f for mode in (REMEMBERED, MEMORY) for f in found.in_mode("home", mode)]
            table.add_row(f"{count}", *(f"{figure:,.0f}" for figure in figures))
    return table


PARTS = {one.__name__: one for one in (questions, leaves, places, cities, workers)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    options.add_argument("--checkout", type=Path, default=ROOT, help="ours, as it is there")
    given = options.parse_args()
    if unknown := set(given.parts) - PARTS.keys():
        options.error(f"no part {', '.join(unknown)}")
    for folder in ("logs", "upstream/bodies"):
        (HOME / folder).mkdir(parents=True, exist_ok=True)
    world.write(HOME / "upstream" / "bodies")
    with ExitStack() as until:
        nginx = upstream.configured(HOME / "upstream")
        until.enter_context(running(nginx, LOAD_CORE, HOME / "logs" / "nginx.log"))
        for name, part in PARTS.items():
            if name in given.parts or not given.parts:
                Console().print(part(given.checkout))


if __name__ == "__main__":
    main()

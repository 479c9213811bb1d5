"""Stalls: for how long nobody is answered while something large is read, or an index is made of it.

    python -m bench.stalls [--rounds 5]

Payloads as large as cities have them, out of the recordings' rows, go through the door and become
collections, again as they were, and again with a byte more; then come the map and the names made of
them. Meanwhile a heart beats on the event loop, once a millisecond: the longest pause is the stall,
which must stay under 20 ms. It is told as it passed, and in this process's processor time, which
other work has no part in; medians of the rounds. Of the longest of all it is told where the
thread was that read meanwhile, in case it called something that cannot be interrupted. Python is
set as the server sets it.
"""

import argparse
import asyncio
import gzip
import json
import re
import statistics
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import httpx
import uvloop
from google.transit.gtfs_realtime_pb2 import FeedMessage
from rich.console import Console
from rich.table import Table

import cities
from server.interpreter import Interpreter
from sources import Sources
from sources.collection import Collection
from sources.http import Door
from sources.reading import readers

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "tests" / "recordings"
NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
BEAT_S = 0.001
MOST_BYTES = 512 << 20


# What makes other bytes of a payload, but the same things: a field that nobody knows, or a blank.
PROTOBUF, UNKNOWN = {"departures.updates"}, b"\xc0\x3e\x00"


class Large(NamedTuple):
    """A table of a city file, and how many rows its payload has here."""

    city: str
    table: str
    rows: int


LARGE = (
    Large("nantes", "events", 34_600),
    Large("nantes", "places.recycling_point", 60_000),
    Large("nantes", "departures", 20_000),  # SIRI
    Large("nantes", "alerts", 5_000),
    Large("bordeaux", "departures.updates", 1_500),  # GTFS-Realtime: 37,500 stop times
)


def body(large: Large) -> bytes:
    """The recording with its rows again and again, under ids of their own."""
    file = sorted((RECORDINGS / large.city).glob(f"{large.table}-*"))[-1]
    recorded = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if ".xml" in file.name:
        return _xml(recorded, large.rows)
    if ".pb" in file.name:
        return _protobuf(recorded, large.rows)
    return _json(json.loads(recorded), large)


def _json(rows: Any, large: Large) -> bytes:
    if isinstance(rows, dict):
        [name] = [name for name, value in rows.items() if isinstance(value, list)][:1]
        return json.dumps(rows | {name: json.loads(_json(rows[name], large))}).encode()
    column = cities.load()[large.city].bindings[large.table].fields.get("id")
    name = column.column if column and isinstance(column.column, str) else "id"
    many = [
        {**rows[n % len(rows)], name: f"{rows[n % len(rows)].get(name, '')}-{n}"}
        for n in range(large.rows)
    ]
    return json.dumps(many).encode()


def _xml(recorded: bytes, rows: int) -> bytes:
    found = list(re.finditer(rb"<MonitoredStopVisit>.*?</MonitoredStopVisit>", recorded, re.DOTALL))
    head, tail = recorded[: found[0].start()], recorded[found[-1].end() :]
    return b"".join([head, *(found[n % len(found)][0] for n in range(rows)), tail])


def _protobuf(recorded: bytes, rows: int) -> bytes:
    feed = FeedMessage.FromString(recorded)
    few = list(feed.entity)
    del feed.entity[:]
    for number in range(rows):
        one = feed.entity.add()
        one.CopyFrom(few[number % len(few)])
        one.id = f"{one.id}-{number}"
        while 0 < len(one.trip_update.stop_time_update) < 25:
            one.trip_update.stop_time_update.add().CopyFrom(one.trip_update.stop_time_update[0])
    return feed.SerializeToString()


class Heart:
    """Beats, and remembers the longest pause."""

    def __init__(self) -> None:
        self.passed_s = self.worked_s = 0.0
        self.meanwhile = ""

    async def beat(self) -> None:
        while True:
            last, worked = perf_counter(), process_time()
            await asyncio.sleep(BEAT_S)
            passed_s = perf_counter() - last - BEAT_S
            self.worked_s = max(self.worked_s, process_time() - worked)
            if passed_s > self.passed_s:
                self.passed_s, self.meanwhile = passed_s, meanwhile()


def meanwhile() -> str:
    """Where threads are that read: what each does in our own code, and what that has called.

    If nobody reads, the event loop itself was at work.
    """
    found = []
    for frame in sys._current_frames().values():
        stack = traceback.extract_stack(frame)
        ours = [n for n, step in enumerate(stack) if step.filename.startswith(f"{ROOT}/sources/")]
        if ours:
            steps = stack[ours[-1] :][:2]
            found.append(" > ".join(f"{Path(s.filename).stem}.{s.name}:{s.lineno}" for s in steps))
    return "; ".join(found) or "nobody"


class Took(NamedTuple):
    """Milliseconds: the longest stall, in two times, and how long it took in all."""

    passed: float
    worked: float
    whole: float
    meanwhile: str


async def felt(work: Callable[[], Awaitable[object]]) -> Took:
    heart = Heart()
    beating = asyncio.create_task(heart.beat())
    await asyncio.sleep(5 * BEAT_S)
    began = perf_counter()
    await work()
    whole = perf_counter() - began
    await asyncio.sleep(5 * BEAT_S)
    beating.cancel()
    return Took(heart.passed_s * 1e3, heart.worked_s * 1e3, whole * 1e3, heart.meanwhile)


@contextmanager
def reading(bodies: dict[str, bytes], folder: Path) -> Iterator[Sources]:
    """The cities over those payloads, and nothing else; whatever their size."""
    known = cities.load()
    for city in list(known.values()):
        free = {"max_bytes": MOST_BYTES, "quota": None}
        large = {table: one.model_copy(update=free) for table, one in city.bindings.items()}
        known[city.slug] = city.model_copy(update={"bindings": large})

    async def answer(request: httpx.Request) -> httpx.Response:
        found = bodies[request.extensions["binding"].source]
        return httpx.Response(200, stream=httpx.ByteStream(found))

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    sources = Sources(known, Door(client, lambda: NOW, folder=folder))
    yield sources
    sources.close()


async def measured(rounds: int) -> dict[str, list[Took]]:
    bodies = {f"{one.city}/{one.table}": body(one) for one in LARGE}
    found: dict[str, list[Took]] = {}
    interpreter = Interpreter()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder, reading(bodies, Path(folder)) as sources:
            for one in LARGE:
                await _of_table(sources, one, bodies, found)
            places: list[Collection[Any]] = [
                await sources.collection(_kind(sources, one), one.city)
                for one in LARGE
                if one.table.partition(".")[0] in ("events", "places")
            ]
            many = sum(len(collection.items) for collection in places)
            for name, joined in (("map", sources.atlases), ("names", sources.directories)):
                made = partial(joined.beside, places)
                found.setdefault(f"the {name} of {many:,} places", []).append(await felt(made))
    interpreter.close()
    return found


async def _of_table(
    sources: Sources, large: Large, bodies: dict[str, bytes], found: dict[str, list[Took]]
) -> None:
    """The first read; one of the very same; and one that lets go of what the first has read."""
    kind, source = _kind(sources, large), f"{large.city}/{large.table}"
    name = f"{large.table}: {large.rows:,} rows, {len(bodies[source]) / 1e6:.0f} MB"
    found.setdefault(name, []).append(await felt(lambda: sources.collection(kind, large.city)))
    cached = sources._feeds[kind, large.city].cached
    found.setdefault(f"{name}, the same", []).append(await felt(cached.read))
    bodies[source] += UNKNOWN if large.table in PROTOBUF else b" "
    found.setdefault(f"{name}, again", []).append(await felt(cached.read))


def _kind(sources: Sources, large: Large) -> type:
    kinds = [
        kind
        for kind, city in sources.kinds()
        if city == large.city and readers[kind].table == large.table
    ]
    return kinds[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    table = Table("what", "stall, ms", "of processor time", "in all, ms", "in the longest")
    for name, took in uvloop.run(measured(options.rounds)).items():
        times = [statistics.median(part) for part in list(zip(*took, strict=True))[:3]]
        table.add_row(name, *(f"{ms:.1f}" for ms in times), max(took).meanwhile)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()

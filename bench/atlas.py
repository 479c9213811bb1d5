"""Atlas: one map of a metropolis, 60,000 places of 25 kinds in memory.

    python -m bench.atlas [places]

Processor time. Two thirds of the places lie around a few centres, as in a city, some kinds have
many more than others, and questions are asked where places are.
"""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from random import Random
from time import process_time_ns

import numpy as np
from rich.console import Console
from rich.table import Table

from cities import Binding
from schema.nodes import node_id
from schema.places import Position
from schema.public_places import PublicPlace
from sources.atlas import Atlas, Spots
from sources.collection import Collection

PLACES, KINDS, CENTRES, QUESTIONS = 60_000, 25, 12, 2_000
LAT, LON = 47.2133, -1.5561
NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)


def metropolis(count: int, draw: Random) -> list[Collection[PublicPlace]]:
    """So many places, a collection for each kind."""
    centres = [(draw.gauss(LAT, 0.04), draw.gauss(LON, 0.06)) for _ in range(CENTRES)]
    shares = [1 / (number + 1) for number in range(KINDS)]
    found = []
    for number, share in enumerate(shares):
        kind = f"kind_{number}"
        binding = Binding(city="nantes", service="places", part=kind, protocol="csv", name=kind)
        many = round(count * share / sum(shares))
        items = tuple(place(kind, one, centres, draw) for one in range(many))
        found.append(Collection(binding, items, 0, NOW))
    return found


def place(kind: str, number: int, centres: list[tuple[float, float]], draw: Random) -> PublicPlace:
    lat, lon = draw.choice(centres)
    spread = 0.01 if draw.random() < 2 / 3 else 0.08
    return PublicPlace(
        id=node_id("PublicPlace", "nantes", f"{kind}:{number}"),
        city="nantes",
        name=f"{kind} {number}",
        folded=f"{kind} {number}",
        position=Position(lat=draw.gauss(lat, spread), lon=draw.gauss(lon, spread * 1.5)),
        local_id=str(number),
        listed_in=kind,
        own_kind=kind,
        hours_text=None,
        phone=None,
        website=None,
        description=None,
        wheelchair_accessible=None,
        details=[],
    )


def percentiles(ask: Callable[[Position], object], where: list[Position]) -> str:
    taken = []
    for one in where:
        started = process_time_ns()
        ask(one)
        taken.append((process_time_ns() - started) / 1_000)
    p50, p99 = np.percentile(taken, (50, 99))
    return f"{p50:,.0f} and {p99:,.0f} µs"


def milliseconds(make: Callable[[], object]) -> str:
    started = process_time_ns()
    make()
    return f"{(process_time_ns() - started) / 1e6:,.0f} ms"


def main(count: int) -> None:
    draw = Random(1)
    collections = metropolis(count, draw)
    spots = [place.position for some in collections for place in some.items]
    where = [spot for spot in draw.choices(spots, k=QUESTIONS) if spot is not None]
    gc.collect()
    gc.freeze()

    tracemalloc.start()
    layers = [Spots.of(collection) for collection in collections]
    atlas = Atlas(layers)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rare, some = frozenset({f"kind_{KINDS - 1}"}), frozenset({"kind_1", "kind_5", "kind_9"})

    def nearest(
        within_m: int, kinds: frozenset[str] | None = None
    ) -> Callable[[Position], list[object]]:
        return lambda at: list(islice(atlas.around(at.lat, at.lon, within_m, NOW, kinds), 11))

    def clusters(zoom: int, high: float, wide: float) -> Callable[[Position], object]:
        cell = 360 / 2**zoom * 60 / 256
        return lambda at: atlas.clusters(
            (at.lat - high, at.lon - wide, at.lat + high, at.lon + wide), NOW, None, cell, 500
        )

    nearest(1_000)(where[0])
    rows = {
        "spots of all layers": milliseconds(lambda: [Spots(one) for one in collections]),
        "the map of them": milliseconds(lambda: Atlas(layers)),
        "the same, when nothing moved": milliseconds(lambda: Atlas(layers, atlas)),
        "memory besides the places": f"{held / 1e6:,.1f} MB",
        "nearest 10, all kinds, within 1 km": percentiles(nearest(1_000), where),
        "nearest 10, three kinds, within 1 km": percentiles(nearest(1_000, some), where),
        "nearest 10, the rarest kind, within 5 km": percentiles(nearest(5_000, rare), where),
        "a phone's map at zoom 16": percentiles(clusters(16, 0.004, 0.003), where),
        "a phone's map at zoom 13": percentiles(clusters(13, 0.03, 0.024), where),
        "the whole metropolis": percentiles(clusters(11, 0.3, 0.4), where[:200]),
    }
    table = Table(f"{len(atlas):,} places, {KINDS} kinds", "p50 and p99")
    for what, figure in rows.items():
        table.add_row(what, figure)
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PLACES)

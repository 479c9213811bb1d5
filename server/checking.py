"""Checking: whether city files can be used, and what their upstreams answer today."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from rich.table import Column, Table

import cities
from cities import City
from server.network import Network
from server.settings import Settings
from sources import Sources
from sources.calendar import load_days
from sources.errors import SourceError
from sources.http import Door


def now() -> datetime:
    return datetime.now(UTC)


def validated(folder: Path) -> dict[str, City]:
    """Every city of a folder, with all that its tables name; CityError at the first mistake."""
    found = cities.load(folder)
    if not found:
        raise cities.CityError(str(folder), "there is no city file")
    cities.upstreams(found.values())
    Sources(found, Door(httpx.AsyncClient(), now, folder=Settings().data))
    load_days(found.values(), now().date())
    return found


async def asked(
    known: Mapping[str, City], settings: Settings, secrets: Mapping[str, str]
) -> tuple[Table, bool]:
    """Ask each upstream once: what answered, how fast, how much of it could be read.

    With a shared store it is one more replica: it keeps to the quota of all, and
    takes what another one has just read.
    """
    table = Table(
        Column("source", no_wrap=True), "answered", "seconds", "rows", "dropped", "why not"
    )
    well = True
    from sources.shared_store import Shared  # redis, which takes its time: only where it is asked

    network = Network(settings.upstream, known.values())
    client = httpx.AsyncClient(transport=network)
    door = Door(
        client,
        now,
        Shared(settings.store) if settings.store else None,
        get=network.get,
        reroute=settings.upstream,
        folder=settings.data,
        secrets=secrets,
        upstreams=cities.upstreams(known.values()),
    )
    async with client, door.store:
        sources = Sources(known, door)
        results = await asyncio.gather(
            *(_ask(sources, kind, slug) for kind, slug in sources.kinds())
        )
        sources.close()
    for row, fine in results:
        table.add_row(*row)
        well = well and fine
    return table, well


async def _ask(sources: Sources, kind: type, city: str) -> tuple[list[str], bool]:
    binding = sources.binding(kind, city)
    started = perf_counter()
    try:
        found: Any = await sources.collection(kind, city)
    except SourceError as error:
        seconds = f"{perf_counter() - started:.2f}"
        return [binding.source, error.code, seconds, "", "", error.detail], False
    seconds = f"{perf_counter() - started:.2f}"
    how = "yes" if sources.reading(kind, city).calls else "held"
    return [binding.source, how, seconds, f"{len(found.items)}", f"{found.dropped}", ""], True

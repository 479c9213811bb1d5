"""The application: one door to the network, one schema, fresh loaders for each request."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

import cities
import schema
from resolvers import Loaders
from server import explorer, health, pages
from server.clients import Clients
from server.documents import Documents
from server.execution import Executor, Planner
from server.finished import Finished
from server.gate import Gate
from server.http import PATHS, Endpoint, methods, middleware
from server.live import Live
from server.metrics import Metrics
from server.network import transport as public_network
from server.rates import Rates
from server.reloading import keep_fresh
from server.remembered import Remembered
from server.settings import Settings
from server.websocket import Sockets
from sources import Sources
from sources.http import Door
from sources.shared_store import Shared

GC_OBJECTS = 10_000  # made since the last look for cycles, which few of a request's objects are in


def now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings | None = None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = now,
    ticks: Callable[[], float] = monotonic,
) -> Starlette:
    """The application; CityError if a city file cannot be used.

    Tests pass a transport that replays recordings, and clocks that stand still.
    """
    settings = settings or Settings()
    known = cities.load(settings.cities)
    if settings.city not in known:
        raise cities.CityError("POCHE_CITY", f"no city `{settings.city}`", settings.city, known)
    client = httpx.AsyncClient(
        transport=transport or public_network(settings.upstream, known.values())
    )
    store = Shared(settings.store) if settings.store else None
    door = Door(
        client,
        clock,
        store,
        ticks=ticks,
        reroute=settings.upstream,
        folder=settings.data,
        secrets=os.environ,
        upstreams=cities.upstreams(known.values()),
    )
    sources = Sources(known, door)
    built = schema.build()._schema

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client, door.store:
            usual = gc.get_threshold()
            gc.collect()
            gc.freeze()  # what lives as long as the process need not be looked through again
            gc.set_threshold(GC_OBJECTS)
            if settings.warm:  # nor what has been read by then: a stall for all, again and again
                sources.start().add_done_callback(lambda _: gc.freeze())
            sources.courier.start()
            reloading = asyncio.create_task(
                keep_fresh((clients.refresh, documents.refresh)), name="reloading"
            )
            yield
            reloading.cancel()
            gc.set_threshold(*usual)
            gc.unfreeze()
            await live.close()
            await rates.close()
            await sources.courier.close()
            sources.close()

    def loaders(kind: type[Loaders]) -> Loaders:
        return kind(sources, clock(), settings.city)

    anonymous = Planner(built, settings)
    planner = Planner(
        built, settings.model_copy(update={"max_tokens": settings.max_tokens_with_key})
    )
    clients = Clients(settings, clock)
    documents = Documents(settings.documents, planner, anonymous, door.store, clients.names)
    rates = Rates(settings.store, door.store)
    metrics = Metrics(built, sources, documents)
    gate = Gate(planner, clients, documents, rates, metrics)
    executor = Executor(built, loaders, settings)
    live = Live(built, executor, settings)
    metrics.watch(lambda: live.counts)
    remembered = Remembered(executor, clock, settings.remember_bytes // 2)
    metrics.remembers(remembered)
    endpoint = Endpoint(gate, executor, remembered, live, settings, clock)
    routes = [
        *(Route(path, endpoint.answer, methods=methods(settings)) for path in PATHS),
        WebSocketRoute("/graphql", Sockets(live, endpoint.prepared, clients).answer),
        *health.routes(sources, lambda: gate.problems),
        *metrics.routes(),
        *explorer.routes(),
        *pages.routes(),
    ]
    again = Middleware(
        Finished,
        gate=gate,
        clock=clock,
        count=remembered.again,
        most_bytes=settings.remember_bytes // 2,
        read_s=settings.read_s,
    )
    app = Starlette(
        routes=routes, lifespan=lifespan, middleware=middleware(settings, clients, again)
    )
    app.state.sources = sources
    app.state.live = live
    app.state.gate = gate
    return app

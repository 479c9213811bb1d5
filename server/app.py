"""The application: one door to the network, one schema, fresh loaders for each request."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

import cities
import schema
from resolvers import Loaders
from server import explorer, health, pages
from server.execution import Executor, Planner
from server.http import METHODS, Endpoint
from server.network import transport as public_network
from server.settings import Settings
from sources import Sources
from sources.http import Door
from sources.shared_store import Shared


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
    door = Door(client, clock, store, ticks=ticks, reroute=settings.upstream, secrets=os.environ)
    sources = Sources(known, door)
    built = schema.build()._schema

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client, door.store:
            if settings.warm:
                sources.start()
            yield
            sources.close()

    def loaders() -> Loaders:
        return Loaders(sources, clock(), settings.city)

    planner = Planner(built, settings)
    endpoint = Endpoint(planner, Executor(built, loaders, settings.deadline_s), settings)
    routes = [
        Route("/graphql", endpoint.answer, methods=METHODS),
        *health.routes(sources),
        *explorer.routes(),
        *pages.routes(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.sources = sources
    return app

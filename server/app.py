"""The application: one door to the network, one schema, fresh loaders for each request."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from cities import CityError
from resolvers import Loaders
from server import explorer, health, home, pages, parts
from server.around import Sites, methods, middleware
from server.clients import HOME, Clients
from server.compiled.counted import Counted
from server.concurrency import Concurrency
from server.direct import Direct
from server.documents import Documents
from server.editions import Editions
from server.execution import Executor
from server.finished import Finished
from server.gate import Gate
from server.http import PATHS, Endpoint
from server.interpreter import Interpreter
from server.live import Live
from server.metrics import Metrics
from server.network import Network
from server.planning import Planner
from server.rates import Rates
from server.reloading import Reloading
from server.remembered import Remembered
from server.settings import Settings
from server.shedding import Shedding
from server.websocket import Sockets
from sources import Sources, arrays
from sources.http import Door
from sources.store import Store

if TYPE_CHECKING:
    from server.tracing import Tracing


now = partial(datetime.now, UTC)


def shared(url: str) -> Store:
    """What replicas share; imported late, as redis takes a tenth of a start without one."""
    from sources.shared_store import Shared

    return Shared(url)


def traced(settings: Settings, ticks: Callable[[], float]) -> "Tracing":
    """What is traced; imported late, as not all have it. CityError if it is not there."""
    try:
        from server.tracing import Tracing
    except ModuleNotFoundError as missing:
        problem = f"{missing}: pip install 'poche[tracing]'"
        raise CityError("POCHE_TRACE", problem) from None
    return Tracing(settings, ticks)


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
    network = transport or Network(settings.upstream)
    client = httpx.AsyncClient(transport=network)
    store = shared(settings.store) if settings.store else None
    tracing = traced(settings, ticks) if settings.trace else None
    door = Door(
        client,
        clock,
        store,
        get=network.get if isinstance(network, Network) else None,
        ticks=ticks,
        reroute=settings.upstream,
        folder=settings.data,
        secrets=os.environ,
        tracer=tracing,
    )
    editions = Editions(settings, door)

    def current() -> Sources:
        return editions.sources

    if isinstance(network, Network):
        editions.then(lambda: network.trust(current().cities.values()))
    built = parts.built(settings.services)._schema

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client, door.store, tracing or nullcontext():
            interpreter = Interpreter()
            behind = [
                asyncio.create_task(reloading.keep_fresh(), name="reloading"),
                asyncio.create_task(concurrency.watch(), name="concurrency"),
            ]
            if settings.warm:  # what has been read by then stays, too
                warming = current().start(parts.services(settings.services))
                warming.add_done_callback(lambda _: interpreter.freeze())
                behind.append(asyncio.create_task(documents.prepare(), name="documents"))
                behind.append(asyncio.create_task(asyncio.to_thread(arrays.load), name="arrays"))
            current().courier.start()
            yield
            for task in behind:
                task.cancel()
            shedding.close()
            interpreter.close()
            await live.close()
            await rates.close()
            await current().courier.close()
            current().close()

    def loaders(kind: type[Loaders]) -> Loaders:
        return kind(current(), clock(), settings.city)

    anonymous = Planner(built, settings)
    planner = Planner(
        built, settings.model_copy(update={"max_tokens": settings.max_tokens_with_key})
    )
    clients = Clients(settings, clock)
    executor = Executor(built, loaders, settings)
    documents = Documents(
        settings.documents,
        planner,
        anonymous,
        door.store,
        clients.names,
        {} if settings.services else {HOME: home.DOCUMENTS},
        executor.prepare,
    )
    rates = Rates(settings.store, door.store)
    metrics = Metrics(built, current, documents)
    concurrency = Concurrency()
    metrics.limits(concurrency)
    gate = Gate(planner, editions, clients, documents, rates, concurrency, metrics, tracing)
    if executor.compiled is not None:
        metrics.registry.register(Counted(executor.compiled, executor.compared))
    remembered = Remembered(executor, clock, settings.remember_bytes // 2)
    metrics.remembers(remembered)
    live = Live(built, executor, remembered.body, settings, tracing)
    metrics.watch(lambda: live.counts)
    editions.then(remembered.forget)
    editions.then(live.ask_again)
    reloading = Reloading(editions.refresh, clients.refresh, documents.refresh)
    endpoint = Endpoint(gate, executor, remembered, live, settings, clock)
    routes = [
        *(Route(path, endpoint.answer, methods=methods(settings)) for path in PATHS),
        WebSocketRoute("/graphql", Sockets(live, endpoint.prepared, clients).answer),
        *health.routes(current, lambda: documents.ready, lambda: gate.problems),
        *metrics.routes(),
        *explorer.routes(),
        *([] if settings.services else home.routes(lambda: current().cities, settings)),
        *pages.routes(),
    ]
    shedding = Shedding(gate, remembered)
    finished = Finished(gate, clock, remembered.again, settings.remember_bytes // 2)
    around = middleware(settings, clients, finished)
    app = Starlette(routes=routes, lifespan=lifespan, middleware=around)
    app.state.editions = editions
    app.state.reloading = reloading
    app.state.live = live
    app.state.gate = gate
    app.state.finished = finished
    app.state.shedding = shedding
    sites = any(one.cls is Sites for one in around)
    app.state.direct = Direct(endpoint.answer, finished, sites=sites)
    app.state.leaving = False  # from when on no load balancer should send anybody here
    app.state.workers, app.state.own_port = 1, None  # that share a port; where only this one is
    return app

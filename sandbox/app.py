"""App: every upstream under its own host name, `/data.nantesmetropole.fr/api/...`."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, time
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import TypedDict

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import control as controls
from sandbox import explore, gtfs, siri
from sandbox.breakage import suffer
from sandbox.datasets import Dataset
from sandbox.faults import UPSTREAMS, Fault, Faults
from sandbox.menus import MENUS
from sandbox.pools import HOURS, POOLS
from sandbox.schools import SCHOOLS
from sandbox.timetable import PARIS
from sandbox.world import World

PORTALS = {
    "data.nantesmetropole.fr": (gtfs.GTFS, POOLS, HOURS, MENUS),
    "data.education.gouv.fr": (SCHOOLS,),
}
SIRI_PATH = "/api.okina.fr/gateway/sem/realtime/anshar/services"

Answer = Callable[[datetime, Fault], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Options(TypedDict, total=False):
    """What `create_app` takes by name."""

    control: bool
    siri_period_s: float
    daily_quota: int
    faults: Iterable[tuple[str, Fault]]


def create_app(
    world: World,
    *,
    control: bool = True,
    siri_period_s: float = 30,
    daily_quota: int = 10_000,
    faults: Iterable[tuple[str, Fault]] = (),
) -> Starlette:
    """The upstreams of a world.

    `control` opens `/_control`. `siri_period_s` is the time between two calls that the SIRI gateway
    demands (0: none), `daily_quota` the number of calls a day that each portal allows. `faults` are
    there from the start, by upstream, as `faults.parse` reads them.
    """
    outside = Outside(world)
    outside.faults.current.update(faults)
    routes: list[BaseRoute] = [
        Route("/", index),
        Route(f"/data.nantesmetropole.fr{gtfs.FILE_PATH}", outside.gtfs_file),
    ]
    for host, datasets in PORTALS.items():
        endpoint = outside.portal(datasets, explore.Quota(daily_quota))
        under = f"/{host}/api/explore/v2.1/catalog/datasets/{{id}}"
        routes += [Route(under, endpoint), Route(f"{under}/{{path:path}}", endpoint)]
    departures = outside.departures(siri.Pace(siri_period_s))
    routes += [
        Route(SIRI_PATH, departures, methods=["POST"]),
        Route(f"{SIRI_PATH}/{{dataset}}", departures, methods=["POST"]),
    ]
    if control:
        routes += controls.routes(world, outside.faults, outside.calls)
    return Starlette(routes=routes)


class Outside:
    """The outside world as a client meets it: what is asked is counted, then suffers its fault."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()
        self.calls = controls.Calls()

    async def call(self, request: Request, name: str | None, answer: Answer) -> Response:
        """One call of an upstream, at the time the upstream believes it is."""
        now = self.world.now()
        self.calls.note(name, request.url.path, now)
        fault = self.faults.suffered(name)
        now = fault.clock(now)
        response = await suffer(fault, lambda: answer(now, fault))
        response.headers["date"] = format_datetime(now, usegmt=True)
        return response

    def portal(self, datasets: Iterable[Dataset], quota: explore.Quota) -> Endpoint:
        """An Opendatasoft portal."""
        by_id = {dataset.id: dataset for dataset in datasets}

        async def endpoint(request: Request) -> Response:
            dataset = by_id.get(request.path_params["id"])
            path = request.path_params.get("path", "")

            async def answer(now: datetime, fault: Fault) -> Response:
                if refusal := quota.spend(now):
                    response = refusal
                elif dataset is None:
                    response = explore.unknown_dataset(request.path_params["id"])
                else:
                    snapshot = explore.snapshot(dataset, now, self.world.seed, fault)
                    response = explore.answer(snapshot, path, request.query_params)
                response.headers.update(quota.headers(now))
                return response

            return await self.call(request, dataset.upstream if dataset else None, answer)

        return endpoint

    def departures(self, pace: siri.Pace) -> Endpoint:
        """The SIRI gateway."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()

            async def answer(now: datetime, fault: Fault) -> Response:
                if not pace.allows(now):
                    return JSONResponse(pace.refusal, 429)
                try:
                    asked = siri.parse(body)
                except siri.NotSiri as error:
                    return JSONResponse({"message": str(error)}, 400)
                if request.path_params.get("dataset", siri.DATASETS[0]) not in siri.DATASETS:
                    asked = asked._replace(quays=frozenset())
                xml = await run_in_threadpool(siri.answer, asked, self.world, now, fault)
                return Response(xml, media_type="application/xml")

            return await self.call(request, "departures", answer)

        return endpoint

    async def gtfs_file(self, request: Request) -> Response:
        """The zip, with a conditional GET."""

        async def answer(now: datetime, fault: Fault) -> Response:
            issue = gtfs.issued(now.astimezone(PARIS).date())
            content = await run_in_threadpool(gtfs.feed, self.world.network, issue, fault)
            published = datetime.combine(issue, time(4), UTC)
            headers = {
                "etag": f'"{sha256(content).hexdigest()[:32]}"',
                "last-modified": format_datetime(published, usegmt=True),
            }
            if unchanged(request, headers["etag"], published):
                return Response(status_code=304, headers=headers)
            return Response(content, headers=headers, media_type="application/zip")

        return await self.call(request, "stops", answer)


def unchanged(request: Request, etag: str, published: datetime) -> bool:
    """Whether the client already has it; the entity tag goes before the date."""
    if tags := request.headers.get("if-none-match"):
        return etag in tags or tags == "*"
    try:
        return published <= parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False


async def index(request: Request) -> Response:
    """What is here, for a person."""
    host = str(request.base_url).rstrip("/")
    portals = "".join(
        f"<li><b>{dataset.upstream}</b>: {UPSTREAMS[dataset.upstream]}<br>"
        f'<a href="{url}/records?limit=5">{url}</a></li>'
        for name, datasets in PORTALS.items()
        for dataset in datasets
        for url in [f"{host}/{name}/api/explore/v2.1/catalog/datasets/{dataset.id}"]
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Poche sandbox</title>'
        "<style>body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "li{margin:.5rem 0;overflow-wrap:anywhere}</style>"
        "<h1>The outside world, in a box</h1><p>A made-up Nantes behind the real protocols. Each"
        f" upstream is under its own host name.</p><ul>{portals}<li><b>departures</b>:"
        f" {UPSTREAMS['departures']}<br><code>POST {host}{SIRI_PATH}</code></li></ul>"
        '<p>Faults, calls and the clock: <a href="/_control">/_control</a>.</p>'
    )

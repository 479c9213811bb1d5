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
from sandbox import explore, gbfs, gtfs, gtfs_rt, info_trafic, siri, siri_lite
from sandbox.breakage import refusal, suffer
from sandbox.datasets import Dataset
from sandbox.faults import UPSTREAMS, Fault, Faults
from sandbox.menus import MENUS
from sandbox.network import Network
from sandbox.parkings import PARKINGS, RELAYS, ST_PARK_P
from sandbox.pools import HOURS, POOLS
from sandbox.schools import SCHOOLS
from sandbox.timetable import PARIS
from sandbox.world import World

PORTALS = {
    "data.nantesmetropole.fr": (
        gtfs.GTFS,
        info_trafic.NOW,
        info_trafic.PLANNED,
        POOLS,
        HOURS,
        MENUS,
        PARKINGS,
        RELAYS,
    ),
    "opendata.bordeaux-metropole.fr": (ST_PARK_P,),
    "data.education.gouv.fr": (SCHOOLS,),
}
SIRI_PATH = "/api.okina.fr/gateway/sem/realtime/anshar/services"
MECATRAN = "/bdx.mecatran.com/utw/ws"
CYCLOCITY = "/api.cyclocity.fr/contracts/nantes/gbfs"
MECATRAN_KEY = "opendata-bordeaux-metropole-flux-gtfs-rt"  # printed on a page for everyone
GTFS_RT = {
    "realtime": ("bordeaux.departures", gtfs_rt.trip_updates),
    "vehicles": ("bordeaux.vehicles", gtfs_rt.vehicle_positions),
    "alerts": ("bordeaux.alerts", gtfs_rt.alert_entities),
}

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
        Route(
            f"/data.nantesmetropole.fr{gtfs.FILE_PATH}", outside.gtfs_file(world.nantes, "stops")
        ),
        Route(
            f"{MECATRAN}/gtfsfeed/static/bordeaux",
            outside.gtfs_file(world.bordeaux, "bordeaux.stops", "apiKey"),
        ),
        *(
            Route(f"{MECATRAN}/gtfsfeed/{path}/bordeaux", outside.realtime(name, entities))
            for path, (name, entities) in GTFS_RT.items()
        ),
        Route(f"{MECATRAN}/siri/2.0/bordeaux/{{service}}.json", outside.siri_services),
        Route(f"{CYCLOCITY}/{{path:path}}.json", outside.bikes(gbfs.NAOLIB, "bikes")),
        Route(
            f"{MECATRAN}/gbfs/bordeaux/v3/{{path}}.json",
            outside.bikes(gbfs.LE_VELO, "bordeaux.bikes", "apiKey"),
        ),
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

    async def call(
        self, request: Request, name: str | None, answer: Answer, key: str = ""
    ) -> Response:
        """One call of an upstream, at the time the upstream believes it is.

        `key` is the parameter in which Mecatran wants its key.
        """
        now = self.world.now()
        self.calls.note(name, request.url.path, now)
        fault = self.faults.suffered(name)
        now = fault.clock(now)
        if key and request.query_params.get(key) != MECATRAN_KEY:
            response: Response = refusal("401")
        else:
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

    def gtfs_file(self, network: Network, name: str, key: str = "") -> Endpoint:
        """The zip of a network, with a conditional GET."""

        async def endpoint(request: Request) -> Response:
            async def answer(now: datetime, fault: Fault) -> Response:
                issue = gtfs.issued(now.astimezone(PARIS).date())
                content = await run_in_threadpool(gtfs.feed, network, issue, fault)
                published = datetime.combine(issue, time(4), UTC)
                headers = {
                    "etag": f'"{sha256(content).hexdigest()[:32]}"',
                    "last-modified": format_datetime(published, usegmt=True),
                }
                if unchanged(request, headers["etag"], published):
                    return Response(status_code=304, headers=headers)
                return Response(content, headers=headers, media_type="application/zip")

            return await self.call(request, name, answer, key)

        return endpoint

    def realtime(self, name: str, entities: gtfs_rt.Entities) -> Endpoint:
        """A real-time feed of Bordeaux."""

        async def endpoint(request: Request) -> Response:
            async def answer(now: datetime, fault: Fault) -> Response:
                content = await run_in_threadpool(gtfs_rt.feed, entities, self.world, now, fault)
                return Response(content, media_type="application/x-protobuf")

            return await self.call(request, name, answer, "apiKey")

        return endpoint

    def bikes(self, system: gbfs.System, name: str, key: str = "") -> Endpoint:
        """The files of a network of shared bikes."""

        async def endpoint(request: Request) -> Response:
            asked = request.path_params["path"].removeprefix("v2/")

            async def answer(now: datetime, fault: Fault) -> Response:
                file = gbfs.file(system, asked, now, self.world.seed, fault)
                if file is None:
                    return JSONResponse({"message": f"no file {asked}"}, 404)
                return JSONResponse(file)

            return await self.call(request, name, answer, key)

        return endpoint

    async def siri_services(self, request: Request) -> Response:
        """A SIRI service of Bordeaux."""
        service = request.path_params["service"]

        async def answer(now: datetime, fault: Fault) -> Response:
            if service == "check-status":
                return JSONResponse(siri_lite.check_status(now))
            if service not in siri_lite.SERVICES:
                return JSONResponse({"message": f"no service {service}"}, 404)
            return JSONResponse(
                siri_lite.answer(service, request.query_params, self.world, now, fault)
            )

        return await self.call(request, "bordeaux.siri", answer, "AccountKey")


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
    links = [
        (dataset.upstream, f"{url}/records?limit=5")
        for name, datasets in PORTALS.items()
        for dataset in datasets
        for url in [f"{host}/{name}/api/explore/v2.1/catalog/datasets/{dataset.id}"]
    ]
    feeds = {"static": "bordeaux.stops"} | {path: name for path, (name, _) in GTFS_RT.items()}
    links += [
        (name, f"{host}{MECATRAN}/gtfsfeed/{path}/bordeaux?apiKey={MECATRAN_KEY}")
        for path, name in feeds.items()
    ]
    links.append(("bikes", f"{host}{CYCLOCITY}/gbfs.json"))
    discovery = f"{host}{MECATRAN}/gbfs/bordeaux/v3/gbfs.json"
    links.append(("bordeaux.bikes", f"{discovery}?apiKey={MECATRAN_KEY}"))
    discovery = f"{host}{MECATRAN}/siri/2.0/bordeaux/lines-discovery.json"
    links.append(("bordeaux.siri", f"{discovery}?AccountKey={MECATRAN_KEY}"))
    listed = "".join(
        f'<li><b>{name}</b>: {UPSTREAMS[name]}<br><a href="{url}">{url}</a></li>'
        for name, url in links
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Poche sandbox</title>'
        "<style>body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "li{margin:.5rem 0;overflow-wrap:anywhere}</style>"
        "<h1>The outside world, in a box</h1><p>A made-up Nantes and a made-up Bordeaux behind the"
        f" real protocols. Each upstream is under its own host name.</p><ul>{listed}"
        f"<li><b>departures</b>: {UPSTREAMS['departures']}<br><code>POST {host}{SIRI_PATH}</code>"
        "</li></ul>"
        '<p>Faults, calls and the clock: <a href="/_control">/_control</a>.</p>'
    )

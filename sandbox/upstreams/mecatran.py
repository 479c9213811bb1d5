"""Mecatran: the platform of Bordeaux' network, which wants its public key in every call."""

from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.outside import MECATRAN, MECATRAN_KEY, Endpoint, Outside, Upstream, missing
from sandbox.upstreams import gtfs, gtfs_rt, siri_lite

GTFS_RT = {
    "realtime": ("bordeaux.departures", gtfs_rt.trip_updates),
    "vehicles": ("bordeaux.vehicles", gtfs_rt.vehicle_positions),
    "alerts": ("bordeaux.alerts", gtfs_rt.alert_entities),
}
FEEDS, SIRI = f"{MECATRAN}/gtfsfeed", f"{MECATRAN}/siri/2.0/bordeaux"
UPSTREAMS = {
    name: Upstream(meaning, f"{FEEDS}/{path}/bordeaux?apiKey={MECATRAN_KEY}")
    for path, name, meaning in (
        ("static", "bordeaux.stops", "the GTFS file of Bordeaux"),
        ("realtime", "bordeaux.departures", "the trip updates of Bordeaux (GTFS-RT)"),
        ("vehicles", "bordeaux.vehicles", "the vehicle positions of Bordeaux (GTFS-RT)"),
        ("alerts", "bordeaux.alerts", "the alerts of Bordeaux (GTFS-RT)"),
    )
} | {
    "bordeaux.siri": Upstream(
        "the next departures, stops, lines and messages of Bordeaux (SIRI Lite)",
        f"{SIRI}/lines-discovery.json?AccountKey={MECATRAN_KEY}",
    )
}


def routes(outside: Outside) -> list[Route]:
    """The timetable, the real-time feeds, and the SIRI services."""
    world = outside.world

    def realtime(name: str, entities: gtfs_rt.Entities) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            async def answer(now: datetime, fault: Fault) -> Response:
                content = await run_in_threadpool(gtfs_rt.feed, entities, world, now, fault)
                return Response(content, media_type="application/x-protobuf")

            return await outside.call(request, name, answer, "apiKey")

        return endpoint

    async def siri(request: Request) -> Response:
        service = request.path_params["service"]

        async def answer(now: datetime, fault: Fault) -> Response:
            if service == "check-status":
                return JSONResponse(siri_lite.check_status(now))
            if service not in siri_lite.SERVICES:
                return missing(f"no service {service}")
            return JSONResponse(siri_lite.answer(service, request.query_params, world, now, fault))

        return await outside.call(request, "bordeaux.siri", answer, "AccountKey")

    timetable = gtfs.published(outside, world.bordeaux, "bordeaux.stops", "apiKey")
    return [
        Route(f"{FEEDS}/static/bordeaux", timetable),
        *(
            Route(f"{FEEDS}/{path}/bordeaux", realtime(name, entities))
            for path, (name, entities) in GTFS_RT.items()
        ),
        Route(f"{SIRI}/{{service}}.json", siri),
    ]

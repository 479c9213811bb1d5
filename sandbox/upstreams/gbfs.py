"""GBFS: shared bikes as their operators publish them, one small file for each question.

Nantes' operator speaks 2.3 (a set of files for its language, instants as seconds), Bordeaux' 3.0
(texts with their language, instants as text), and its files list each other without the key.

Habits kept: a station that is closed, one that has been silent for days, one that is described and
not reported, one that is described twice, one without a name, and one that is always empty or full.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import pi, sin
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lots import draw
from sandbox.outside import MECATRAN, MECATRAN_KEY, Endpoint, Outside, Upstream, missing
from sandbox.tables import Record, read
from sandbox.timetable import PARIS

Json = dict[str, Any]
SOON = timedelta(minutes=3)  # a bike comes or goes about so often


CYCLOCITY = "/api.cyclocity.fr/contracts/nantes/gbfs"
MECATRAN_GBFS = f"{MECATRAN}/gbfs/bordeaux/v3"
UPSTREAMS = {
    "bikes": Upstream("stations of shared bikes (GBFS)", f"{CYCLOCITY}/gbfs.json"),
    "bordeaux.bikes": Upstream(
        "stations of shared bikes of Bordeaux (GBFS)",
        f"{MECATRAN_GBFS}/gbfs.json?apiKey={MECATRAN_KEY}",
    ),
}


class System(NamedTuple):
    """A network of shared bikes: its version of GBFS, where its files say they are, its stations.

    `electric` is the name of its electric bikes and their share.
    """

    version: str
    root: str
    table: str
    name: str
    electric: tuple[str, float]


NAOLIB = System(
    "2.3",
    "https://api.cyclocity.fr/contracts/nantes/gbfs/v2",
    "nantes/bikes",
    "Naolib",
    ("electrical", 0.2),
)
LE_VELO = System(
    "3.0",
    "https://bdx.mecatran.com/utw/ws/gbfs/bordeaux/v3",
    "bordeaux/bikes",
    "Le Vélo par TBM",
    ("electric", 0.5),
)


class Stand(NamedTuple):
    """What stands at a station: bikes of either kind, and room."""

    mechanical: int
    electric: int
    docks: int


def stand(system: System, station: Record, now: datetime, seed: int) -> Stand:
    """Fuller or emptier by the hour, each station in its own way, and never twice the same."""
    local = now.astimezone(PARIS)
    hour, slot = local.hour + local.minute / 60, int(now.timestamp() // SOON.total_seconds())
    phase = draw(seed, system.name, station["id"], "phase")
    level = 0.5 + 0.4 * sin(2 * pi * (hour / 24 + phase))
    level += 0.15 * (draw(seed, system.name, station["id"], slot) - 0.5)
    level = {"empty": 0.0, "full": 1.0}.get(station["habit"], level)
    capacity = int(station["capacity"])
    bikes = round(capacity * min(max(level, 0), 1))
    electric = round(bikes * system.electric[1])
    return Stand(bikes - electric, electric, capacity - bikes)


def described(system: System, _: datetime, __: int) -> list[Json]:
    """The stations, whether they work or not."""
    stations = []
    for station in read(system.table):
        found: Json = {
            "station_id": station["id"],
            "name": text(system, "" if station["habit"] == "nameless" else station["name"]),
            "lat": float(station["lat"]),
            "lon": float(station["lon"]),
            "capacity": int(station["capacity"]),
        }
        if station["address"]:
            found["address"] = station["address"]
        if system is LE_VELO:
            link = f"https://levelo.example/station/{station['id']}"
            found["rental_uris"] = {"android": link, "ios": link, "web": link}
        stations += [found, found] if station["habit"] == "twice" else [found]
    return stations


def reported(system: System, now: datetime, seed: int) -> list[Json]:
    """What the stations said last."""
    kind = "vehicles" if system.version == "3.0" else "bikes"
    stations = []
    for station in read(system.table):
        mechanical, electric, docks = stand(system, station, now, seed)
        works = station["habit"] != "closed"
        ago = timedelta(seconds=int(240 * draw(seed, station["id"], "said")))
        if station["habit"] == "silent":
            ago += timedelta(days=3)
        if station["habit"] != "unreported":
            stations.append(
                {
                    "station_id": station["id"],
                    f"num_{kind}_available": mechanical + electric if works else 0,
                    f"num_{kind}_disabled": 0,
                    "num_docks_available": docks if works else 0,
                    "num_docks_disabled": 0,
                    "is_installed": works,
                    "is_renting": works,
                    "is_returning": works,
                    "last_reported": instant(system, now - ago),
                    "vehicle_types_available": [
                        {"vehicle_type_id": "mechanical", "count": mechanical if works else 0},
                        {"vehicle_type_id": system.electric[0], "count": electric if works else 0},
                    ],
                }
            )
    return stations


def vehicle_types(system: System, _: datetime, __: int) -> list[Json]:
    """The two kinds of bikes."""
    kinds = [
        ("mechanical", "human", "Vélo"),
        (system.electric[0], "electric_assist", "Vélo à assistance électrique"),
    ]
    return [
        {
            "vehicle_type_id": name,
            "form_factor": "bicycle",
            "propulsion_type": propulsion,
            "name": text(system, label),
            "max_range_meters": 40_000,
        }
        for name, propulsion, label in kinds
    ]


Rows = Callable[[System, datetime, int], list[Json]]
FILES: dict[str, tuple[str, Rows]] = {
    "station_information": ("stations", described),
    "station_status": ("stations", reported),
    "vehicle_types": ("vehicle_types", vehicle_types),
}


def file(system: System, name: str, now: datetime, seed: int, fault: Fault) -> Json | None:
    """One file; None if there is none of that name."""
    if name == "gbfs":
        feeds = [{"name": name, "url": f"{system.root}/{name}.json"} for name in FILES]
        listed = {"feeds": feeds}
        data: Json = listed if system.version == "3.0" else {"fr": listed}
    elif name in FILES:
        key, rows = FILES[name]
        found = fault.rows(rows(system, now, seed))
        data = {key: [{fault.column(key): one[key] for key in one} for one in found]}
    else:
        return None
    ttl = 60 if name == "station_status" else 3600
    return {
        "last_updated": instant(system, now),
        "ttl": 0 if system is LE_VELO else ttl,
        "version": system.version,
        "data": data,
    }


def text(system: System, said: str) -> Any:
    return [{"text": said, "language": "fr"}] if system.version == "3.0" else said


def instant(system: System, at: datetime) -> Any:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if system.version == "3.0" else int(at.timestamp())


def routes(outside: Outside) -> list[Route]:
    """The files of both networks."""

    def bikes(system: System, name: str, key: str = "") -> Endpoint:
        async def endpoint(request: Request) -> Response:
            asked = request.path_params["path"].removeprefix("v2/")

            async def answer(now: datetime, fault: Fault) -> Response:
                found = file(system, asked, now, outside.world.seed, fault)
                return missing(f"no file {asked}") if found is None else JSONResponse(found)

            return await outside.call(request, name, answer, key)

        return endpoint

    return [
        Route(f"{CYCLOCITY}/{{path:path}}.json", bikes(NAOLIB, "bikes")),
        Route(f"{MECATRAN_GBFS}/{{path}}.json", bikes(LE_VELO, "bordeaux.bikes", "apiKey")),
    ]

"""Free floating: scooters and bikes that stand anywhere, as their operator lists them in GBFS.

It speaks 1.1 (bikes alone, flags that are 0 and 1), 2.3 and 3.0. Habits kept: a vehicle has another
id after each ride; one is reserved, one is out of service, one stands at a station and has no place
of its own, and one does not know how full its battery is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lots import draw
from sandbox.outside import Outside, Upstream, missing

OPERATOR = "/gbfs.trott.example"
UPSTREAMS = {
    "estuaire.bikes.vehicles": Upstream(
        "scooters and bikes without stations (GBFS)", f"{OPERATOR}/v3/gbfs.json"
    )
}
VERSIONS = {"v1": "1.1", "v2": "2.3", "v3": "3.0"}
FLEET = 24
RIDE = timedelta(hours=6)  # a vehicle stands about so long
CENTRE, REACH = (47.2875, -1.7525), 0.012  # degrees
RESERVED, DISABLED, DOCKED, SILENT = 3, 5, 7, 9
Json = dict[str, Any]


def fleet(version: str, now: datetime, seed: int) -> list[Json]:
    """Every vehicle where its last ride ended."""
    vehicles = []
    for number in range(1, FLEET + 1):
        rides = int((now.timestamp() / RIDE.total_seconds()) + draw(seed, number, "phase"))
        lot = [draw(seed, number, rides, what) for what in ("id", "lat", "lon", "fuel", "said")]
        electric = number % 4 != 0
        vehicle: Json = {
            ("vehicle_id" if version == "v3" else "bike_id"): f"{int(lot[0] * 2**48):012x}",
            "lat": round(CENTRE[0] + REACH * (lot[1] - 0.5), 6),
            "lon": round(CENTRE[1] + REACH * (lot[2] - 0.5), 6),
            "is_reserved": flag(version, number == RESERVED),
            "is_disabled": flag(version, number == DISABLED),
        }
        if version != "v1":
            vehicle["vehicle_type_id"] = "scooter" if electric else "bike"
            vehicle["last_reported"] = instant(version, now - timedelta(minutes=20 * lot[4]))
            link = f"https://trott.example/{vehicle.get('vehicle_id', vehicle.get('bike_id'))}"
            vehicle["rental_uris"] = {"android": link, "ios": link}
            if electric and number != SILENT:
                vehicle["current_fuel_percent"] = round(0.1 + 0.9 * lot[3], 2)
            if electric:
                vehicle["current_range_meters"] = round(30_000 * (0.1 + 0.9 * lot[3]))
            if number == DOCKED:
                del vehicle["lat"], vehicle["lon"]
                vehicle["station_id"] = "gare"
        vehicles.append(vehicle)
    return vehicles


def types(version: str, _: datetime, __: int) -> list[Json]:
    """The two kinds of vehicles."""
    return [
        {
            "vehicle_type_id": "scooter",
            "form_factor": "scooter_standing" if version == "v3" else "scooter",
            "propulsion_type": "electric",
            "max_range_meters": 30_000,
            "name": text(version, "Trottinette Trott'"),
            "default_pricing_plan_id": "minute",
        },
        {"vehicle_type_id": "bike", "form_factor": "bicycle", "propulsion_type": "human"},
    ]


def plans(version: str, _: datetime, __: int) -> list[Json]:
    """What a ride costs."""
    return [
        {
            "plan_id": "minute",
            "name": text(version, "À la minute"),
            "currency": "EUR",
            "price": 1 if version == "v3" else "1.00",
            "is_taxable": False,
            "description": text(version, "1 € pour déverrouiller, puis 0,23 € la minute."),
            "per_min_pricing": [{"start": 0, "rate": 0.23, "interval": 1}],
        }
    ]


Rows = Callable[[str, datetime, int], list[Json]]


def files(version: str) -> dict[str, tuple[str, Rows]]:
    """What this version has, by the name of the file: the list in it, and what makes it."""
    if version == "v3":
        return {
            "vehicle_status": ("vehicles", fleet),
            "vehicle_types": ("vehicle_types", types),
            "system_pricing_plans": ("plans", plans),
        }
    found: dict[str, tuple[str, Rows]] = {"free_bike_status": ("bikes", fleet)}
    if version == "v2":
        found["vehicle_types"] = ("vehicle_types", types)
        found["system_pricing_plans"] = ("plans", plans)
    return found


def file(version: str, name: str, now: datetime, seed: int, fault: Fault) -> Json | None:
    """One file; None if there is none of that name."""
    listed = files(version)
    if name == "gbfs":
        root = f"https:/{OPERATOR}/{version}"
        feeds = {"feeds": [{"name": one, "url": f"{root}/{one}.json"} for one in listed]}
        data: Json = feeds if version == "v3" else {"fr": feeds}
    elif name in listed:
        key, rows = listed[name]
        found = fault.rows(rows(version, now, seed))
        data = {key: [{fault.column(word): one[word] for word in one} for one in found]}
    else:
        return None
    header = {"last_updated": instant(version, now), "ttl": 0, "data": data}
    return header if version == "v1" else {**header, "version": VERSIONS[version]}


def flag(version: str, said: bool) -> bool | int:
    return int(said) if version == "v1" else said


def text(version: str, said: str) -> Any:
    return [{"text": said, "language": "fr"}] if version == "v3" else said


def instant(version: str, at: datetime) -> Any:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if version == "v3" else int(at.timestamp())


def routes(outside: Outside) -> list[Route]:
    """The operator's files, in each version."""

    async def endpoint(request: Request) -> Response:
        version, name = request.path_params["version"], request.path_params["name"]

        async def answer(now: datetime, fault: Fault) -> Response:
            known = version in VERSIONS
            found = file(version, name, now, outside.world.seed, fault) if known else None
            return missing(f"no file {name}") if found is None else JSONResponse(found)

        return await outside.call(request, "estuaire.bikes.vehicles", answer)

    return [Route(f"{OPERATOR}/{{version}}/{{name}}.json", endpoint)]

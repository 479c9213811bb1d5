"""NGSI: a broker of a city's sensors, as Orion-LD is asked for their last state, and Orion (v2).

Habits kept: pages of 20 unless asked for more, never of more than 1,000; how many there are in all
in a header, if asked; a question without any filter is refused, in a problem of its own; one tenant
per city; a container that has been silent for a day, and one that does not know how full it is.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import pi, sin
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lots import draw
from sandbox.outside import Outside, Upstream
from sandbox.timetable import PARIS

BROKER = "/broker.estuaire.example"
LD, V2 = f"{BROKER}/ngsi-ld/v1/entities", f"{BROKER}/v2/entities"
TENANT = "estuaire"
UPSTREAMS = {
    f"estuaire.sensors.{table}": Upstream(f"{meaning} (NGSI-LD)", f"{LD}?type={kind}")
    for table, kind, meaning in (
        ("waste_container", "WasteContainer", "how full glass containers are"),
        ("noise", "NoiseLevelObserved", "how loud streets are"),
        ("air_sensor", "AirQualityObserved", "how clean the air is"),
    )
}
TABLES = {"WasteContainer": "waste_container", "NoiseLevelObserved": "noise"}
TABLES |= {"AirQualityObserved": "air_sensor"}
DEFAULT_LIMIT, MOST = 20, 1_000
PLACES = (
    ("Place du Marché", 47.2861, -1.7521),
    ("Rue des Lilas", 47.2849, -1.7478),
    ("Quai de Loire", 47.2827, -1.7609),
    ("Gare", 47.2903, -1.7442),
    ("Stade", 47.2938, -1.7566),
    ("École Simone-Veil", 47.2882, -1.7531),
)
Json = dict[str, Any]
Attribute = tuple[str, Any, str | None]  # what it is, its value, the code of its unit


def entities(kind: str, now: datetime, seed: int) -> Iterator[tuple[str, Json, datetime]]:
    """Of one type: each one's id, its attributes, and when they were observed."""
    slot = int(now.timestamp() // 600)
    at = datetime.fromtimestamp(slot * 600, now.tzinfo)
    hour = at.astimezone(PARIS).hour
    for number, (name, lat, lon) in enumerate(PLACES, 1):
        chance = draw(seed, kind, number, slot)
        about: dict[str, Attribute] = {
            "location": ("GeoProperty", {"type": "Point", "coordinates": [lon, lat]}, None),
            "name": ("Property", name, None),
        }
        observed = at
        if kind == "WasteContainer":
            filled = (draw(seed, number) + now.timestamp() / 864_000) % 1
            about["storedWasteKind"] = ("Property", ["glass"], None)
            if number == 2:
                observed -= timedelta(days=1)
            if number != 3:
                about["fillingLevel"] = ("Property", round(filled, 2), "C62")
        elif kind == "NoiseLevelObserved" and number <= 4:
            mean = 45 + 15 * sin(pi * hour / 24) + 6 * chance
            about["LAeq"] = ("Property", round(mean, 1), "2N")
            about["LAmax"] = ("Property", round(mean + 8 + 10 * chance, 1), "2N")
        elif kind == "AirQualityObserved" and number <= 2:
            about["no2"] = ("Property", round(8 + 30 * chance, 1), "GQ")
            about["pm10"] = ("Property", round(10 + 20 * chance, 1), "GQ")
            about["co"] = ("Property", round(0.2 + 0.2 * chance, 3), "GP")
            about["temperature"] = ("Property", round(6 + 4 * sin(pi * hour / 24), 1), "CEL")
            about["relativeHumidity"] = ("Property", round(0.6 + 0.3 * chance, 2), "C62")
        else:
            continue
        yield f"urn:ngsi-ld:{kind}:{number:03}", about, observed


def written(
    kind: str, number: str, about: Json, observed: datetime, way: str, fault: Fault
) -> Json:
    """One entity: normalized or as key and value, in the words of either version."""
    instant = f"{observed:%Y-%m-%dT%H:%M:%SZ}"
    entity: Json = {"id": number, "type": kind}
    for name, (what, value, unit) in about.items():
        measured = unit is not None
        if way == "keyValues":
            attribute: Any = value
        elif way == "v2":
            attribute = {"type": "geo:json" if name == "location" else "Text", "value": value}
            if measured:
                attribute["type"] = "Number"
                attribute["metadata"] = {
                    "TimeInstant": {"type": "DateTime", "value": instant},
                    "unitCode": {"type": "Text", "value": unit},
                }
        else:
            attribute = {"type": what, "value": value}
            if measured:
                attribute |= {"observedAt": instant, "unitCode": unit}
        entity[name] = attribute
    if way == "keyValues":
        entity["dateObserved"] = instant
    return {fault.column(name): value for name, value in entity.items()}


def problem(title: str, detail: str, status: int = 400) -> Response:
    kind = "https://uri.etsi.org/ngsi-ld/errors/BadRequestData"
    said = {"type": kind, "title": title, "detail": detail, "status": status}
    return JSONResponse(said, status, media_type="application/problem+json")


def listing(request: Request, version: str, now: datetime, seed: int, fault: Fault) -> Response:
    """One page of what is asked for."""
    asked = request.query_params
    tenant = request.headers.get("ngsild-tenant" if version == "ld" else "fiware-service")
    kind, limit = asked.get("type", ""), asked.get("limit", str(DEFAULT_LIMIT))
    if not any(name in asked for name in ("type", "attrs", "q", "id")):
        return problem("Too broad query", "Need at least one of: entity-id, type, attrs, q")
    if not limit.isdecimal() or not 0 < int(limit) <= MOST:
        return problem("Bad pagination limit", f"must be an integer value, 1 to {MOST}: {limit}")
    if tenant != TENANT:
        return problem("No such tenant", str(tenant), 404)
    options = asked.get("options", "").split(",")
    way = "keyValues" if "keyValues" in options else "v2" if version == "v2" else "normalized"
    found = fault.rows(list(entities(kind, now, seed)))
    start = int(asked.get("offset", "0"))
    page = [written(kind, *one, way, fault) for one in found[start : start + int(limit)]]
    counted = asked.get("count") == "true" or "count" in options
    header = "ngsild-results-count" if version == "ld" else "fiware-total-count"
    return JSONResponse(page, headers={header: str(len(found))} if counted else None)


def routes(outside: Outside) -> list[Route]:
    """The one list of entities, in either version."""

    def brokered(version: str) -> Any:
        async def endpoint(request: Request) -> Response:
            table = TABLES.get(request.query_params.get("type", ""))

            async def answer(now: datetime, fault: Fault) -> Response:
                return listing(request, version, now, outside.world.seed, fault)

            name = None if table is None else f"estuaire.sensors.{table}"
            return await outside.call(request, name, answer)

        return endpoint

    return [Route(LD, brokered("ld")), Route(V2, brokered("v2"))]

"""Air: the national layer of the ATMO index, as GeoServer serves it, a feature a commune and day.

Habits kept: the layer is empty from midnight to four, tomorrow is there from the afternoon on, one
commune's index is missing, Nantes Métropole is there as a whole, too, and a question that GeoServer
cannot read is answered in XML.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lots import draw
from sandbox.outside import Outside, Upstream
from sandbox.tables import read
from sandbox.timetable import PARIS

LAYER = "ind:ind_atmo"
OWS = "/data.atmo-france.org/geoserver/ind/ows"
UPSTREAMS = {
    "air": Upstream(
        "air quality of communes (WFS)",
        f"{OWS}?service=WFS&version=2.0.0&request=GetFeature&typeNames={LAYER}"
        "&outputFormat=application/json&count=5",
    )
}
LEVELS = (
    ("Indisponible", "#dddddd"),
    ("Bon", "#50f0e6"),
    ("Moyen", "#50ccaa"),
    ("Dégradé", "#f0e641"),
    ("Mauvais", "#ff5050"),
    ("Très mauvais", "#960032"),
    ("Extrêmement mauvais", "#872181"),
)
POLLUTANTS = ("no2", "so2", "o3", "pm10", "pm25")
SOURCES = {"44": "Air Pays de la Loire", "33": "Atmo Nouvelle-Aquitaine"}
SOURCES |= {"49": "Air Pays de la Loire"}
METROPOLIS = ("244400404", "Nantes Métropole", "EPCI")
SILENT = "44215"  # Vertou, whose index is not available
FOUND_AT, KEPT = time(15, 5), 3  # o'clock in Paris; days
REBUILT_AT = time(4)
EQUAL = r"(\w+)='([^']*)'"
EQUALS = re.compile(rf"{EQUAL}(?: OR {EQUAL})*")
AMONG = re.compile(r"(\w+) IN \(('[^']*'(?:, *'[^']*')*)\)")
Json = dict[str, Any]


class Refusal(ValueError):
    """What GeoServer says of a question."""


def rows(now: datetime, seed: int) -> Iterator[Json]:
    """The layer as it is: some days of every zone."""
    local = now.astimezone(PARIS)
    if local.time() < REBUILT_AT:
        return
    today, told = local.date(), local.time() >= FOUND_AT
    for ahead in range(1 - KEPT, 2 if told else 1):
        day = today + timedelta(days=ahead)
        # What is told of today is yesterday's forecast, until there is today's.
        made = min(day, today if told else today - timedelta(days=1))
        for zone, name, kind, lat, lon in zones():
            yield row(zone, name, kind, lat, lon, day, made, seed)


def zones() -> Iterator[tuple[str, str, str, float, float]]:
    """The communes of three departments that have schools, and one metropolis."""
    schools: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for school in read("schools"):
        if school["insee"][:2] in SOURCES and school["lat"]:
            place = float(school["lat"]), float(school["lon"])
            schools[school["insee"], school["commune"]].append(place)
    for (insee, name), places in schools.items():
        yield insee, name, "commune", *places[0]
    yield *METROPOLIS, 47.2184, -1.5536


def row(
    zone: str, name: str, kind: str, lat: float, lon: float, day: date, made: date, seed: int
) -> Json:
    """One zone's day: much like that of the others around, a little of its own."""
    region = zone[2:4] if kind == "EPCI" else zone[:2]
    codes = {}
    for pollutant in POLLUTANTS:
        level = 1 + 3 * draw(seed, region, day, pollutant) ** 2 + draw(seed, zone, day, pollutant)
        codes[pollutant] = 0 if zone == SILENT else int(level)
    worst = max(codes.values())
    label, color = LEVELS[worst]
    made_at = datetime.combine(made, FOUND_AT, PARIS).astimezone(UTC)
    return {
        "date_maj": f"{made_at:%Y-%m-%dT%H:%M:%S}.767Z",
        **{f"code_{pollutant}": code for pollutant, code in codes.items()},
        "code_qual": worst,
        "code_zone": zone,
        "coul_qual": color,
        "date_ech": day.isoformat(),
        "epsg_reg": "2154",
        "lib_qual": label,
        "lib_zone": name,
        "source": SOURCES[region],
        "type_zone": kind,
        "x_wgs84": lon,
        "y_wgs84": lat,
        "date_dif": f"{made}T02:00:00Z",
    }


def condition(text: str, columns: Mapping[str, Any]) -> list[tuple[str, set[str]]]:
    """What each column may be: as much of CQL as anyone asks."""
    found = []
    for part in text.split(" AND ") if text else ():
        inner = part.strip()
        if inner.startswith("(") and inner.endswith(")"):
            inner = inner[1:-1]
        if EQUALS.fullmatch(inner):
            pairs = re.findall(EQUAL, inner)
        elif among := AMONG.fullmatch(inner):
            pairs = [(among[1], value) for value in re.findall("'([^']*)'", among[2])]
        else:
            raise Refusal("Could not parse CQL filter list.")
        for column in {column for column, _ in pairs}:
            if column not in columns:
                raise Refusal(f"Illegal property name: {column} for feature type {LAYER}")
            found.append((column, {value for name, value in pairs if name == column}))
    return found


def answer(params: Mapping[str, str], now: datetime, seed: int, fault: Fault) -> Json:
    """A page of the layer; raises Refusal."""
    if params.get("typeNames") != LAYER:
        raise Refusal(f"Feature type {params.get('typeNames')} unknown")
    layer = list(rows(now, seed))
    columns = row(*METROPOLIS, 0, 0, now.date(), now.date(), seed)
    wanted = condition(params.get("CQL_FILTER", ""), columns)
    matched = [one for one in layer if all(one[name] in among for name, among in wanted)]
    shown = list(fault.rows(matched))[: int(params.get("count", "1000000"))]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": f"ind_atmo.fid-{number}",
                "geometry": {"type": "Point", "coordinates": [one["x_wgs84"], one["y_wgs84"]]},
                "geometry_name": "the_geom",
                "properties": {fault.column(name): one[name] for name in one},
            }
            for number, one in enumerate(shown)
        ],
        "totalFeatures": len(fault.rows(matched)),
        "numberMatched": len(fault.rows(matched)),
        "numberReturned": len(shown),
        "timeStamp": f"{now:%Y-%m-%dT%H:%M:%S}.000Z",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}},
    }


def refusal(said: str) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?><ows:ExceptionReport'
        ' xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">\n<ows:Exception'
        f' exceptionCode="InvalidParameterValue">\n<ows:ExceptionText>{said}</ows:ExceptionText>'
        "\n</ows:Exception>\n</ows:ExceptionReport>",
        400,
        media_type="application/xml",
    )


def routes(outside: Outside) -> list[Route]:
    """The service, GetFeature alone."""

    async def endpoint(request: Request) -> Response:
        async def answered(now: datetime, fault: Fault) -> Response:
            try:
                found = answer(request.query_params, now, outside.world.seed, fault)
            except Refusal as error:
                return refusal(str(error))
            return JSONResponse(found)

        return await outside.call(request, "air", answered)

    return [Route(OWS, endpoint)]

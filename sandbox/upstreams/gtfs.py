"""GTFS: the zip of a network with all its trips, a new issue each month.

Kept from the real ones: the BOM, no feed_info.txt, blank wheelchair_boarding on stations, times
past 24:00, and in Bordeaux nothing of the wheelchairs on board. Some of its times are left out.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.datasets import NANTES, Dataset, Field, Row
from sandbox.days import days
from sandbox.faults import NONE, Fault
from sandbox.network import MODES, Network
from sandbox.operators import NAOLIB
from sandbox.outside import Endpoint, Outside, unchanged
from sandbox.timetable import PARIS, Trip, trips

FILE = "0cc0469a72de54ee045cb66d1a21de9e"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ADDED, REMOVED = 1, 2  # calendar_dates' exception_type
NO_PICKUP = "1"
END = "\r\n"


class Table(NamedTuple):
    """The columns of a file, and its lines."""

    columns: str
    lines: Sequence[str]


def issued(today: date) -> date:
    """The first day of the issue in force."""
    return today.replace(day=1)


def ends(issue: date) -> date:
    """Its last day: issues overlap, the next one comes before this one ends."""
    return issue + timedelta(days=61)


def feed(network: Network, issue: date, fault: Fault) -> bytes:
    """The zip file, the same bytes for the same issue; made once, for it takes a moment."""
    return packed(network, issue, fault if fault.alters_rows else NONE)


@lru_cache(maxsize=8)
def packed(network: Network, issue: date, fault: Fault) -> bytes:
    """The zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, table in tables(network, issue).items():
            entry = zipfile.ZipInfo(f"{name}.txt", (issue.year, issue.month, issue.day, 4, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text(table, fault))
    return content.getvalue()


def text(table: Table, fault: Fault) -> str:
    """A table as GTFS text, with a byte order mark."""
    header = line(*(fault.column(column) for column in table.columns.split()))
    return "\ufeff" + "".join((header, *fault.rows(table.lines)))


def line(*values: object) -> str:
    """A line of CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator=END).writerow(values)
    return out.getvalue()


def tables(network: Network, issue: date) -> dict[str, Table]:
    """Every file by its name."""
    operator = network.operator
    boarding = 1 if operator is NAOLIB else ""
    planned = [
        trip
        for service in network.services
        for way in network.ways
        for trip in trips(way, issue, service)
    ]
    return {
        "agency": Table(
            "agency_id agency_name agency_url agency_timezone agency_lang",
            [
                line(
                    operator.agency_id,
                    operator.agency_name,
                    operator.agency_url,
                    "Europe/Paris",
                    "fr",
                )
            ],
        ),
        "stops": Table(
            "stop_id stop_name stop_lat stop_lon location_type parent_station"
            " wheelchair_boarding platform_code",
            [*stations(network), *platforms(network)],
        ),
        "routes": Table(
            "route_id agency_id route_short_name route_long_name route_type route_color"
            " route_text_color",
            [
                line(
                    route.id,
                    operator.agency_id,
                    route.number,
                    route.name,
                    MODES[route.mode].gtfs,
                    route.color,
                    route.text_color,
                )
                for route in network.lines
            ],
        ),
        "trips": Table(
            "route_id service_id trip_id trip_headsign direction_id wheelchair_accessible",
            [
                line(
                    trip.way.line.id,
                    operator.service + trip.service.name,
                    trip.id,
                    trip.served[-1].place.name,
                    operator.directions.index(trip.way.direction),
                    boarding,
                )
                for trip in planned
            ],
        ),
        "stop_times": Table(
            "trip_id arrival_time departure_time stop_id stop_sequence pickup_type",
            [row for trip in planned for row in stop_times(trip)],
        ),
        **calendar(network, issue),
    }


def stations(network: Network) -> Iterator[str]:
    """The stop places, as lines of stops.txt."""
    for place in network.places.values():
        yield line(place.id, place.name, place.lat, place.lon, 1, "", "", "")


def platforms(network: Network) -> Iterator[str]:
    """The quays, as lines of stops.txt."""
    for quay in network.quays.values():
        yield line(
            quay.id,
            quay.place.name,
            quay.lat,
            quay.lon,
            0,
            quay.place.id,
            quay.wheelchair_boarding,
            quay.platform_code,
        )


def stop_times(trip: Trip) -> Iterator[str]:
    """The trip's lines of stop_times.txt: there are so many that nothing is quoted."""
    offsets, last = trip.way.offsets, len(trip.served) - 1
    name, sparse = trip.id, trip.way.line.operator.sparse
    for index, quay in enumerate(trip.served):
        time = clock(trip.departs_s + offsets[index])
        if (
            sparse
            and 0 < index < last
            and index % 2
            and 2 * offsets[index] == offsets[index - 1] + offsets[index + 1]
        ):
            time = ""  # half-way between its neighbours, which have theirs
        yield f"{name},{time},{time},{quay.id},{index + 1},{'' if index < last else NO_PICKUP}{END}"


def calendar(network: Network, issue: date) -> dict[str, Table]:
    """The days of each timetable.

    They begin a day early, for yesterday's last trips are still on the road when an issue starts.
    """
    prefix, first, last = network.operator.service, issue - timedelta(days=1), ends(issue)
    return {
        "calendar": Table(
            f"service_id {' '.join(DAYS)} start_date end_date",
            [
                line(
                    prefix + service.name,
                    *(int(weekday in service.weekdays) for weekday in range(7)),
                    f"{first:%Y%m%d}",
                    f"{last:%Y%m%d}",
                )
                for service in network.services
            ],
        ),
        "calendar_dates": Table(
            "service_id date exception_type",
            [
                line(prefix + service.name, f"{day:%Y%m%d}", ADDED if holds else REMOVED)
                for service in network.services
                for day in days(first, last)
                for holds in [network.service(day) == service]
                if holds != (day.weekday() in service.weekdays)
            ],
        ),
    }


@cache
def clock(seconds: int) -> str:
    """A GTFS time, which passes 24:00:00."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def record(today: date, _: int) -> list[Row]:
    """The one row of the dataset, which points to the file of the issue in force."""
    issue = issued(today)
    return [
        {
            "fichier": {
                "thumbnail": False,
                "filename": "gtfs-tan.zip",
                "format": "zip",
                "mimetype": "application/zip",
                "id": FILE,
                "url": f"https://data.nantesmetropole.fr{FILE_PATH}",
            },
            "debut_de_validite": issue.isoformat(),
            "fin_de_validite": ends(issue).isoformat(),
        }
    ]


GTFS = Dataset(
    "244400404_transports_commun_naolib_nantes_metropole_gtfs",
    "Transports en commun Naolib, horaires théoriques (GTFS)",
    "stops",
    (
        Field("fichier", "Fichier", "file"),
        Field("debut_de_validite", "Début de validité", "date"),
        Field("fin_de_validite", "Fin de validité", "date"),
    ),
    record,
)
FILE_PATH = f"/api/explore/v2.1/catalog/datasets/{GTFS.id}/files/{FILE}"


def published(outside: Outside, network: Network, name: str, key: str = "") -> Endpoint:
    """The zip of a network, with a conditional GET."""

    async def endpoint(request: Request) -> Response:
        async def answer(now: datetime, fault: Fault) -> Response:
            issue = issued(now.astimezone(PARIS).date())
            content = await run_in_threadpool(feed, network, issue, fault)
            since = datetime.combine(issue, time(4), UTC)
            headers = {
                "etag": f'"{sha256(content).hexdigest()[:32]}"',
                "last-modified": format_datetime(since, usegmt=True),
            }
            if unchanged(request, headers["etag"], since):
                return Response(status_code=304, headers=headers)
            return Response(content, headers=headers, media_type="application/zip")

        return await outside.call(request, name, answer, key)

    return endpoint


def routes(outside: Outside) -> list[Route]:
    """The file that the portal's record points to."""
    return [Route(f"/{NANTES}{FILE_PATH}", published(outside, outside.world.nantes, "stops"))]

"""GTFS: the zip of the network, a new issue each month.

Kept from the real one: the BOM, no feed_info.txt, blank wheelchair_boarding on stations, times past
24:00. Its timetable is thin, one trip an hour and direction, to stay small; real time has them all.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from sandbox.datasets import Dataset, Field, Row
from sandbox.faults import Fault
from sandbox.network import MODES, Network, Way
from sandbox.timetable import Trip, trips

AGENCY = "NAOLIBORG"
FILE = "0cc0469a72de54ee045cb66d1a21de9e"
SERVICE = "FR_NAOLIB:Timetable:L-Ma-Me-J-V-S-D"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Table = list[Row]


def issued(today: date) -> date:
    """The first day of the issue in force."""
    return today.replace(day=1)


def ends(issue: date) -> date:
    """Its last day: issues overlap, the next one comes before this one ends."""
    return issue + timedelta(days=61)


@lru_cache(maxsize=4)
def feed(network: Network, issue: date, fault: Fault) -> bytes:
    """The zip file, the same bytes for the same issue."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, table in tables(network, issue).items():
            entry = zipfile.ZipInfo(f"{name}.txt", (issue.year, issue.month, issue.day, 4, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text(table, fault))
    return packed.getvalue()


def text(table: Table, fault: Fault) -> str:
    """A table as GTFS text, with a byte order mark."""
    columns = list(table[0])
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writerow({column: fault.column(column) for column in columns})
    writer.writerows(fault.rows(table))
    return out.getvalue()


def tables(network: Network, issue: date) -> dict[str, Table]:
    """Every table, with one row at least."""
    calendar: Row = {
        "service_id": SERVICE,
        **dict.fromkeys(DAYS, 1),
        "start_date": f"{issue:%Y%m%d}",
        "end_date": f"{ends(issue):%Y%m%d}",
    }
    served = [trip for way in network.ways for trip in one_an_hour(way, issue + timedelta(days=1))]
    return {
        "agency": [
            {
                "agency_id": AGENCY,
                "agency_name": "Naolib",
                "agency_url": "https://naolib.fr",
                "agency_timezone": "Europe/Paris",
                "agency_lang": "fr",
            }
        ],
        "stops": [*stations(network), *platforms(network)],
        "routes": [
            {
                "route_id": f"FR_NAOLIB:Line:{line.number}",
                "agency_id": AGENCY,
                "route_short_name": line.number,
                "route_long_name": line.name,
                "route_type": MODES[line.mode].gtfs,
                "route_color": line.color,
                "route_text_color": line.text_color,
            }
            for line in network.lines
        ],
        "trips": [
            {
                "route_id": f"FR_NAOLIB:Line:{trip.way.line.number}",
                "service_id": SERVICE,
                "trip_id": trip.id,
                "trip_headsign": trip.served[-1].place.name,
                "direction_id": "AR".index(trip.way.direction),
                "wheelchair_accessible": 1,
            }
            for trip in served
        ],
        "stop_times": [
            {
                "trip_id": trip.id,
                "arrival_time": clock(trip.departs_s + offset),
                "departure_time": clock(trip.departs_s + offset),
                "stop_id": quay.id,
                "stop_sequence": order,
            }
            for trip in served
            for order, (quay, offset) in enumerate(
                zip(trip.served, trip.way.offsets, strict=False), start=1
            )
        ],
        "calendar": [calendar],
        "calendar_dates": [
            {"service_id": SERVICE, "date": f"{issue:%Y}0501", "exception_type": 2},
        ],
    }


def stations(network: Network) -> Table:
    """The stop places, as rows of stops.txt."""
    return [
        {
            "stop_id": place.id,
            "stop_name": place.name,
            "stop_lat": place.lat,
            "stop_lon": place.lon,
            "location_type": 1,
            "parent_station": "",
            "wheelchair_boarding": "",
            "platform_code": "",
        }
        for place in network.places.values()
    ]


def platforms(network: Network) -> Table:
    """The quays, as rows of stops.txt."""
    return [
        {
            "stop_id": quay.id,
            "stop_name": quay.place.name,
            "stop_lat": quay.lat,
            "stop_lon": quay.lon,
            "location_type": 0,
            "parent_station": quay.place.id,
            "wheelchair_boarding": quay.wheelchair_boarding,
            "platform_code": quay.platform_code,
        }
        for quay in network.quays.values()
    ]


def one_an_hour(way: Way, day: date) -> Iterator[Trip]:
    """The first trip of each hour."""
    hour = None
    for trip in trips(way, day):
        if trip.departs_s // 3600 != hour:
            hour = trip.departs_s // 3600
            yield trip


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

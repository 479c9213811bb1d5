"""Feeds: small GTFS zips, made by hand."""

import zipfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sources.timetable import Report, Timetable
from sources.timetable.importing import import_feed

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(hours=24)
WEEK = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"

# Three stops of one station; a tram from Port to Mairie on every day of the summer of 2026.
SMALL = {
    "agency.txt": "agency_id,agency_name,agency_timezone\nA,Small,Europe/Paris\n",
    "stops.txt": (
        "stop_id,stop_name,location_type,parent_station\n"
        "GARE,Gare,1,\ngare-1,Gare,0,GARE\ngare-2,Gare,0,GARE\nport,Port,0,\nmairie,Mairie,,\n"
    ),
    "routes.txt": "route_id,route_short_name,route_type\nT1,1,0\nB2,2,3\n",
    "trips.txt": (
        "route_id,service_id,trip_id,trip_headsign,direction_id,wheelchair_accessible,block_id\n"
        "T1,daily,t-1,Mairie,0,1,b-7\n"
    ),
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
        "t-1,08:00:00,08:00:00,port,1,0,1\n"
        "t-1,08:10:00,08:11:00,gare-1,2,0,0\n"
        "t-1,08:20:00,08:20:00,mairie,3,0,0\n"
    ),
    "calendar.txt": (
        f"service_id,{WEEK},start_date,end_date\ndaily,1,1,1,1,1,1,1,20260601,20260831\n"
    ),
}

TIMES = SMALL["stop_times.txt"]
EXPECTED = ["08:00 t-1 port", "08:11 t-1 gare-1"]  # on any of its days


def lines(change: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The small feed with one text of some files replaced, which must be there."""
    for file, (old, _) in change.items():
        assert old in SMALL[file]
    return SMALL | {file: SMALL[file].replace(old, new) for file, (old, new) in change.items()}


def zipped(into: Path, files: Mapping[str, str | bytes], folder: str = "") -> Path:
    """A zip of the files at `into`."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return into


def imported(
    into: Path, files: Mapping[str, str | bytes], folder: str = ""
) -> tuple[Timetable, Report]:
    """The edition that a feed becomes, and what was said of it."""
    report = import_feed(zipped(into / "feed.zip", files, folder), into / "edition")
    return Timetable.open(into / "edition"), report


def board(timetable: Timetable, *stop_ids: str, on: date = date(2026, 6, 1)) -> list[str]:
    """A day's departures, as `time trip stop`."""
    start = datetime(on.year, on.month, on.day, tzinfo=PARIS)
    stops = stop_ids or ("GARE", "port", "mairie")
    found = timetable.departures(stops, start, time_range=DAY)
    return [f"{one.departure_time:%H:%M} {one.trip_id} {one.stop_id}" for one in found]

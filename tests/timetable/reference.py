"""Reference: departures straight from the text of a feed, slow and by the book."""

import csv
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST = 4  # days that a service day may last here


class Expected(NamedTuple):
    """What is compared of a departure, in an order that both sides can sort by."""

    departure_time: datetime
    trip_id: str
    start_time: int
    stop_id: str
    stop_sequence: int
    route_id: str
    start_date: date
    headsign: str
    pickup_type: int
    headway_s: int


def text_of(path: Path) -> dict[str, str]:
    """The files of a real feed that has nothing odd about it."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def rows(feed: Mapping[str, str], file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(feed.get(file, ""))))


def runs_on(feed: Mapping[str, str], service_id: str, day: date) -> bool:
    text = day.strftime("%Y%m%d")
    for row in rows(feed, "calendar_dates.txt"):
        if (row["service_id"], row["date"]) == (service_id, text):
            return row["exception_type"] == "1"
    return any(
        row["service_id"] == service_id
        and row["start_date"] <= text <= row["end_date"]
        and row[WEEKDAYS[day.weekday()]] == "1"
        for row in rows(feed, "calendar.txt")
    )


def instant(day: date, seconds: int, zone: ZoneInfo) -> datetime:
    """Times are measured from noon minus 12 hours of the service day."""
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    return noon - timedelta(hours=12) + timedelta(seconds=seconds)


def seconds(text: str) -> int:
    hours, minutes, rest = map(int, text.split(":"))
    return 3600 * hours + 60 * minutes + rest


def stop_times(feed: Mapping[str, str]) -> dict[str, list[dict[str, str]]]:
    """By trip, in order, with the times that were left out."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(feed, "stop_times.txt"):
        found[row["trip_id"]].append(row)
    for trip in found.values():
        trip.sort(key=lambda row: int(row["stop_sequence"]))
        known = [i for i, row in enumerate(trip) if row["departure_time"]]
        times = [seconds(row["departure_time"]) if row["departure_time"] else 0 for row in trip]
        for i, row in enumerate(trip):
            if i not in known:
                low = max(k for k in known if k < i)
                high = min(k for k in known if k > i)
                times[i] = times[low] + round((times[high] - times[low]) * (i - low) / (high - low))
            row["seconds"] = str(times[i])
    return found


def trip_runs(feed: Mapping[str, str], trip_id: str, first: int) -> Iterator[tuple[int, int]]:
    """When a trip leaves its first stop, and the headway if that is not exact."""
    often = [row for row in rows(feed, "frequencies.txt") if row["trip_id"] == trip_id]
    if not often:
        yield first, 0
    for row in often:
        start = seconds(row["start_time"])
        while start < seconds(row["end_time"]):
            yield start, 0 if row.get("exact_times") == "1" else int(row["headway_secs"])
            start += int(row["headway_secs"])


def departures(
    feed: Mapping[str, str], stop_ids: list[str], since: datetime, until: datetime
) -> list[Expected]:
    """All that leave in time, sorted."""
    zone = ZoneInfo(rows(feed, "agency.txt")[0]["agency_timezone"])
    wanted = set(stop_ids)
    wanted |= {r["stop_id"] for r in rows(feed, "stops.txt") if r.get("parent_station") in wanted}
    times = stop_times(feed)
    found = []
    for trip in rows(feed, "trips.txt"):
        passes = times[trip["trip_id"]]
        first = int(passes[0]["seconds"])
        days = range(-LONGEST, (until - since).days + 2)
        for day in (since.astimezone(zone).date() + timedelta(n) for n in days):
            if not runs_on(feed, trip["service_id"], day):
                continue
            for start, headway in trip_runs(feed, trip["trip_id"], first):
                for row in passes[:-1]:
                    at = instant(day, int(row["seconds"]) - first + start, zone)
                    here = row["stop_id"] in wanted and row["pickup_type"] != "1"
                    if here and since <= at < until:
                        found.append(
                            Expected(
                                at,
                                trip["trip_id"],
                                start,
                                row["stop_id"],
                                int(row["stop_sequence"]),
                                trip["route_id"],
                                day,
                                row.get("stop_headsign") or trip["trip_headsign"],
                                int(row["pickup_type"] or 0),
                                headway,
                            )
                        )
    return sorted(found)

"""Importing: a GTFS feed becomes an edition of the timetable.

What cannot be read is left out and counted; a feed of which nothing is left is
refused. It takes seconds and hundreds of megabytes: `editions` does it in a
process of its own.
"""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb
import numpy as np

from sources.archive import MIB
from sources.timetable.layout import (
    FORMAT,
    NONE,
    TIME_SHIFT,
    Arrays,
    Manifest,
    Report,
)
from sources.timetable.patterns import find_departures, find_patterns, find_runs
from sources.timetable.service_days import ServiceDays, find_date
from sources.timetable.stop_times import read_stop_times
from sources.timetable.tables import Tables
from sources.timetable.trips import Numbers, read_frequencies, read_shapes, read_stops, read_trips
from sources.timetable.unpacking import Problems


def import_feed(
    zipped: Path,
    into: Path,
    *,
    timezone: str | None = None,
    max_unzipped: int = 2048 * MIB,
    memory: int = 512 * MIB,
) -> Report:
    """Make the directory `into`, whole or not at all, from a GTFS zip.

    `timezone` is for a feed that does not say; `max_unzipped` bytes are allowed to
    each file, `memory` bytes to DuckDB. ValueError if it is not a feed, or
    nothing in it can be used; OSError if `into` is there already.
    """
    with TemporaryDirectory(prefix=".import-", dir=into.parent) as name, zipped.open("rb") as body:
        sha256 = hashlib.file_digest(body, "sha256").hexdigest()
        work, edition = Path(name), Path(name) / "edition"
        edition.mkdir()
        problems = Problems()
        try:
            with Tables(zipped, work, problems, max_unzipped=max_unzipped, memory=memory) as tables:
                manifest, arrays = _read(tables, timezone, sha256)
        except duckdb.IOException as error:  # our own files: it is given what is unzipped
            raise OSError(f"the feed cannot be read: {error}") from None
        except duckdb.Error as error:
            raise ValueError(f"the feed cannot be read: {error}") from None
        arrays.save(edition)
        manifest.save(edition)
        edition.rename(into)
    return manifest.report


def _read(tables: Tables, timezone: str | None, sha256: str) -> tuple[Manifest, Arrays]:
    zone = _timezone(tables, timezone)
    labels = Numbers({"": NONE})
    stops, parents = read_stops(tables)
    days = ServiceDays(
        tables.rows("FROM feed.calendar"), tables.rows("FROM feed.calendar_dates"), tables.problems
    )
    first_day, last_day = days.range()
    trips = read_trips(tables, days.numbers, labels)
    times = read_stop_times(tables, labels)
    runs = find_runs(times, read_frequencies(tables))
    departures = find_departures(times, runs, trips.service, len(stops))
    patterns = find_patterns(times, trips)
    without = int((patterns["trip_pattern"] < 0).sum())
    tables.problems.drop("trips.txt: no stop times", without)
    shape_first, shape_point = read_shapes(tables, trips.shapes)
    ids = [text.encode() for text in trips.trip_id[runs.trip].tolist()]
    arrays = Arrays(
        trip_id_first=np.append(0, np.cumsum([len(text) for text in ids])),
        trip_id=np.frombuffer(b"".join(ids), np.uint8),
        trip_pattern=patterns.pop("trip_pattern")[runs.trip],
        trip_timing=patterns.pop("trip_timing")[runs.trip],
        trip_start=runs.start,
        trip_headway=runs.headway,
        trip_headsign=trips.headsign[runs.trip],
        trip_short_name=trips.short_name[runs.trip],
        trip_block=trips.block[runs.trip],
        trip_wheelchair=trips.wheelchair[runs.trip],
        shape_first=shape_first,
        shape_point=shape_point,
        **patterns,
        **departures,
        **days.arrays(zone),
    )
    version, begins, ends = next(iter(tables.rows("FROM feed.feed_info")), (None, None, None))
    tables.count_rejects()
    counts = {
        "stops": len(stops),
        "routes": len(trips.routes),
        "trips": len(trips.trip_id) - without,
        "runs": len(runs.trip),
        "stop_times": len(times.trip),
        "patterns": len(arrays.pattern_route),
        "timings": len(arrays.timing_first) - 1,
        "departures": len(arrays.departure),
    }
    manifest = Manifest(
        format=FORMAT,
        sha256=sha256,
        feed_version=version,
        timezone=zone.key,
        first_day=first_day,
        feed_dates=(find_date(begins) or first_day, find_date(ends) or last_day),
        latest=int(arrays.departure.max()) >> TIME_SHIFT,
        stops=stops,
        parents=parents,
        routes=list(trips.routes),
        labels=list(labels),
        report=Report(
            counts=counts,
            bad_lines=dict(tables.problems.bad_lines),
            dropped=dict(tables.problems.dropped),
            problems=tables.problems.shown,
        ),
    )
    return manifest, arrays


def _timezone(tables: Tables, otherwise: str | None) -> ZoneInfo:
    """The zone that agency.txt states first; the reference has them all alike."""
    stated = [zone for (zone,) in tables.rows("FROM feed.agency") if zone is not None]
    name = stated[0] if stated else otherwise
    if name is None:
        raise ValueError("no agency_timezone in agency.txt")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # among them names that are paths
        raise ValueError(f"no such agency_timezone: {name[:50]!r}") from None

"""Trips: the stops, trips, runs and shapes of a feed, each with its number."""

from dataclasses import dataclass

import numpy as np

from sources.timetable.layout import MAX_TRIPS, NONE, Array
from sources.timetable.tables import Tables

MAX_RUNS = 24 * 60 * 60 // 10  # of one line of frequencies.txt: a day, every ten seconds


class Numbers(dict[str, int]):
    """Texts by their number, from 0 in the order in which they were first met."""

    def of(self, texts: Array) -> Array:
        return np.array([self.setdefault(text, len(self)) for text in texts.tolist()], np.int32)


@dataclass
class Trips:
    """The trips in the order of their ids, which is their number."""

    trip_id: Array
    route: Array
    service: Array
    headsign: Array
    short_name: Array
    block: Array
    shape: Array
    direction: Array
    wheelchair: Array
    routes: Numbers
    shapes: Numbers


def read_stops(tables: Tables) -> tuple[list[str], list[int]]:
    """The ids of all stops in their order, and the number of each one's station or its own."""
    tables.run("""
        CREATE TABLE stops AS
        SELECT stop_id, first(parent_station) AS parent, count(*) AS lines,
               row_number() OVER (ORDER BY stop_id) - 1 AS stop
        FROM feed.stops WHERE stop_id IS NOT NULL GROUP BY stop_id""")
    rows = tables.rows("""
        SELECT stops.stop_id, coalesce(station.stop, stops.stop), stops.lines,
               stops.parent IS NOT NULL AND station.stop IS NULL
        FROM stops LEFT JOIN stops AS station ON stops.parent = station.stop_id
        ORDER BY stops.stop""")
    if not rows:
        raise ValueError("no stop in stops.txt")
    tables.problems.drop("stops.txt: the same stop again", sum(row[2] - 1 for row in rows))
    tables.problems.drop("stops.txt: its station is not there", sum(row[3] for row in rows))
    return [row[0] for row in rows], [row[1] for row in rows]


def read_trips(tables: Tables, services: dict[str, int], labels: Numbers) -> Trips:
    """The trips that have an id, a route and a service, and whose service runs on some day."""
    tables.run("CREATE TABLE lines AS SELECT *, row_number() OVER () AS line FROM feed.trips")
    tables.run("CREATE TABLE services AS SELECT unnest(?::TEXT[]) AS service_id", list(services))
    tables.run("""
        CREATE TABLE complete AS
        FROM lines WHERE trip_id IS NOT NULL AND route_id IS NOT NULL AND service_id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY trip_id ORDER BY line) = 1""")
    tables.run("""
        CREATE TABLE trips AS SELECT *, row_number() OVER (ORDER BY trip_id) - 1 AS trip
        FROM complete SEMI JOIN services USING (service_id)""")
    ((lines, complete, count),) = tables.rows(
        "SELECT (SELECT count(*) FROM lines), (SELECT count(*) FROM complete), count(*) FROM trips"
    )
    tables.problems.drop("trips.txt: no id, no route, no service, or again", lines - complete)
    tables.problems.drop("trips.txt: its service never runs", complete - count)
    if not 0 < count <= MAX_TRIPS:
        raise ValueError(f"{count} trips in trips.txt that can be used")
    found = tables.arrays("""
        SELECT trip_id, route_id, service_id,
               coalesce(trip_headsign, '') AS headsign,
               coalesce(trip_short_name, '') AS short_name,
               coalesce(block_id, '') AS block,
               coalesce(shape_id, '') AS shape,
               CASE direction_id WHEN '0' THEN 0 WHEN '1' THEN 1 ELSE 2 END AS direction,
               up_to('2', wheelchair_accessible) AS wheelchair
        FROM trips ORDER BY trip""")
    tables.run("DROP TABLE lines; DROP TABLE complete")
    routes, shapes = Numbers(), Numbers({"": NONE})
    return Trips(
        trip_id=found["trip_id"],
        route=routes.of(found["route_id"]),
        service=Numbers(services).of(found["service_id"]),
        headsign=labels.of(found["headsign"]),
        short_name=labels.of(found["short_name"]),
        block=labels.of(found["block"]),
        shape=shapes.of(found["shape"]),
        direction=found["direction"],
        wheelchair=found["wheelchair"],
        routes=routes,
        shapes=shapes,
    )


def read_frequencies(tables: Tables) -> dict[str, Array]:
    """The runs of trips that run every so often: `trip`, `start` and `headway` (0 if exact)."""
    tables.run("""
        CREATE TABLE frequencies AS
        SELECT trip, seconds(start_time) AS since, seconds(end_time) AS until,
               try_cast(headway_secs AS INTEGER) AS every,
               coalesce(exact_times, '0') = '1' AS exact
        FROM feed.frequencies LEFT JOIN trips USING (trip_id)""")
    tables.run(
        "CREATE TABLE good AS FROM frequencies WHERE trip IS NOT NULL "
        "AND every > 0 AND until > since AND until - since <= every * ?::BIGINT",
        MAX_RUNS,
    )
    ((bad,),) = tables.rows(
        "SELECT (SELECT count(*) FROM frequencies) - (SELECT count(*) FROM good)"
    )
    tables.problems.drop("frequencies.txt: no trip, no headway or no times", bad)
    return tables.arrays("""
        SELECT DISTINCT trip::INTEGER AS trip,
               unnest(range(since, until, every))::INTEGER AS start,
               (CASE WHEN exact THEN 0 ELSE every END)::INTEGER AS headway
        FROM good ORDER BY ALL""")


def read_shapes(tables: Tables, shapes: Numbers) -> tuple[Array, Array]:
    """`shape_first` and `shape_point` of the shapes that trips have."""
    points = tables.arrays(
        """
        WITH points AS (
            SELECT shape_id, try_cast(shape_pt_sequence AS BIGINT) AS place,
                   try_cast(shape_pt_lat AS DOUBLE) AS lat, try_cast(shape_pt_lon AS DOUBLE) AS lon
            FROM feed.shapes),
        shapes AS (SELECT unnest(?::TEXT[]) AS shape_id, unnest(?::INTEGER[]) AS shape)
        SELECT shape, round(lat * 1e6)::INTEGER AS lat, round(lon * 1e6)::INTEGER AS lon
        FROM points JOIN shapes USING (shape_id)
        WHERE place IS NOT NULL AND lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180
        ORDER BY shape, place""",
        list(shapes),
        list(shapes.values()),
    )
    first = np.searchsorted(points["shape"], np.arange(len(shapes) + 1))
    return first, np.column_stack([points["lat"], points["lon"]])

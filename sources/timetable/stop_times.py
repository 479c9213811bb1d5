"""Stop times: when each trip passes each of its stops, out of stop_times.txt.

https://gtfs.org/documentation/schedule/reference/#stop_timestxt
"""

from dataclasses import dataclass, fields

import numpy as np

from sources.timetable.layout import MAX_POSITIONS, Array
from sources.timetable.tables import Tables
from sources.timetable.trips import Numbers
from sources.timetable.unpacking import Problems

UNKNOWN = -1  # as the query below has it


@dataclass
class StopTimes:
    """Columns of equal length, in the order of the trips and along each of them."""

    trip: Array
    stop: Array
    sequence: Array
    arrival: Array  # seconds since the service day began; UNKNOWN before it is worked out
    departure: Array
    pickup: Array
    drop_off: Array
    headsign: Array
    on_request: Array
    travelled: Array  # as far as the feed says; NaN where it does not

    def take(self, which: Array) -> None:
        """Keep only these rows, in this order."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[which])

    def drop(self, rows: Array, why: str, problems: Problems) -> None:
        problems.drop(f"stop_times.txt: {why}", int(rows.sum()))
        if rows.any():
            self.take(~rows)


def read_stop_times(tables: Tables, labels: Numbers) -> StopTimes:
    """All that can be used, sorted, with all times; ValueError if there is nothing."""
    headsigns = Numbers()
    if "stop_headsign" in tables.names["stop_times"]:  # few texts on many lines: number them first
        texts = tables.arrays(
            "SELECT DISTINCT stop_headsign AS text FROM feed.stop_times "
            "WHERE stop_headsign IS NOT NULL ORDER BY text"
        )["text"]
        headsigns = Numbers(zip(texts.tolist(), labels.of(texts).tolist(), strict=True))
    tables.run(
        "CREATE TABLE headsigns AS "
        "SELECT unnest(?::TEXT[]) AS stop_headsign, unnest(?::INTEGER[]) AS label",
        list(headsigns),
        list(headsigns.values()),
    )
    columns = tables.arrays("""
        WITH numbers AS (
            SELECT trip_id, stop_id, stop_headsign,
                   coalesce(try_cast(stop_sequence AS INTEGER), -1) AS sequence,
                   coalesce(seconds(arrival_time), -1) AS arrival,
                   coalesce(seconds(departure_time), -1) AS departure,
                   up_to('3', pickup_type) AS pickup,
                   up_to('3', drop_off_type) AS drop_off,
                   coalesce(try_cast(shape_dist_traveled AS FLOAT), 'nan'::FLOAT) AS travelled,
                   start_pickup_drop_off_window IS NOT NULL AS on_request
            FROM feed.stop_times)
        SELECT * EXCLUDE (trip_id, stop_id, stop_headsign, trip, stop, label),
               coalesce(trip, -1)::INTEGER AS trip,
               coalesce(stop, -1)::INTEGER AS stop,
               coalesce(label, 0) AS headsign
        FROM numbers
        LEFT JOIN (SELECT trip_id, trip FROM trips) USING (trip_id)
        LEFT JOIN (SELECT stop_id, stop FROM stops) USING (stop_id)
        LEFT JOIN headsigns USING (stop_headsign)""")
    found = StopTimes(**columns)
    problems = tables.problems
    found.drop(found.on_request, "by request, at no fixed time", problems)
    found.drop(found.trip < 0, "its trip is not there", problems)
    found.drop(found.stop < 0, "its stop is not there", problems)
    found.drop(found.sequence < 0, "no stop_sequence", problems)
    _sort(found)
    found.drop(_again(found), "the same stop of the same trip again", problems)
    found.drop(_interpolated(found), "no time, and none before or after", problems)
    found.drop(positions(found.trip) >= MAX_POSITIONS, "too many stops for a trip", problems)
    if len(found.trip) == 0:
        raise ValueError("no line in stop_times.txt that can be used")
    return found


def positions(trip: Array) -> Array:
    """Where in its trip each row stands, from 0."""
    rows = np.arange(len(trip), dtype=np.int32)
    begins = np.append(True, trip[1:] != trip[:-1])[: len(trip)]
    first: Array = np.maximum.accumulate(np.where(begins, rows, 0))
    return rows - first


def _sort(times: StopTimes) -> None:
    """By trip and along it; by time where feeds number several stops alike.

    DuckDB's joins mix up the lines, so nothing depends on their order.
    """
    key = times.trip.astype(np.int64) << 32 | times.sequence
    order = np.argsort(key)
    if (np.diff(key[order]) == 0).any():
        order = np.lexsort((times.departure.astype(np.int64) << 32 | times.stop, key))
    times.take(order)


def _again(times: StopTimes) -> Array:
    """The same stop under the same number, later; under one number there may be several stops."""
    same = [column[1:] == column[:-1] for column in (times.trip, times.sequence, times.stop)]
    return np.append(False, np.logical_and.reduce(same))[: len(times.trip)]


def _interpolated(times: StopTimes) -> Array:
    """Work out the times that are left out; the rows for which that is not possible.

    In proportion to the distance travelled, or where that is not known, evenly
    from stop to stop.
    """
    arrival, departure = times.arrival, times.departure
    arrival[:] = np.where(arrival == UNKNOWN, departure, arrival)
    departure[:] = np.where(departure == UNKNOWN, arrival, departure)
    known = arrival != UNKNOWN
    if known.all():
        return np.zeros(len(known), bool)
    rows = np.arange(len(known))
    before = np.maximum.accumulate(np.where(known, rows, 0))
    after = np.minimum.accumulate(np.where(known, rows, len(rows) - 1)[::-1])[::-1]
    at = np.flatnonzero(~known)
    low, high = before[at], after[at]
    between = known[low] & known[high]
    between &= (times.trip[low] == times.trip[at]) & (times.trip[high] == times.trip[at])
    at, low, high = at[between], low[between], high[between]
    with np.errstate(invalid="ignore", divide="ignore"):
        way = (times.travelled[at] - times.travelled[low]) / (
            times.travelled[high] - times.travelled[low]
        )
    share = np.where((way >= 0) & (way <= 1), way, (at - low) / (high - low))
    arrival[at] = departure[low] + np.rint(share * (arrival[high] - departure[low]))
    departure[at] = arrival[at]
    unknown: Array = arrival == UNKNOWN
    return unknown

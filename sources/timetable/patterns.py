"""Patterns: what trips share, and when vehicles leave each stop.

Trips that serve the same stops in the same way share a pattern; those that also
take as long from each to the next share a timing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sources.timetable.layout import MAX_TRIPS, POSITION_BITS, TIME_SHIFT, Array
from sources.timetable.stop_times import StopTimes, positions
from sources.timetable.trips import Trips

MAX_ROWS = 50_000_000  # stop times, each run of a frequency counted
NO_PICKUP = 1


@dataclass
class Runs:
    """The trips that really run, those of frequencies once for each run, by trip and start."""

    trip: Array
    start: Array
    headway: Array


def find_runs(times: StopTimes, frequencies: dict[str, Array]) -> Runs:
    """One for each trip that has stop times, or as many as its frequencies say."""
    first = np.flatnonzero(positions(times.trip) == 0)
    trip, start = times.trip[first], times.departure[first]
    once = ~np.isin(trip, frequencies["trip"])
    often = np.isin(frequencies["trip"], trip)
    trips = np.concatenate([trip[once], frequencies["trip"][often]])
    order = np.argsort(trips, kind="stable")
    starts = np.concatenate([start[once], frequencies["start"][often]])
    headways = np.concatenate([np.zeros_like(start[once]), frequencies["headway"][often]])
    return Runs(trips[order], starts[order], headways[order])


def find_patterns(times: StopTimes, trips: Trips) -> dict[str, Array]:
    """Patterns and timings, as the layout has them; -1 where a trip has no stop times.

    Compared byte by byte: a trip takes a microsecond or three, and hashes could lie.
    """
    bounds = np.searchsorted(times.trip, np.arange(len(trips.trip_id) + 1)).tolist()
    place = np.column_stack(
        [times.stop, times.sequence, times.pickup, times.drop_off, times.headsign]
    ).astype(np.int32)
    elapsed = np.column_stack([times.departure, times.departure - times.arrival]).astype(np.int32)
    patterns: dict[Any, int] = {}
    timings: dict[Any, int] = {}
    pattern_of, timing_of = [], []
    pattern_trip: list[int] = []  # the first trip of each
    timing_trip: list[int] = []
    shared = zip(trips.route.tolist(), trips.direction.tolist(), trips.shape.tolist(), strict=True)
    for trip, of in enumerate(shared):
        begin, end = bounds[trip], bounds[trip + 1]
        if begin == end:
            pattern_of.append(-1)
            timing_of.append(-1)
            continue
        pattern = patterns.setdefault((of, place[begin:end].tobytes()), len(patterns))
        if pattern == len(pattern_trip):
            pattern_trip.append(trip)
        passing = elapsed[begin:end]
        passing[:, 0] -= passing[0, 0]
        timing = timings.setdefault((pattern, passing.tobytes()), len(timings))
        if timing == len(timing_trip):
            timing_trip.append(trip)
        pattern_of.append(pattern)
        timing_of.append(timing)
    first = np.array(bounds)
    pattern_first, places = _spread(first, np.array(pattern_trip))
    timing_first, passes = _spread(first, np.array(timing_trip))
    return {
        "trip_pattern": np.array(pattern_of),
        "trip_timing": np.array(timing_of),
        "pattern_first": pattern_first,
        "pattern_route": trips.route[pattern_trip],
        "pattern_direction": trips.direction[pattern_trip],
        "pattern_shape": trips.shape[pattern_trip],
        "place_stop": times.stop[places],
        "place_sequence": times.sequence[places],
        "place_pickup": times.pickup[places],
        "place_drop_off": times.drop_off[places],
        "place_headsign": times.headsign[places],
        "timing_first": timing_first,
        "pass_departure": elapsed[passes, 0],
        "pass_dwell": elapsed[passes, 1],
    }


def find_departures(times: StopTimes, runs: Runs, service: Array, stops: int) -> dict[str, Array]:
    """The departures, as the layout has them; `service` is each trip's, `stops` how many there are.

    Nobody leaves from a last stop, or where none may board.
    """
    trip_first = np.searchsorted(times.trip, np.arange(int(times.trip[-1]) + 2))
    run_first, rows = _spread(trip_first, runs.trip)
    if len(rows) > MAX_ROWS or len(runs.trip) > MAX_TRIPS:
        raise ValueError(f"{len(runs.trip)} runs with {len(rows)} stop times are too many")
    run = np.repeat(np.arange(len(runs.trip)), np.diff(run_first))
    last = np.append(times.trip[1:] != times.trip[:-1], True)
    boards = (~last & (times.pickup != NO_PICKUP))[rows]
    rows, run = rows[boards], run[boards]
    shift = runs.start - times.departure[trip_first[runs.trip]]
    leaves = times.departure[rows] + shift[run]
    position = positions(times.trip)[rows]
    key = leaves.astype(np.int64) << TIME_SHIFT | run << POSITION_BITS | position
    if len(key) == 0:
        raise ValueError("no departure from any stop")
    stop = times.stop[rows]
    # Numbers of 16 bits are sorted in one sweep.
    key = key[np.argsort(stop.astype(np.uint16) if stops < 1 << 16 else stop, kind="stable")]
    first = np.append(0, np.cumsum(np.bincount(stop, minlength=stops)))
    run_service = service[runs.trip]
    departure_service = np.empty(len(key), run_service.dtype)
    for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        of_stop = key[begin:end]
        of_stop.sort()
        departure_service[begin:end] = run_service[of_stop >> POSITION_BITS & MAX_TRIPS - 1]
    return {"stop_first": first, "departure": key, "departure_service": departure_service}


def _spread(first: Array, chosen: Array) -> tuple[Array, Array]:
    """The rows of the chosen groups, one group after the other, and where each begins."""
    begins, counts = first[chosen], first[chosen + 1] - first[chosen]
    ends = np.cumsum(counts)
    rows = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(
        begins - (ends - counts), counts
    )
    return np.append(0, ends), rows

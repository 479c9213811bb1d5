"""Timetable: what leaves when, as planned; one edition, opened for reading.

Opening maps files, and reads only the ids of stops and routes. Times count from
the noon of a service day minus 12 hours, in the agency's time zone, and may
exceed 24 hours: departures after midnight may belong to the day before, and on
the two days a year on which clocks change a service day does not begin at
midnight. https://gtfs.org/documentation/schedule/reference/#field-types
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import date, datetime, timedelta
from functools import cached_property
from heapq import merge
from itertools import pairwise
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from sources.arrays import np
from sources.timetable.entries import (
    ACCESSIBLE,
    DIRECTIONS,
    Pattern,
    Scheduled,
    StopTime,
    Trip,
    reader,
)
from sources.timetable.layout import (
    MAX_TRIPS,
    POSITION_BITS,
    TIME_SHIFT,
    Array,
    Arrays,
    Manifest,
)
from sources.timetable.running import running

Leaving = tuple[int, int, int, int]  # an instant, a service day, a departure and its stop


class Timetable:
    """One edition. Unknown stops, routes and trips have no departures, no stops and no times."""

    def __init__(self, manifest: Manifest, arrays: Arrays) -> None:
        self.manifest = manifest
        self.timezone = ZoneInfo(manifest.timezone)
        self._arrays = arrays
        self._views = arrays.views()
        self._scheduled = reader(manifest, self._views, self.timezone)
        self._day_start: list[int] = arrays.day_start.tolist()
        self._running = running(arrays)
        self._stops = {stop_id: [i] for i, stop_id in enumerate(manifest.stops)}
        for i, parent in enumerate(manifest.parents):
            if parent != i:
                self._stops[manifest.stops[parent]].append(i)
        self._routes = {route_id: i for i, route_id in enumerate(manifest.routes)}

    @classmethod
    def open(cls, directory: Path) -> "Timetable":
        """OSError if there is no edition, ValueError if it is broken or of another format."""
        return cls(Manifest.load(directory), Arrays.load(directory))

    @property
    def feed_dates(self) -> tuple[date, date]:
        return self.manifest.feed_dates

    def valid_on(self, day: date) -> bool:
        """Whether the feed is made for that day."""
        first, last = self.feed_dates
        return first <= day <= last

    @property
    def route_ids(self) -> list[str]:
        return self.manifest.routes

    def departures(
        self,
        stop_ids: Iterable[str],
        start: datetime,
        *,
        time_range: timedelta,
        route_ids: Set[str] | None = None,
        trips: Array | None = None,
    ) -> Iterator[Scheduled]:
        """In order of time, from `start` and before `start + time_range`, read as they are taken.

        `trips` are the only ones that are wanted, as `trips_named` gives them. A station
        stands for all its stops. Only where and when passengers may board: not from a
        trip's last stop.
        """
        stops = {i for stop_id in stop_ids for i in self._stops.get(stop_id, ())}
        routes = None
        if route_ids is not None:
            routes = np.zeros(len(self._routes), bool)
            routes[[self._routes[one] for one in route_ids if one in self._routes]] = True
        # Elapsed time: adding to `start` would count an hour wrong when the clocks change.
        at = start.timestamp()
        for begin, end in self._spans(ceil(at), ceil(at + time_range.total_seconds())):
            found = [
                self._leaving(stop, day, keys)
                for day in self._days(begin, end)
                for stop in stops
                if (keys := self._between(stop, day, begin, end, routes, trips))
            ]
            for one in merge(*found):
                yield self._scheduled(*one)

    def trips_named(self, trip_ids: Iterable[str]) -> Array:
        """For each trip of this edition, whether it is one of these; for `departures`."""
        chosen = np.zeros(len(self._views.trip_start), bool)
        for trip_id in trip_ids:
            for number in self._numbers(trip_id):
                chosen[number] = True
        return chosen

    def find_trip(self, trip_id: str, start_time: int | None = None) -> Trip | None:
        """A trip and all its stops; of one that runs several times a day the first run,
        or the one that leaves its first stop at `start_time`."""
        for number in self._numbers(trip_id):
            if start_time is None or self._views.trip_start[number] == start_time:
                return self._trip(number)
        return None

    def routes_of_stop(self, stop_id: str) -> list[str]:
        """The routes that serve a stop, or any stop of a station."""
        found = {route for i in self._stops.get(stop_id, ()) for route in self._stop_routes[i]}
        return [self.manifest.routes[route] for route in sorted(found)]

    def patterns_of_route(self, route_id: str) -> list[Pattern]:
        """The ways in which a route is run, the most common one first."""
        numbers = self._route_patterns.get(self._routes.get(route_id, -1), ())
        return [self._pattern(number) for number in numbers]

    def stops_of_route(self, route_id: str) -> dict[int | None, list[str]]:
        """By direction: the stops of the most common pattern in order, then those of others."""
        found: dict[int | None, dict[str, None]] = {}
        for pattern in self.patterns_of_route(route_id):
            found.setdefault(pattern.direction_id, {}).update(dict.fromkeys(pattern.stop_ids))
        return {direction: list(stops) for direction, stops in found.items()}

    def shape(self, pattern: int) -> list[tuple[float, float]]:
        """The way that a pattern takes, as latitudes and longitudes; empty if nobody says."""
        arrays = self._arrays
        shape = int(arrays.pattern_shape[pattern])
        begin, end = arrays.shape_first[shape : shape + 2]
        return [(lat, lon) for lat, lon in (arrays.shape_point[begin:end] / 1e6).tolist()]

    @cached_property
    def _stop_routes(self) -> list[set[int]]:
        arrays = self._arrays
        found: list[set[int]] = [set() for _ in self.manifest.stops]
        routes = np.repeat(arrays.pattern_route, np.diff(arrays.pattern_first))
        pairs = np.unique(np.column_stack([arrays.place_stop, routes]), axis=0)
        for stop, route in pairs.tolist():
            found[stop].add(route)
        return found

    @cached_property
    def _pattern_trips(self) -> list[int]:
        counts: list[int] = np.bincount(self._arrays.trip_pattern).tolist()
        return counts

    @cached_property
    def _route_patterns(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number, route in enumerate(self._arrays.pattern_route.tolist()):
            found.setdefault(route, []).append(number)
        for numbers in found.values():
            numbers.sort(key=lambda number: -self._pattern_trips[number])
        return found

    def _spans(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """That time, cut where service days begin: what is not needed is not looked at."""
        cuts = self._day_start[slice(*(bisect_left(self._day_start, at) for at in (begin, end)))]
        return pairwise([begin, *cuts, end])

    def _days(self, begin: int, end: int) -> range:
        """The service days on which something may leave at that time."""
        earliest = begin - self.manifest.latest
        return range(*(bisect_left(self._day_start, at) for at in (earliest, end)))

    def _between(
        self,
        stop: int,
        day: int,
        begin: int,
        end: int,
        routes: Array | None,
        trips: Array | None,
    ) -> Sequence[int]:
        """What leaves a stop at that time on a service day, as the layout has it."""
        keys, zero = self._running(stop, day), self._day_start[day]
        first = bisect_left(keys, begin - zero << TIME_SHIFT)
        keys = keys[first : bisect_left(keys, end - zero << TIME_SHIFT, first)]
        if not keys or (routes is None and trips is None):
            return keys
        found = np.asarray(keys)
        numbers = found >> POSITION_BITS & MAX_TRIPS - 1
        wanted = np.ones(len(found), bool) if trips is None else trips[numbers]
        if routes is not None:
            wanted &= routes[self._arrays.pattern_route[self._arrays.trip_pattern[numbers]]]
        return memoryview(found[wanted])

    def _leaving(self, stop: int, day: int, keys: Iterable[int]) -> Iterator[Leaving]:
        zero = self._day_start[day]
        for key in keys:
            yield zero + (key >> TIME_SHIFT), day, key, stop

    def _numbers(self, trip_id: str) -> Iterator[int]:
        """The runs of a trip."""
        wanted, every = trip_id.encode(), range(len(self._views.trip_start))
        number = bisect_left(every, wanted, key=self._trip_id)
        while number in every and self._trip_id(number) == wanted:
            yield number
            number += 1

    def _trip_id(self, number: int) -> bytes:
        views = self._views
        found: memoryview = views.trip_id[
            views.trip_id_first[number] : views.trip_id_first[number + 1]
        ]
        return found.tobytes()

    def _trip(self, number: int) -> Trip:
        views, manifest = self._views, self.manifest
        pattern = views.trip_pattern[number]
        return Trip(
            trip_id=self._trip_id(number).decode(),
            route_id=manifest.routes[views.pattern_route[pattern]],
            direction_id=DIRECTIONS[views.pattern_direction[pattern]],
            headsign=manifest.labels[views.trip_headsign[number]] or None,
            short_name=manifest.labels[views.trip_short_name[number]] or None,
            block_id=manifest.labels[views.trip_block[number]] or None,
            wheelchair_accessible=ACCESSIBLE[views.trip_wheelchair[number]],
            pattern=pattern,
            stop_times=list(self._stop_times(number)),
        )

    def _stop_times(self, number: int) -> Iterator[StopTime]:
        views, manifest = self._views, self.manifest
        start, trip_headsign = views.trip_start[number], views.trip_headsign[number]
        pattern, timing = views.trip_pattern[number], views.trip_timing[number]
        first, last = views.pattern_first[pattern], views.pattern_first[pattern + 1]
        passes = range(views.timing_first[timing], views.timing_first[timing + 1])
        for place, passing in zip(range(first, last), passes, strict=True):
            departure = start + views.pass_departure[passing]
            yield StopTime(
                stop_id=manifest.stops[views.place_stop[place]],
                stop_sequence=views.place_sequence[place],
                arrival_time=departure - views.pass_dwell[passing],
                departure_time=departure,
                headsign=manifest.labels[views.place_headsign[place] or trip_headsign] or None,
                pickup_type=views.place_pickup[place],
                drop_off_type=views.place_drop_off[place],
            )

    def _pattern(self, number: int) -> Pattern:
        views = self._views
        first, last = views.pattern_first[number], views.pattern_first[number + 1]
        return Pattern(
            number=number,
            direction_id=DIRECTIONS[views.pattern_direction[number]],
            stop_ids=[self.manifest.stops[stop] for stop in views.place_stop[first:last]],
            trips=self._pattern_trips[number],
        )

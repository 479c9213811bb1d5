"""Timetable: what leaves when, as planned; one edition, opened for reading.

Opening maps files, and reads only the ids of stops and routes. Times count from
the noon of a service day minus 12 hours, in the agency's time zone, and may
exceed 24 hours: departures after midnight may belong to the day before, and on
the two days a year on which clocks change a service day does not begin at
midnight. https://gtfs.org/documentation/schedule/reference/#field-types
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from datetime import date, datetime, timedelta
from functools import cached_property
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from sources.timetable.entries import Pattern, Scheduled, StopTime, Trip
from sources.timetable.layout import (
    MAX_POSITIONS,
    MAX_TRIPS,
    POSITION_BITS,
    TIME_SHIFT,
    Array,
    Arrays,
    Manifest,
)

DIRECTIONS = (0, 1, None)
ACCESSIBLE = (None, True, False)
STEP_S = 5400  # looked at first: at a busy stop that is enough
GROWTH = 16  # and so many times as much, each time that it was not


class Timetable:
    """One edition. Unknown stops, routes and trips have no departures, no stops and no times."""

    def __init__(self, manifest: Manifest, arrays: Arrays) -> None:
        self.manifest = manifest
        self.timezone = ZoneInfo(manifest.timezone)
        self._arrays = arrays
        self._day_start: list[int] = arrays.day_start.tolist()
        self._trip_ids = memoryview(arrays.trip_id.data)
        self._running: dict[int, Array] = {}
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
        stop_ids: Sequence[str],
        start: datetime,
        *,
        first: int,
        time_range: timedelta,
        route_ids: Set[str] | None = None,
    ) -> list[Scheduled]:
        """At most `first`, in order of time, from `start` and before `start + time_range`.

        A station stands for all its stops. Only where and when passengers may
        board: not from a trip's last stop.
        """
        wanted = {i for stop_id in stop_ids for i in self._stops.get(stop_id, ())}
        rows = self._rows_of(wanted)
        routes = None
        if route_ids is not None:
            routes = np.zeros(len(self._routes), bool)
            routes[[self._routes[one] for one in route_ids if one in self._routes]] = True
        # Elapsed time: adding to `start` would count an hour wrong when the clocks change.
        at = start.timestamp()
        begin, end, step = ceil(at), ceil(at + time_range.total_seconds()), STEP_S
        found: list[tuple[int, int, int]] = []
        while begin < end and len(found) < first and rows:
            until = min(begin + step, end)
            found += sorted(self._between(rows, begin, until, first, routes))
            begin, step = until, GROWTH * step
        return list(self._scheduled(found[:first]))

    def find_trip(self, trip_id: str, start_time: int | None = None) -> Trip | None:
        """A trip and all its stops; of one that runs several times a day the first run,
        or the one that leaves its first stop at `start_time`."""
        wanted, arrays = trip_id.encode(), self._arrays
        number = bisect_left(range(len(arrays.trip_start)), wanted, key=self._trip_id)
        while number < len(arrays.trip_start) and self._trip_id(number) == wanted:
            if start_time is None or arrays.trip_start[number] == start_time:
                return self._trip(number)
            number += 1
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

    def _rows_of(self, stops: set[int]) -> list[tuple[int, int]]:
        """Where the departures of each stop are; stops without any are left out."""
        bounds = [self._arrays.stop_first[stop : stop + 2].tolist() for stop in stops]
        return [(begin, end) for begin, end in bounds if begin < end]

    def _between(
        self, rows: list[tuple[int, int]], begin: int, until: int, count: int, routes: Array | None
    ) -> Iterator[tuple[int, int, int]]:
        """The first `count` of each service day, as instant, day and departure."""
        arrays, latest = self._arrays, self.manifest.latest
        days = range(*(bisect_left(self._day_start, at) for at in (begin - latest, until)))
        for day in days:
            zero = self._day_start[day]
            window = np.array((begin - zero, min(until - zero, latest + 1))) << TIME_SHIFT
            near = []
            for low, high in rows:
                departures = arrays.departure[low:high]
                low, high = departures.searchsorted(window).tolist()
                near.append(departures[low:high])
            keys = np.concatenate(near)
            if len(keys) == 0:
                continue
            trips = keys >> POSITION_BITS & MAX_TRIPS - 1
            runs = self._services(day)[arrays.trip_service[trips]]
            if routes is not None:
                runs &= routes[arrays.pattern_route[arrays.trip_pattern[trips]]]
            keys = keys[runs]
            keys.sort()
            for key in keys[:count].tolist():
                yield zero + (key >> TIME_SHIFT), day, key

    def _services(self, day: int) -> Array:
        """For each service, whether it runs that day; days that are alike share the answer."""
        number = int(self._arrays.day_services[day])
        if number not in self._running:
            bits = self._arrays.service_set[number]
            self._running[number] = np.unpackbits(bits, bitorder="little").view(bool)
        return self._running[number]

    def _scheduled(self, found: list[tuple[int, int, int]]) -> Iterator[Scheduled]:
        """Column by column: for ten departures numpy is three times as fast as one by one."""
        arrays, manifest = self._arrays, self.manifest
        keys = np.array([key for _, _, key in found], np.int64)
        trips = keys >> POSITION_BITS & MAX_TRIPS - 1
        patterns = arrays.trip_pattern[trips]
        places = arrays.pattern_first[patterns] + (keys & MAX_POSITIONS - 1)
        columns = (
            arrays.place_stop[places],
            arrays.trip_id_first[trips],
            arrays.trip_id_first[trips + 1],
            arrays.pattern_route[patterns],
            arrays.trip_start[trips],
            arrays.place_sequence[places],
            arrays.place_headsign[places],
            arrays.trip_headsign[trips],
            arrays.pattern_direction[patterns],
            arrays.trip_wheelchair[trips],
            arrays.place_pickup[places],
            arrays.trip_headway[trips],
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for (instant, day, _), row in zip(found, rows, strict=True):
            stop, id_first, id_end, route, start, sequence = row[:6]
            sign, trip_sign, direction, chair, pickup, headway = row[6:]
            yield Scheduled(
                manifest.stops[stop],
                str(self._trip_ids[id_first:id_end], "utf-8"),
                manifest.routes[route],
                manifest.first_day + timedelta(day),
                start,
                sequence,
                datetime.fromtimestamp(instant, self.timezone),
                manifest.labels[sign or trip_sign] or None,
                DIRECTIONS[direction],
                ACCESSIBLE[chair],
                pickup,
                headway or None,
            )

    def _trip_id(self, number: int) -> bytes:
        begin, end = self._arrays.trip_id_first[number : number + 2].tolist()
        return bytes(self._trip_ids[begin:end])

    def _trip(self, number: int) -> Trip:
        arrays, manifest = self._arrays, self.manifest
        pattern = int(arrays.trip_pattern[number])
        return Trip(
            trip_id=self._trip_id(number).decode(),
            route_id=manifest.routes[arrays.pattern_route[pattern]],
            direction_id=DIRECTIONS[arrays.pattern_direction[pattern]],
            headsign=manifest.labels[arrays.trip_headsign[number]] or None,
            short_name=manifest.labels[arrays.trip_short_name[number]] or None,
            block_id=manifest.labels[arrays.trip_block[number]] or None,
            wheelchair_accessible=ACCESSIBLE[arrays.trip_wheelchair[number]],
            pattern=pattern,
            stop_times=list(self._stop_times(number)),
        )

    def _stop_times(self, number: int) -> Iterator[StopTime]:
        arrays, manifest = self._arrays, self.manifest
        start, trip_headsign = int(arrays.trip_start[number]), arrays.trip_headsign[number]
        first, last = arrays.pattern_first[arrays.trip_pattern[number] :][:2].tolist()
        passes = int(arrays.timing_first[arrays.trip_timing[number]])
        for place, passing in zip(
            range(first, last), range(passes, passes + last - first), strict=True
        ):
            departure = start + int(arrays.pass_departure[passing])
            yield StopTime(
                stop_id=manifest.stops[arrays.place_stop[place]],
                stop_sequence=int(arrays.place_sequence[place]),
                arrival_time=departure - int(arrays.pass_dwell[passing]),
                departure_time=departure,
                headsign=manifest.labels[arrays.place_headsign[place] or trip_headsign] or None,
                pickup_type=int(arrays.place_pickup[place]),
                drop_off_type=int(arrays.place_drop_off[place]),
            )

    def _pattern(self, number: int) -> Pattern:
        arrays = self._arrays
        first, last = arrays.pattern_first[number : number + 2].tolist()
        return Pattern(
            number=number,
            direction_id=DIRECTIONS[arrays.pattern_direction[number]],
            stop_ids=[self.manifest.stops[stop] for stop in arrays.place_stop[first:last].tolist()],
            trips=self._pattern_trips[number],
        )

"""Entries: what a timetable answers with, in the words of GTFS."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sources.timetable.layout import MAX_POSITIONS, MAX_TRIPS, POSITION_BITS, Manifest

DIRECTIONS = (0, 1, None)
ACCESSIBLE = (None, True, False)


class Scheduled(NamedTuple):
    """One vehicle leaving one stop. `start_date` and `trip_id` name the trip, as in GTFS-RT;
    a trip that runs several times a day needs `start_time`, too."""

    stop_id: str
    trip_id: str
    route_id: str
    start_date: date
    start_time: int  # seconds since the service day began, at the trip's first stop
    stop_sequence: int
    instant: int  # when it leaves, in seconds since 1970
    timezone: ZoneInfo
    headsign: str | None
    direction_id: int | None
    wheelchair_accessible: bool | None  # None where nobody says
    pickup_type: int  # 0 as usual, 2 after a call to the agency, 3 after a sign to the driver
    headway_s: int | None  # it leaves about every so often, and no time is exact

    @property
    def departure_time(self) -> datetime:
        """The same by the clocks there; of many that are looked at few are told."""
        return datetime.fromtimestamp(self.instant, self.timezone)


class StopTime(NamedTuple):
    """A trip at one of its stops; times are seconds since the service day began."""

    stop_id: str
    stop_sequence: int
    arrival_time: int
    departure_time: int
    headsign: str | None
    pickup_type: int  # as in Scheduled; 1 where nobody may board
    drop_off_type: int


class Trip(NamedTuple):
    trip_id: str
    route_id: str
    direction_id: int | None
    headsign: str | None
    short_name: str | None
    block_id: str | None
    wheelchair_accessible: bool | None
    pattern: int  # see `Timetable.shape`
    stop_times: list[StopTime]


class Pattern(NamedTuple):
    """A way in which a route is run; `trips` of the feed run it."""

    number: int
    direction_id: int | None
    stop_ids: list[str]
    trips: int


def reader(
    manifest: Manifest, views: SimpleNamespace, timezone: ZoneInfo
) -> Callable[[int, int, int, int], Scheduled]:
    """What reads a departure of the layout, given its instant, its day, itself and its stop.

    All names are looked up beforehand: else that takes longer than the reading.
    """
    stops, routes, labels = manifest.stops, manifest.routes, manifest.labels
    trip_id, trip_id_first = views.trip_id, views.trip_id_first
    trip_pattern, trip_start, trip_headsign = (
        views.trip_pattern,
        views.trip_start,
        views.trip_headsign,
    )
    trip_wheelchair, trip_headway = views.trip_wheelchair, views.trip_headway
    pattern_first, pattern_route = views.pattern_first, views.pattern_route
    pattern_direction, place_sequence = views.pattern_direction, views.place_sequence
    place_headsign, place_pickup = views.place_headsign, views.place_pickup
    dates = [manifest.first_day + timedelta(n) for n in range(len(views.day_start))]
    made = Scheduled._make

    def scheduled(instant: int, day: int, departure: int, stop: int) -> Scheduled:
        trip = departure >> POSITION_BITS & MAX_TRIPS - 1
        pattern = trip_pattern[trip]
        place = pattern_first[pattern] + (departure & MAX_POSITIONS - 1)
        return made(
            (
                stops[stop],
                str(trip_id[trip_id_first[trip] : trip_id_first[trip + 1]], "utf-8"),
                routes[pattern_route[pattern]],
                dates[day],
                trip_start[trip],
                place_sequence[place],
                instant,
                timezone,
                labels[place_headsign[place] or trip_headsign[trip]] or None,
                DIRECTIONS[pattern_direction[pattern]],
                ACCESSIBLE[trip_wheelchair[trip]],
                place_pickup[place],
                trip_headway[trip] or None,
            )
        )

    return scheduled

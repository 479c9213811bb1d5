"""Entries: what a timetable answers with, in the words of GTFS."""

from datetime import date, datetime
from typing import NamedTuple


class Scheduled(NamedTuple):
    """One vehicle leaving one stop. `start_date` and `trip_id` name the trip, as in GTFS-RT;
    a trip that runs several times a day needs `start_time`, too."""

    stop_id: str
    trip_id: str
    route_id: str
    start_date: date
    start_time: int  # seconds since the service day began, at the trip's first stop
    stop_sequence: int
    departure_time: datetime
    headsign: str | None
    direction_id: int | None
    wheelchair_accessible: bool | None  # None where nobody says
    pickup_type: int  # 0 as usual, 2 after a call to the agency, 3 after a sign to the driver
    headway_s: int | None  # it leaves about every so often, and no time is exact


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

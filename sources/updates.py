"""Updates: what real time says of trips, and what follows from that for each of their stops.

https://gtfs.org/documentation/realtime/feed-entities/trip-updates/

A trip is a line of events: it arrives at a stop, departs from it, arrives at the
next. A prediction says how late one event is; so late are all that follow, until
the next prediction. Instants are seconds since 1970, as in the feed.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from schema.departures import OccupancyStatus, RealtimeState
from sources.collection import Collection

GONE = {"CANCELED", "DELETED"}
EXTRA = {"ADDED", "NEW", "DUPLICATED"}  # trips that run besides the timetable's
REPLACEMENT = "REPLACEMENT"  # the stops that are told take the place of those planned
UNSCHEDULED = "UNSCHEDULED"  # a trip that the timetable has every so often, at no exact time
HALF_A_DAY_S = 43_200  # the same trip runs once a day: yesterday's run is further away than that


class StopTime(Protocol):
    """A stop of a trip in the timetable; times are seconds since the service day began."""

    @property
    def stop_id(self) -> str: ...
    @property
    def stop_sequence(self) -> int: ...
    @property
    def arrival_time(self) -> int: ...
    @property
    def departure_time(self) -> int: ...


class Run(Protocol):
    """A trip of the timetable on one service day, as it leaves one of its stops.

    `start_time` is when it leaves the first, in seconds since the service day began.
    """

    @property
    def trip_id(self) -> str: ...
    @property
    def route_id(self) -> str: ...
    @property
    def direction_id(self) -> int | None: ...
    @property
    def start_date(self) -> date: ...
    @property
    def start_time(self) -> int: ...
    @property
    def departure_time(self) -> datetime: ...
    @property
    def headway_s(self) -> int | None: ...


class StopUpdate(NamedTuple):
    """What real time says of one stop of a trip, which `stop_sequence` or `stop_id` names.

    `scheduled` is when a trip that no timetable has was to leave; `assigned_stop_id` is the quay
    that it leaves from today.
    """

    stop_sequence: int | None = None
    stop_id: str | None = None
    arrival: int | None = None
    departure: int | None = None
    arrival_delay: int | None = None
    departure_delay: int | None = None
    relationship: str = "SCHEDULED"
    occupancy: OccupancyStatus | None = None
    scheduled: int | None = None
    assigned_stop_id: str | None = None


UNTOLD = StopUpdate()


@dataclass(frozen=True, slots=True)
class TripUpdate:
    """What real time says of one run of a trip, in the words of the specification.

    `relationship` is the trip's to its timetable; `delay` holds for the stops
    before the first of `stops`; `start_time` is seconds since the service day began.
    Of a DUPLICATED trip `trip_id` names the one that it is a copy of, and `copy_` how it differs.
    """

    trip_id: str | None
    route_id: str | None
    direction_id: int | None
    start_date: date | None
    start_time: int | None
    relationship: str
    delay: int | None
    stops: tuple[StopUpdate, ...]
    headsign: str | None
    vehicle_id: str | None
    wheelchair: str | None
    said_at: datetime | None
    feed_at: datetime | None
    copy_id: str | None = None
    copy_date: date | None = None
    copy_time: int | None = None

    @property
    def hidden(self) -> bool:
        """Whether riders should not even be told that the trip is cancelled."""
        return self.relationship == "DELETED"


class Expected(NamedTuple):
    """When a vehicle arrives at a stop and departs, as far as is known; else as planned.

    `assigned_stop_id` is the quay that it uses instead of the planned one.
    """

    arrival: int
    departure: int
    state: RealtimeState
    occupancy: OccupancyStatus | None = None
    passed: bool = False  # the vehicle has left already
    assigned_stop_id: str | None = None


def propagated(planned: Sequence[StopTime], day_start: int, update: TripUpdate) -> list[Expected]:
    """What is expected at each stop of the run that the update is about, in the trip's order.

    `day_start` is when the service day began, in seconds since 1970.
    """
    said = matched(planned, update)
    # Producers drop the stops that a vehicle has left: those before the first that is told of
    # and planned for before that was said.
    next_stop, told_at = min(said, default=0), update.said_at or update.feed_at
    begun = math.inf if told_at is None else told_at.timestamp()
    only = update.relationship == REPLACEMENT
    late = update.delay
    found = []
    for place, plan in enumerate(planned):
        arrival, departure = day_start + plan.arrival_time, day_start + plan.departure_time
        told = said.get(place)
        quay = None if told is None else told.assigned_stop_id
        if update.relationship in GONE:
            found.append(Expected(arrival, departure, RealtimeState.CANCELED))
        elif told.relationship == "SKIPPED" if told is not None else only:
            # How late it was before the stop, it still is behind it.
            found.append(Expected(arrival, departure, RealtimeState.SKIPPED))
        else:
            if told is None:
                told = UNTOLD
            elif told.relationship == "NO_DATA":
                late, told = None, UNTOLD
            arrival, late = _expected(arrival, told.arrival, told.arrival_delay, late)
            departure, late = _expected(departure, told.departure, told.departure_delay, late)
            state = RealtimeState.SCHEDULED if late is None else RealtimeState.UPDATED
            passed = place < next_stop and day_start + plan.departure_time <= begun < math.inf
            found.append(Expected(arrival, departure, state, told.occupancy, passed, quay))
    return found


def _expected(
    planned: int, time: int | None, delay: int | None, late: int | None
) -> tuple[int, int | None]:
    """When an event is expected, and how late everything after it is therefore."""
    if time is not None:
        return time, time - planned
    late = late if delay is None else delay
    return planned + (late or 0), late


def matched(planned: Sequence[StopTime], update: TripUpdate) -> Mapping[int, StopUpdate]:
    """What is told by the place of its stop: by `stop_sequence`, or the next of that `stop_id`."""
    # A replacement counts its own stops.
    own = update.relationship == REPLACEMENT
    sequences = {plan.stop_sequence: place for place, plan in enumerate(planned)}
    found: dict[int, StopUpdate] = {}
    after = 0  # a line that comes by the same stop twice: the updates are in order
    for told in update.stops:
        if told.stop_sequence is not None and not (own and told.stop_id):
            place = sequences.get(told.stop_sequence)
        else:
            ahead = range(after, len(planned))
            place = next((n for n in ahead if planned[n].stop_id == told.stop_id), None)
        if place is not None:
            found[place] = told
            after = place + 1
    return found


class Updates:
    """The updates of one snapshot, found by what they are about."""

    def __init__(self, updates: Collection[TripUpdate]) -> None:
        self.all = updates.items
        self._of: dict[object, list[TripUpdate]] = {}
        for update in updates.items:
            if update.relationship not in EXTRA:
                self._of.setdefault(_name(update), []).append(update)

    def find(self, run: Run) -> TripUpdate | None:
        """What is said of a run: by trip, start date and route; never of its other days."""
        named = self._of.get(run.trip_id, ()) or self._of.get(
            (run.route_id, run.direction_id, run.start_time), ()
        )
        for update in named:
            if _about(update, run):
                return update
        return None


def _name(update: TripUpdate) -> object:
    """What a run is found by: its trip's id, or all of what may stand in its place."""
    if update.trip_id is not None:
        return update.trip_id
    return update.route_id, update.direction_id, update.start_time


def _about(update: TripUpdate, run: Run) -> bool:
    """Whether an update of this trip is about this run of it."""
    if update.route_id not in (None, run.route_id):
        return False  # another edition's trip, by the same id
    if not _starts_with(update, run):
        return False  # the same trip runs several times a day (frequencies.txt)
    if update.start_date is not None:
        return update.start_date == run.start_date
    leaves = run.departure_time.timestamp()
    said_at = update.said_at or update.feed_at
    told = leaves if said_at is None else said_at.timestamp()
    when = next((at for _, at in leaving(update)), told)
    return abs(when - leaves) < HALF_A_DAY_S


def _starts_with(update: TripUpdate, run: Run) -> bool:
    """Whether both leave their first stop at once.

    Of a trip that runs about every so often a vehicle starts whenever it does: it stands for the
    run that is nearest, and one that does not say when it started for none of them.
    """
    if run.headway_s is None:
        return update.start_time in (None, run.start_time)
    if update.start_time is None:
        return False
    if update.relationship != UNSCHEDULED:
        return update.start_time == run.start_time
    return -run.headway_s < 2 * (update.start_time - run.start_time) <= run.headway_s


def leaving(update: TripUpdate) -> Iterator[tuple[StopUpdate, int]]:
    """The stops that it leaves, each with the instant, as far as the update itself tells them."""
    if update.relationship in GONE:
        return
    for stop in update.stops:
        ends = stop.departure is None and stop is update.stops[-1]
        when = stop.arrival if stop.departure is None else stop.departure
        known = when is not None and stop.stop_id is not None and stop.relationship != "SKIPPED"
        if when is not None and known and not ends:
            yield stop, when

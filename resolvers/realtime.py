"""Real time: what a network says right now, laid over what it had planned.

Two ways of speaking, one result. SIRI lists vehicles at stops, with the time
each was planned for: that is how they are found in the timetable. GTFS-Realtime
speaks of trips, by the timetable's own ids.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cached_property, partial
from typing import NamedTuple

from schema.accessibility import WheelchairBoarding
from schema.departures import Departure, RealtimeState
from schema.trips import TripOn
from sources.calls import Call, Calls, assigned, extra, told
from sources.timetable import Scheduled, Timetable
from sources.timetable.layout import Array
from sources.timetable.service_days import day_start
from sources.updates import Expected, TripUpdate, Updates, propagated

# What a vehicle says goes before what was planned of it, even that it does not know.
VEHICLES = {
    "WHEELCHAIR_ACCESSIBLE": WheelchairBoarding.POSSIBLE,
    "WHEELCHAIR_INACCESSIBLE": WheelchairBoarding.NOT_POSSIBLE,
    "UNKNOWN": WheelchairBoarding.NO_INFORMATION,
}
BOARDING = {True: WheelchairBoarding.POSSIBLE, False: WheelchairBoarding.NOT_POSSIBLE}
Line = Callable[[str], str]  # what real time calls a route, by its GTFS id


class Coming(NamedTuple):
    """A departure that may be one of the next, as far as it takes to choose them.

    `instant` is when it is expected, in seconds since 1970. Many are looked at for each that
    is told: only `tell` makes all of it, as nobody else's.
    """

    instant: float
    stop_id: str
    route_id: str | None
    state: RealtimeState
    at_stop: bool
    tell: Callable[[], Departure]


def planned(one: Scheduled, city: str, line: Line) -> Coming:
    """A departure as the timetable has it."""
    state, tell = RealtimeState.SCHEDULED, partial(_planned, one, city, line)
    return Coming(one.instant, one.stop_id, one.route_id, state, False, tell)


def _planned(one: Scheduled, city: str, line: Line) -> Departure:
    return Departure(
        city=city,
        stop_id=one.stop_id,
        destination_id=None,
        line=line(one.route_id),
        headsign=one.headsign,
        scheduled_at=one.departure_time,
        expected_at=one.departure_time,
        realtime=False,
        at_stop=False,
        platform_code=None,
        updated_at=None,
        wheelchair_accessible=boarding(one.wheelchair_accessible),
        trip_key=TripOn(city, one.trip_id, one.start_date, one.start_time),
        route_id=one.route_id,
    )


def seen(
    visits: Iterable[Departure], timetable: Iterable[Scheduled], city: str, line: Line
) -> Iterator[Coming]:
    """The visits that SIRI lists, and what else the timetable has.

    What the timetable plans for before the first listed vehicle of the same line
    and destination has left already: the network has stopped listing it.
    """
    listed = list(visits)
    of_trip: dict[tuple[str, str, float], int] = {}  # the last one's place in the list
    first: dict[tuple[str, str, str | None], float] = {}
    for number, one in enumerate(listed):
        if one.scheduled_at is not None:
            instant, way = one.scheduled_at.timestamp(), (one.stop_id, one.line, one.headsign)
            of_trip[one.stop_id, one.line, instant] = number
            first[way] = min(instant, first.get(way, instant))
    known: dict[int, Scheduled] = {}
    for row in timetable:
        instant, name = row.instant, line(row.route_id)
        visit = of_trip.get((row.stop_id, name, instant))
        if visit is not None:
            known[visit] = row
        elif instant >= first.get((row.stop_id, name, row.headsign), instant):
            yield planned(row, city, line)
    for number, one in enumerate(listed):
        yield _visit(one, known.get(number))


def _visit(visit: Departure, plan: Scheduled | None) -> Coming:
    """A visit with what the timetable knows besides, and what real time makes of it."""
    state = visit.realtime_state
    if state is not RealtimeState.CANCELED:
        on_plan = visit.scheduled_at is not None
        told = RealtimeState.UPDATED if on_plan else RealtimeState.ADDED
        state = told if visit.realtime else RealtimeState.SCHEDULED
    return Coming(
        visit.expected_at.timestamp(),
        visit.stop_id,
        visit.route_id if plan is None else plan.route_id,
        state,
        visit.at_stop,
        partial(_visited, visit, plan, state),
    )


def _visited(visit: Departure, plan: Scheduled | None, state: RealtimeState) -> Departure:
    made = Departure.__new__(Departure)  # `copy` goes by way of pickling, ten times as slow
    vars(made).update(vars(visit), realtime_state=state)
    if plan is not None:
        made.headsign = visit.headsign or plan.headsign
        made.wheelchair_accessible = boarding(plan.wheelchair_accessible)
        made.trip_key = TripOn(visit.city, plan.trip_id, plan.start_date, plan.start_time)
        made.route_id = plan.route_id
    return made


class Runs:
    """What updates make of the timetable's trips: each run worked out once a snapshot."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._runs: dict[tuple[str, date, int], dict[int, Expected]] = {}
        self._trips: tuple[Timetable, Array | None] | None = None
        self._extra: tuple[Timetable, Calls] | None = None
        self._assigned: tuple[Timetable, Mapping[str, set[tuple[str, str]]]] | None = None

    def trips(self, timetable: Timetable) -> Array | None:
        """The only ones that anything is said of, as `Timetable.departures` takes them.

        None if that cannot be told: some updates name a route and a time instead of a trip.
        """
        if self._trips is None or self._trips[0] is not timetable:
            names = {update.trip_id for update in self._updates.all}
            known = None if None in names else timetable.trips_named(filter(None, names))
            self._trips = timetable, known
        return self._trips[1]

    def updated(self, one: Scheduled, timetable: Timetable, city: str, line: Line) -> Coming | None:
        """The departure as it is expected; None if it is over, or not to be told of at all."""
        update = self._updates.find(one)
        if update is None:
            return planned(one, city, line)
        if update.hidden:
            return None
        expected = self._run(one, timetable, update).get(one.stop_sequence)
        if expected is None:
            return planned(one, city, line)
        if expected.passed:
            return None
        return Coming(
            expected.departure if expected.state is RealtimeState.UPDATED else one.instant,
            expected.assigned_stop_id or one.stop_id,
            one.route_id,
            expected.state,
            False,
            partial(_updated, one, city, line, update, expected),
        )

    def added(
        self, timetable: Timetable, stop_ids: Iterable[str], city: str, line: Line
    ) -> Iterator[Coming]:
        """What leaves besides what the timetable has."""
        if self._extra is None or self._extra[0] is not timetable:
            self._extra = timetable, extra(self._updates.all, timetable)
        for stop_id in stop_ids:
            for call in self._extra[1].get(stop_id, ()):
                yield _called(call, city, line, RealtimeState.ADDED)

    def sent_to(self, timetable: Timetable, stop_ids: Iterable[str]) -> set[tuple[str, str]]:
        """What leaves from these quays today: each the quay that was planned, and the trip."""
        if self._assigned is None or self._assigned[0] is not timetable:
            self._assigned = timetable, assigned(self._updates.all, timetable)
        return {way for stop_id in stop_ids for way in self._assigned[1].get(stop_id, ())}

    def told(self, stop_ids: Iterable[str], city: str, line: Line) -> Iterator[Coming]:
        """What leaves as far as real time alone knows, where there is no timetable."""
        for stop_id in stop_ids:
            for call in self._told.get(stop_id, ()):
                yield _called(call, city, line, RealtimeState.UPDATED)

    @cached_property
    def _told(self) -> Calls:
        return told(self._updates.all)

    def _run(self, one: Scheduled, timetable: Timetable, update: TripUpdate) -> dict[int, Expected]:
        name = (one.trip_id, one.start_date, one.start_time)
        if name not in self._runs:
            self._runs[name] = self._worked_out(one, timetable, update)
        return self._runs[name]

    def _worked_out(
        self, one: Scheduled, timetable: Timetable, update: TripUpdate
    ) -> dict[int, Expected]:
        trip = timetable.find_trip(one.trip_id, one.start_time)
        if trip is None:
            return {}
        start = day_start(one.start_date, timetable.timezone)
        stops = trip.stop_times
        found = propagated(stops, start, update)
        return {stop.stop_sequence: told for stop, told in zip(stops, found, strict=True)}


def _updated(
    one: Scheduled, city: str, line: Line, update: TripUpdate, expected: Expected
) -> Departure:
    made = _planned(one, city, line)
    made.stop_id = expected.assigned_stop_id or one.stop_id
    made.realtime_state = expected.state
    made.occupancy = expected.occupancy
    made.wheelchair_accessible = VEHICLES.get(update.wheelchair or "", made.wheelchair_accessible)
    if expected.state is RealtimeState.UPDATED:
        made.realtime = True
        made.expected_at = datetime.fromtimestamp(expected.departure, UTC)
        made.updated_at = update.said_at or update.feed_at
    return made


def _called(call: Call, city: str, line: Line, state: RealtimeState) -> Coming:
    tell = partial(_told, call, city, line, state)
    return Coming(call.departure, call.stop_id, call.route_id, state, False, tell)


def _told(call: Call, city: str, line: Line, state: RealtimeState) -> Departure:
    update, trip, route_id = call.update, call.trip, call.route_id
    planned = boarding(None if trip is None else trip.wheelchair_accessible)
    return Departure(
        city=city,
        stop_id=call.stop_id,
        destination_id=None,
        line=line(route_id) if route_id is not None else "",
        headsign=call.headsign,
        scheduled_at=None
        if call.scheduled is None
        else datetime.fromtimestamp(call.scheduled, UTC),
        expected_at=datetime.fromtimestamp(call.departure, UTC),
        realtime=call.realtime,
        at_stop=False,
        platform_code=None,
        updated_at=(update.said_at or update.feed_at) if call.realtime else None,
        realtime_state=state,
        wheelchair_accessible=VEHICLES.get(update.wheelchair or "", planned),
        occupancy=call.occupancy,
        route_id=route_id,
    )


def boarding(said: bool | None) -> WheelchairBoarding:
    """What a trip says of wheelchairs, in the schema's words."""
    return WheelchairBoarding.NO_INFORMATION if said is None else BOARDING[said]

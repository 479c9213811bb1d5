"""Real time: what a network says right now, laid over what it had planned.

Two ways of speaking, one result. SIRI lists vehicles at stops, with the time
each was planned for: that is how they are found in the timetable. GTFS-Realtime
speaks of trips, by the timetable's own ids.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from schema.accessibility import WheelchairBoarding
from schema.departures import Departure, RealtimeState
from schema.trips import TripOn
from sources.timetable import Scheduled, Timetable
from sources.timetable.service_days import day_start
from sources.updates import Call, Expected, TripUpdate, Updates, propagated

LATE = timedelta(minutes=45)  # how late a vehicle may be and still be looked for
BOARDING = {True: WheelchairBoarding.POSSIBLE, False: WheelchairBoarding.NOT_POSSIBLE}
Line = Callable[[str], str]  # what real time calls a route, by its GTFS id


def planned(one: Scheduled, city: str, line: Line) -> Departure:
    """A departure as the timetable has it."""
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


def seen(visits: Iterable[Departure], timetable: Iterable[Departure]) -> Iterator[Departure]:
    """The visits that SIRI lists, and what else the timetable has.

    What the timetable plans for before the first listed vehicle of the same line
    and destination has left already: the network has stopped listing it.
    """
    listed = list(visits)
    of_trip = {(one.stop_id, one.line, one.scheduled_at): one for one in listed}
    first: dict[tuple[str, str, str | None], datetime] = {}
    for one in listed:
        if one.scheduled_at is not None:
            way = (one.stop_id, one.line, one.headsign)
            first[way] = min(one.scheduled_at, first.get(way, one.scheduled_at))
    known: dict[int, Departure] = {}
    for plan in timetable:
        visit = of_trip.get((plan.stop_id, plan.line, plan.scheduled_at))
        if visit is not None:
            known[id(visit)] = plan
            continue
        began = first.get((plan.stop_id, plan.line, plan.headsign))
        if began is None or plan.expected_at >= began:
            yield plan
    for visit in listed:
        yield _visit(visit, known.get(id(visit)))


def _visit(visit: Departure, plan: Departure | None) -> Departure:
    """A visit with what the timetable knows besides, and what real time makes of it."""
    state = visit.realtime_state
    if state is not RealtimeState.CANCELED:
        on_plan = visit.scheduled_at is not None
        told = RealtimeState.UPDATED if on_plan else RealtimeState.ADDED
        state = told if visit.realtime else RealtimeState.SCHEDULED
    if plan is None:
        return replace(visit, realtime_state=state)
    return replace(
        visit,
        realtime_state=state,
        headsign=visit.headsign or plan.headsign,
        wheelchair_accessible=plan.wheelchair_accessible,
        trip_key=plan.trip_key,
        route_id=plan.route_id,
    )


class Runs:
    """What updates make of the timetable's trips: each run worked out once a snapshot."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._runs: dict[tuple[str, date, int], dict[int, Expected]] = {}

    def updated(self, one: Scheduled, timetable: Timetable, plan: Departure) -> Departure | None:
        """The departure as it is expected; None if it is over, or not to be told of at all."""
        update = self._updates.find(one)
        if update is None:
            return plan
        if update.hidden:
            return None
        expected = self._run(one, timetable, update).get(one.stop_sequence)
        if expected is None:
            return plan
        if expected.passed:
            return None
        realtime = expected.state is RealtimeState.UPDATED
        at = datetime.fromtimestamp(expected.departure, UTC)
        return replace(
            plan,
            expected_at=at if realtime else plan.expected_at,
            realtime=realtime,
            realtime_state=expected.state,
            updated_at=(update.said_at or update.feed_at) if realtime else None,
            occupancy=expected.occupancy,
        )

    def added(self, stop_ids: Iterable[str], city: str, line: Line) -> Iterator[Departure]:
        """What leaves besides the timetable's trips."""
        for stop_id in stop_ids:
            for call in self._updates.added_at(stop_id):
                yield _called(call, stop_id, city, line, RealtimeState.ADDED)

    def told(self, stop_ids: Iterable[str], city: str, line: Line) -> Iterator[Departure]:
        """What leaves as far as real time alone knows, where there is no timetable."""
        for stop_id in stop_ids:
            for call in self._updates.calls_at(stop_id):
                yield _called(call, stop_id, city, line, RealtimeState.UPDATED)

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


def _called(call: Call, stop_id: str, city: str, line: Line, state: RealtimeState) -> Departure:
    update = call.update
    return Departure(
        city=city,
        stop_id=stop_id,
        destination_id=None,
        line=line(update.route_id) if update.route_id is not None else "",
        headsign=update.headsign,
        scheduled_at=None,
        expected_at=datetime.fromtimestamp(call.departure, UTC),
        realtime=True,
        at_stop=False,
        platform_code=None,
        updated_at=update.said_at or update.feed_at,
        realtime_state=state,
        occupancy=call.stop.occupancy,
        route_id=update.route_id,
    )


def boarding(said: bool | None) -> WheelchairBoarding:
    """What a trip says of wheelchairs, in the schema's words."""
    return WheelchairBoarding.NO_INFORMATION if said is None else BOARDING[said]

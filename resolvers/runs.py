"""Runs: what GTFS-Realtime says of trips, at each of their stops."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial

from resolvers.realtime import BOARDING, EARLY, Coming, Lines, Plan, as_planned
from schema.accessibility import WheelchairBoarding
from schema.departures import Departure, RealtimeState
from sources.calls import Call, Calls, assigned, extra, told
from sources.collection import Collection
from sources.timetable import Scheduled, Timetable
from sources.timetable.layout import Array
from sources.timetable.service_days import day_start
from sources.updates import Expected, TripUpdate, Updates, propagated

LATE = timedelta(hours=1)  # how late a vehicle may be and still be looked for
# What a vehicle says goes before what was planned of it, even that it does not know.
VEHICLES = {
    "WHEELCHAIR_ACCESSIBLE": WheelchairBoarding.POSSIBLE,
    "WHEELCHAIR_INACCESSIBLE": WheelchairBoarding.NOT_POSSIBLE,
    "UNKNOWN": WheelchairBoarding.NO_INFORMATION,
}


class Runs(Plan):
    """What updates make of the timetable's trips; each run is worked out when asked for."""

    early = EARLY

    def __init__(
        self, updates: Collection[TripUpdate], city: str, timetable: Timetable, lines: Lines
    ) -> None:
        super().__init__(city, lines)
        self._updates = Updates(updates)
        self._timetable = timetable
        self._runs: dict[tuple[str, date, int], dict[int, Expected]] = {}
        self._expected: dict[Scheduled, Coming | None] = {}  # of what anything is said of

    def updated(self, row: Scheduled, stop_ids: Sequence[str]) -> Coming | None:
        one = self._of(row)
        if one is None or one.stop_id == row.stop_id or one.stop_id in stop_ids:
            return one
        return None

    def late(
        self, stop_ids: Sequence[str], start: datetime, time_range: timedelta
    ) -> Iterator[Coming]:
        begin = start - LATE
        for row in self._timetable.departures(stop_ids, begin, time_range=LATE, trips=self._trips):
            if (one := self.updated(row, stop_ids)) is not None:
                yield one
        sent = {way for stop_id in stop_ids for way in self._sent.get(stop_id, ())}
        quays = {stop_id for stop_id, _ in sent}.difference(stop_ids)
        if quays:
            trips = self._timetable.trips_named({trip_id for _, trip_id in sent})
            for row in self._timetable.departures(
                quays, begin, time_range=LATE + time_range + EARLY, trips=trips
            ):
                one = self._of(row) if (row.stop_id, row.trip_id) in sent else None
                if one is not None and one.stop_id in stop_ids:
                    yield one

    def besides(self, stop_ids: Sequence[str]) -> Iterator[Coming]:
        return _coming(self._extra, stop_ids, RealtimeState.ADDED, self._city, self._lines)

    def _of(self, row: Scheduled) -> Coming | None:
        """The departure as it is expected; None if it is over, or not to be told of at all."""
        if row not in self._expected:
            update = self._updates.find(row)
            if update is None:
                return self._planned(row)  # as most are, and as quickly made as found again
            self._expected[row] = self._worked_out(row, update)
        return self._expected[row]

    def _worked_out(self, row: Scheduled, update: TripUpdate) -> Coming | None:
        if update.hidden:
            return None
        expected = self._run(row, update).get(row.stop_sequence)
        if expected is None:
            return self._planned(row)
        if expected.passed:
            return None
        return Coming(
            expected.departure if expected.state is RealtimeState.UPDATED else row.instant,
            expected.assigned_stop_id or row.stop_id,
            row.route_id,
            expected.state,
            False,
            partial(_updated, row, self._city, self._lines, update, expected),
        )

    def _run(self, row: Scheduled, update: TripUpdate) -> Mapping[int, Expected]:
        """What is expected of a trip, by `stop_sequence`; its stops share it."""
        name = (row.trip_id, row.start_date, row.start_time)
        found = self._runs.get(name)
        if found is None:
            trip = self._timetable.find_trip(row.trip_id, row.start_time)
            stops = [] if trip is None else trip.stop_times
            start = day_start(row.start_date, self._timetable.timezone)
            told = zip(stops, propagated(stops, start, update), strict=True)
            found = self._runs[name] = {stop.stop_sequence: one for stop, one in told}
        return found

    @cached_property
    def _trips(self) -> Array | None:
        """The only ones that anything is said of, as `Timetable.departures` takes them.

        None if that cannot be told: some updates name a route and a time instead of a trip.
        """
        names = {update.trip_id for update in self._updates.all}
        return None if None in names else self._timetable.trips_named(filter(None, names))

    @cached_property
    def _extra(self) -> Calls:
        return extra(self._updates.all, self._timetable)

    @cached_property
    def _sent(self) -> Mapping[str, set[tuple[str, str]]]:
        """By the quay that trips are sent to today: the planned quay and the trip of each."""
        return assigned(self._updates.all, self._timetable)


class Alone(Plan):
    """What updates tell where there is no timetable: what leaves as far as they know."""

    def __init__(self, updates: Collection[TripUpdate], city: str, lines: Lines) -> None:
        super().__init__(city, lines)
        self._calls = told(updates.items)

    def besides(self, stop_ids: Sequence[str]) -> Iterator[Coming]:
        return _coming(self._calls, stop_ids, RealtimeState.UPDATED, self._city, self._lines)


def _updated(
    row: Scheduled, city: str, lines: Lines, update: TripUpdate, expected: Expected
) -> Departure:
    made = as_planned(row, city, lines)
    made.stop_id = expected.assigned_stop_id or row.stop_id
    made.realtime_state = expected.state
    made.occupancy = expected.occupancy
    made.wheelchair_accessible = VEHICLES.get(update.wheelchair or "", made.wheelchair_accessible)
    if expected.state is RealtimeState.UPDATED:
        made.realtime = True
        made.expected_at = datetime.fromtimestamp(expected.departure, row.timezone)
        made.updated_at = update.said_at or update.feed_at
    return made


def _coming(
    calls: Calls, stop_ids: Iterable[str], state: RealtimeState, city: str, lines: Lines
) -> Iterator[Coming]:
    for stop_id in stop_ids:
        for call in calls.get(stop_id, ()):
            tell = partial(_told, call, city, lines, state)
            yield Coming(call.departure, call.stop_id, call.route_id, state, False, tell)


def _told(call: Call, city: str, lines: Lines, state: RealtimeState) -> Departure:
    update, trip, route_id = call.update, call.trip, call.route_id
    planned = BOARDING[None if trip is None else trip.wheelchair_accessible]
    return Departure(
        city=city,
        stop_id=call.stop_id,
        destination_id=None,
        line=lines.get(route_id, route_id) if route_id is not None else "",
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

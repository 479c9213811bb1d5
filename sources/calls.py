"""Calls: what leaves a stop although the timetable does not have it leave there.

https://gtfs.org/documentation/realtime/reference/#enum-schedulerelationship-1

ADDED and NEW trips tell their stops and times themselves; so do UNSCHEDULED ones of which the
timetable has nothing. A DUPLICATED trip is one of the timetable on another day or at another
hour. A REPLACEMENT may stop where the trip that it replaces does not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from schema.departures import OccupancyStatus, RealtimeState
from sources.timetable import Timetable, Trip
from sources.timetable.service_days import day_start
from sources.updates import TripUpdate, leaving, matched, propagated

NOT_HERE = 1  # GTFS: nobody boards


class Call(NamedTuple):
    """A trip at a stop that it leaves; instants are seconds since 1970.

    `scheduled` is None where nobody says; `realtime` is whether `departure` is a prediction.
    """

    update: TripUpdate
    stop_id: str
    scheduled: int | None
    departure: int
    realtime: bool
    occupancy: OccupancyStatus | None
    trip: Trip | None = None  # of the timetable, if it runs as that one does

    @property
    def route_id(self) -> str | None:
        return self.update.route_id or (self.trip.route_id if self.trip else None)

    @property
    def headsign(self) -> str | None:
        return self.update.headsign or (self.trip.headsign if self.trip else None)


Calls = Mapping[str, Sequence[Call]]  # by stop


def told(updates: Iterable[TripUpdate]) -> Calls:
    """All calls whose times are told: what there is without a timetable."""
    return _by_stop(call for update in updates for call in _told(update))


def extra(updates: Iterable[TripUpdate], timetable: Timetable) -> Calls:
    """The calls that the timetable does not have."""
    updates = list(updates)
    # Some producers say DUPLICATED and, for readers that do not know the word, ADDED as well.
    copied = {
        one
        for update in updates
        if update.relationship == "DUPLICATED"
        for one in (update.trip_id, update.copy_id)
        if one is not None
    }
    return _by_stop(
        call
        for update in updates
        if not (update.relationship == "ADDED" and update.trip_id in copied)
        for call in _extra(update, timetable)
    )


def assigned(
    updates: Iterable[TripUpdate], timetable: Timetable
) -> Mapping[str, set[tuple[str, str]]]:
    """By the quay that a trip is sent to: the quay it was planned for, and the trip."""
    found: dict[str, set[tuple[str, str]]] = {}
    for update in updates:
        if any(stop.assigned_stop_id for stop in update.stops):
            trip = _find_trip(update, timetable)
            stops = trip.stop_times if trip is not None else []
            for place, stop in matched(stops, update).items():
                if trip is not None and stop.assigned_stop_id not in (None, stops[place].stop_id):
                    way = (stops[place].stop_id, trip.trip_id)
                    found.setdefault(str(stop.assigned_stop_id), set()).add(way)
    return found


def _extra(update: TripUpdate, timetable: Timetable) -> Iterable[Call]:
    match update.relationship:
        case "ADDED" | "NEW":
            return _told(update)
        case "DUPLICATED":
            return _copy(update, timetable)
        case "REPLACEMENT":
            trip = _find_trip(update, timetable)
            planned = {stop.stop_id for stop in trip.stop_times} if trip else set()
            return (call for call in _told(update) if call.stop_id not in planned)
        case "UNSCHEDULED" if update.trip_id is None or not timetable.find_trip(update.trip_id):
            return _told(update)
    return ()


def _told(update: TripUpdate) -> Iterator[Call]:
    for stop, at in leaving(update):
        quay = stop.assigned_stop_id or str(stop.stop_id)
        yield Call(update, quay, stop.scheduled, at, True, stop.occupancy)


def _copy(update: TripUpdate, timetable: Timetable) -> Iterator[Call]:
    """A trip of the timetable at another time, and what is predicted of it."""
    trip = _find_trip(update, timetable)
    if trip is None or update.copy_date is None or update.copy_time is None:
        yield from _told(update)
        return
    later = update.copy_time - trip.stop_times[0].departure_time
    start = day_start(update.copy_date, timetable.timezone)
    planned = [
        stop._replace(
            arrival_time=stop.arrival_time + later, departure_time=stop.departure_time + later
        )
        for stop in trip.stop_times
    ]
    expected = propagated(planned, start, update)
    for stop, one in list(zip(planned, expected, strict=True))[:-1]:
        stops_here = one.state is not RealtimeState.SKIPPED and stop.pickup_type != NOT_HERE
        if stops_here and not one.passed:
            yield Call(
                update,
                one.assigned_stop_id or stop.stop_id,
                start + stop.departure_time,
                one.departure,
                one.state is RealtimeState.UPDATED,
                one.occupancy,
                trip,
            )


def _find_trip(update: TripUpdate, timetable: Timetable) -> Trip | None:
    """The trip of the timetable that the update names; of several runs a day any."""
    return None if update.trip_id is None else timetable.find_trip(update.trip_id)


def _by_stop(calls: Iterable[Call]) -> Calls:
    found: dict[str, list[Call]] = {}
    for call in calls:
        found.setdefault(call.stop_id, []).append(call)
    return found

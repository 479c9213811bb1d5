"""Departures: what leaves next, out of SIRI stop monitoring or GTFS-Realtime trip updates.

Networks that speak SIRI also list the trips that end at a stop, and go on
repeating predictions that they made hours ago: the first are no departures, the
second no real time.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from schema.departures import Departure, OccupancyStatus, RealtimeState
from sources.collection import Collection
from sources.reading import doubted, reads
from sources.row import LATEST, Row
from sources.timetable import Timetable
from sources.timetable.service_days import find_date
from sources.updates import EXTRA, StopUpdate, TripUpdate

# In Nantes at 22:05 a bus due at 22:23 was said to leave at 22:12, as it was at 20:12: nobody
# had looked since. Buses on their way are looked at every minute or few.
STALE_AFTER = timedelta(minutes=30)
CANCELED = {"cancelled", "canceled"}
OCCUPANCIES = OccupancyStatus.__members__


@reads(
    Departure,
    "stop line destination headsign headsign_fallback scheduled expected scheduled_arrival "
    "expected_arrival recorded answered status at_stop monitored platform",
)
def departure(row: Row) -> Departure | None:
    """One visit; None where the trip ends, ValueError without any time."""
    stop, destination = row.text("stop"), row.find_text("destination")
    if destination == stop:
        return None
    canceled = (row.find_text("status") or "").casefold() in CANCELED
    scheduled = row.find_instant("scheduled") or row.find_instant("scheduled_arrival")
    predicted = row.find_instant("expected") or row.find_instant("expected_arrival")
    expected = predicted or scheduled
    if expected is None:
        raise ValueError("neither a scheduled nor an expected time")
    recorded, answered = row.find_instant("recorded"), row.find_instant("answered")
    stale = recorded is not None and answered is not None and answered - recorded > STALE_AFTER
    realtime = (
        predicted is not None
        and not canceled
        and row.find_flag("monitored") is not False
        and not stale
    )
    return Departure(
        city=row.city.slug,
        stop_id=stop,
        destination_id=destination,
        line=row.text("line"),
        headsign=row.find_text("headsign") or row.find_text("headsign_fallback"),
        scheduled_at=scheduled,
        expected_at=expected if realtime else scheduled or expected,
        realtime=realtime,
        at_stop=row.find_flag("at_stop") is True and not stale,
        platform_code=row.find_text("platform"),
        updated_at=recorded if realtime else None,
        realtime_state=RealtimeState.CANCELED if canceled else RealtimeState.SCHEDULED,
    )


class _Matched:
    """Whether any trip of a snapshot of updates is in a timetable: found out once for each."""

    def __init__(self, updates: Collection[TripUpdate]) -> None:
        self.trips = {
            one.trip_id
            for one in updates.items
            if one.trip_id is not None and one.relationship not in EXTRA
        }
        self._of: tuple[Timetable, bool] | None = None

    def by(self, timetable: Timetable) -> bool:
        if self._of is None or self._of[0] is not timetable:
            self._of = timetable, bool(timetable.trips_named(self.trips).any())
        return self._of[1]


@doubted(TripUpdate)
def _unmatched(
    updates: Collection[TripUpdate],
    _: object,
    held: Callable[[type], Collection[Timetable] | None],
) -> str | None:
    """Real time of another edition, or of another network: riders get the plan."""
    timetables, matched = held(Timetable), updates.derived(_Matched)
    if timetables is None or not matched.trips or matched.by(timetables.items[0]):
        return None
    return f"none of its {len(matched.trips)} trips is in the timetable"


@reads(
    TripUpdate,
    "trip.trip_id trip.route_id trip.direction_id trip.start_date trip.start_time "
    "trip.schedule_relationship delay stop_time_update trip_properties.trip_headsign "
    "trip_properties.trip_id trip_properties.start_date trip_properties.start_time vehicle.id "
    "vehicle.wheelchair_accessible timestamp header.timestamp",
    part="updates",
)
def trip_update(row: Row) -> TripUpdate:
    """One update, under the names of GTFS-Realtime; ValueError if it does not say of which trip."""
    trip_id, route_id = row.find_text("trip.trip_id"), row.find_text("trip.route_id")
    if trip_id is None and route_id is None:
        raise ValueError("neither a trip nor a route")
    direction, delay = row.find_number("trip.direction_id"), row.find_number("delay")
    return TripUpdate(
        trip_id=trip_id,
        route_id=route_id,
        direction_id=None if direction is None else int(direction),
        start_date=row.find_day("trip.start_date"),
        start_time=_seconds(row.find_text("trip.start_time")),
        relationship=row.find_text("trip.schedule_relationship") or "SCHEDULED",
        delay=None if delay is None else int(delay),
        stops=tuple(_stop_update(one) for one in row.find("stop_time_update") or ()),
        headsign=row.find_text("trip_properties.trip_headsign"),
        vehicle_id=row.find_text("vehicle.id"),
        wheelchair=row.find_text("vehicle.wheelchair_accessible"),
        said_at=row.find_instant("timestamp"),
        feed_at=row.find_instant("header.timestamp"),
        copy_id=row.find_text("trip_properties.trip_id"),
        copy_date=find_date(row.find_text("trip_properties.start_date")),
        copy_time=_seconds(row.find_text("trip_properties.start_time")),
    )


def _stop_update(said: Mapping[str, Any]) -> StopUpdate:
    arrival, departure = said.get("arrival", {}), said.get("departure", {})
    properties = said.get("stop_time_properties", {})
    return StopUpdate(
        stop_sequence=said.get("stop_sequence"),
        stop_id=said.get("stop_id") or None,
        arrival=_instant(arrival, "time"),
        departure=_instant(departure, "time"),
        arrival_delay=arrival.get("delay"),
        departure_delay=departure.get("delay"),
        relationship=said.get("schedule_relationship", "SCHEDULED"),
        occupancy=OCCUPANCIES.get(said.get("departure_occupancy_status", "")),
        scheduled=_instant(departure, "scheduled_time") or _instant(arrival, "scheduled_time"),
        assigned_stop_id=properties.get("assigned_stop_id") or None,
    )


def _instant(event: Mapping[str, Any], name: str) -> int | None:
    """Seconds since 1970; None if it is of no time that a bus could run at."""
    at: int = event.get(name, 0)  # 0 is what nobody filled in
    return at if 0 < at < LATEST else None


def _seconds(time: str | None) -> int | None:
    """`25:10:00` as seconds since the service day began."""
    found = re.fullmatch(r"(\d{1,3}):(\d\d)(?::(\d\d))?", time or "", re.ASCII)
    if found is None:
        return None
    return 3600 * int(found[1]) + 60 * int(found[2]) + int(found[3] or 0)

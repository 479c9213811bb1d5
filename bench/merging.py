"""Merging: real time laid over a large timetable, as `bench.timetable` asks it.

All that runs on one morning is said to be late, in both ways of speaking: SIRI's
visits at stops, and GTFS-Realtime's updates of trips. Then stations are asked for
their next ten departures, each the first time after the news and again.
"""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from resolvers.departures import Network, _next, _told
from resolvers.realtime import Runs
from schema.departures import Departure, DeparturesAt
from sources.collection import Collection
from sources.timetable import Scheduled, Timetable
from sources.updates import StopUpdate, TripUpdate, Updates

AHEAD, BEHIND = timedelta(minutes=40), timedelta(minutes=10)


def networks(timetable: Timetable, start: datetime) -> dict[str, Network]:
    """What there is to merge, by the way of speaking."""
    lot = random.Random(11)
    rows = timetable.departures(
        timetable.manifest.stops, start - BEHIND, first=10**6, time_range=BEHIND + AHEAD
    )
    late = {one.trip_id: timedelta(seconds=lot.randrange(-60, 480)) for one in rows}
    visits: dict[str, list[Departure]] = {}
    for one in rows:
        if one.departure_time + late[one.trip_id] >= start:
            visits.setdefault(one.stop_id, []).append(_visit(one, late[one.trip_id], start))
    updates = [_update(one, late[one.trip_id], start) for one in _once(rows)]
    print(f"{sum(map(len, visits.values())):,} visits, {len(updates):,} updates")
    runs = Runs(Updates(Collection(None, tuple(updates), 0, start)))  # type: ignore[arg-type]
    return {
        "the timetable alone": _network(timetable),
        "SIRI": _network(timetable, visits=visits),
        "GTFS-Realtime": _network(timetable, runs=runs),
    }


def question(
    network: Network, stop_id: str, stop_ids: list[str], start: datetime
) -> Callable[[], list[Departure]]:
    """The next ten departures of a stop as a citizen is told them."""
    key = DeparturesAt("nantes", stop_id, 10)
    return lambda: [_told(network, one, start.tzinfo) for one in _next(network, key, stop_ids, start)]


def _network(timetable: Timetable, visits=None, runs=None) -> Network:  # type: ignore[no-untyped-def]
    return Network("nantes", lambda route: route, lambda _: None, timetable, visits, runs)


def _once(rows: Iterable[Scheduled]) -> Iterable[Scheduled]:
    return {one.trip_id: one for one in rows}.values()


def _visit(one: Scheduled, late: timedelta, now: datetime) -> Departure:
    return Departure(
        city="nantes",
        stop_id=one.stop_id,
        destination_id=None,
        line=one.route_id,
        headsign=one.headsign,
        scheduled_at=one.departure_time,
        expected_at=one.departure_time + late,
        realtime=True,
        at_stop=False,
        platform_code=None,
        updated_at=now,
    )


def _update(one: Scheduled, late: timedelta, now: datetime) -> TripUpdate:
    """How late a trip is from the stop on at which it was met."""
    seconds = int(late.total_seconds())
    return TripUpdate(
        trip_id=one.trip_id,
        route_id=one.route_id,
        direction_id=None,
        start_date=one.start_date,
        start_time=None,
        relationship="SCHEDULED",
        delay=seconds,
        stops=(StopUpdate(stop_sequence=one.stop_sequence, departure_delay=seconds),),
        headsign=None,
        vehicle_id=None,
        wheelchair=None,
        said_at=now.astimezone(UTC),
        feed_at=now.astimezone(UTC),
    )

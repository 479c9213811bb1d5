"""Merging: real time laid over the timetable that `bench.timetable` asks.

All that runs on one morning is said to be late, in both ways of speaking: SIRI's
visits at stops, and GTFS-Realtime's updates of trips. Asked are the next ten
departures of stations, as citizens are told them: the first time after the news,
for which trips are worked out that all their stops share, and again.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from time import thread_time
from typing import Any
from zoneinfo import ZoneInfo

from resolvers.departures import Network, _next, _told
from resolvers.realtime import Plan
from resolvers.runs import Runs
from resolvers.visits import Visits
from schema.departures import Departure, DeparturesAt
from sources.collection import Collection
from sources.timetable import Scheduled, Timetable
from sources.updates import StopUpdate, TripUpdate

START = datetime(2026, 5, 12, 8, 12, tzinfo=ZoneInfo("Europe/Paris"))
AHEAD, BEHIND = timedelta(minutes=40), timedelta(minutes=10)  # real time is known for so long
TRIES = 5

Times = dict[int, list[tuple[float, float]]]  # by a station's live departures: first, and best


def ask(timetable: Timetable, stations: Iterable[str]) -> Iterator[tuple[str, Times]]:
    """Microseconds of processor time for each station's question, by the way of speaking."""
    of_station: dict[str, list[str]] = {}
    for stop, parent in zip(timetable.manifest.stops, timetable.manifest.parents, strict=True):
        of_station.setdefault(timetable.manifest.stops[parent], []).append(stop)
    stations = list(stations)
    networks, live = _networks(timetable)
    for name, network in networks.items():
        found: Times = {}
        for station in stations:
            key, stop_ids = DeparturesAt("nantes", station, 10), of_station[station]
            taken = []
            for _ in range(TRIES):
                begun = thread_time()
                for one in _next(network, key, stop_ids, START):
                    _told(network, one, timetable.timezone)
                taken.append((thread_time() - begun) * 1e6)
            many = sum(live.get(stop_id, 0) for stop_id in stop_ids)
            found.setdefault(many, []).append((taken[0], min(taken)))
        yield name, found


def _networks(timetable: Timetable) -> tuple[dict[str, Network], dict[str, int]]:
    """What there is to merge, by the way of speaking, and how many departures are live by stop."""
    lot = random.Random(11)
    stops = timetable.manifest.stops
    rows = list(timetable.departures(stops, START - BEHIND, time_range=BEHIND + AHEAD))
    late = {one.trip_id: timedelta(seconds=lot.randrange(-60, 480)) for one in rows}
    visits: dict[str, list[Departure]] = {}
    for one in rows:
        if one.departure_time + late[one.trip_id] >= START:
            visits.setdefault(one.stop_id, []).append(_visit(one, late[one.trip_id]))
    trips = {one.trip_id: one for one in rows}.values()
    updates = tuple(_update(one, late[one.trip_id]) for one in trips)
    nothing: Any = None  # asks where they come from
    runs = Runs(Collection(nothing, updates, 0, START), "nantes", timetable, {})
    plans = {
        "the plan alone": Plan("nantes", {}),
        "SIRI": Visits(visits, "nantes", timetable, {}),
        "GTFS-Realtime": runs,
    }
    networks = {
        name: Network(lambda _: None, lambda *_: None, timetable, plan)
        for name, plan in plans.items()
    }
    return networks, {stop_id: len(of_stop) for stop_id, of_stop in visits.items()}


def _visit(one: Scheduled, late: timedelta) -> Departure:
    return Departure(
        city="nantes",
        stop_id=one.stop_id,
        destination_id=None,
        line=one.route_id,
        headsign=one.headsign,
        scheduled_at=one.departure_time.astimezone(UTC),
        expected_at=one.departure_time.astimezone(UTC) + late,
        realtime=True,
        at_stop=False,
        platform_code=None,
        updated_at=START,
    )


def _update(one: Scheduled, late: timedelta) -> TripUpdate:
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
        said_at=START.astimezone(UTC),
        feed_at=START.astimezone(UTC),
    )

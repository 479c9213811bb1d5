"""The truth: what the files and real-time answers of both cities say together, and nothing else.

The reader here is slow and obvious: it walks every trip of the file from its first stop on.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage, TripDescriptor, TripUpdate

from sandbox.outside import MECATRAN, MECATRAN_KEY
from sandbox.timetable import DOORS_S, HORIZON_S, PARIS, day_begins
from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, Tables, in_memory, realtime, tables

FEEDS = f"{MECATRAN}/gtfsfeed"
SKIPPED, NO_DATA = TripUpdate.StopTimeUpdate.SKIPPED, TripUpdate.StopTimeUpdate.NO_DATA
MOMENTS = {
    "noon": NOON,
    "half past": NOON + timedelta(minutes=30),
    "one": NOON + timedelta(hours=1),
    "after midnight": datetime(2026, 11, 24, 23, 20, tzinfo=UTC),
    "night of a new issue": datetime(2026, 11, 30, 23, 20, tzinfo=UTC),
    "saturday": datetime(2026, 11, 28, 17, tzinfo=UTC),
    "holiday": datetime(2026, 11, 11, 9, tzinfo=UTC),
    "the clocks change": datetime(2026, 10, 25, 5, tzinfo=UTC),
}
# Quinconces, Victoire (skipped), Mériadeck (canceled), Belcier (tailback, added), a terminus
QUAYS = ("3684", "3689", "3720", "3618", "3756", "3747", "3754", "3600")


class Told(NamedTuple):
    """What can be known of one departure; instants in seconds."""

    trip: str
    aimed: float | None
    expected: float | None
    state: str


class Trip(NamedTuple):
    """A trip of the file: the service it runs on and its calls, in seconds of the service day."""

    route: str
    service: str
    calls: list[tuple[str, int]]


@pytest.fixture(scope="module")
def trips(world: World) -> dict[str, Trip]:
    """Those of Bordeaux' file by id; a blank time is half-way between its neighbours."""
    feed = static(in_memory(world))
    found = {
        trip["trip_id"]: Trip(trip["route_id"], trip["service_id"], []) for trip in feed["trips"]
    }
    rows = feed["stop_times"]
    for index, row in enumerate(rows):
        time = seconds(row["departure_time"] or "0:0:0")
        if not row["departure_time"]:
            before, after = rows[index - 1], rows[index + 1]
            assert before["trip_id"] == row["trip_id"] == after["trip_id"]
            time = (seconds(before["departure_time"]) + seconds(after["departure_time"])) // 2
        found[row["trip_id"]].calls.append((row["stop_id"], time))
    return found


def static(ask: Ask, *wanted: str) -> Tables:
    return tables(ask("GET", f"{FEEDS}/static/bordeaux", params={"apiKey": MECATRAN_KEY}), *wanted)


def active(feed: Tables, day: date) -> set[str]:
    """The services of a day."""
    found = {
        row["service_id"]
        for row in feed["calendar"]
        if row["start_date"] <= f"{day:%Y%m%d}" <= row["end_date"]
        and row[f"{day:%A}".lower()] == "1"
    }
    for row in feed["calendar_dates"]:
        if row["date"] == f"{day:%Y%m%d}":
            (found.add if row["exception_type"] == "1" else found.discard)(row["service_id"])
    return found


def seconds(time: str) -> int:
    """A GTFS time."""
    hours, minutes, rest = map(int, time.split(":"))
    return 3600 * hours + 60 * minutes + rest


def departures(
    trips: dict[str, Trip], calendar: Tables, message: FeedMessage, now: datetime
) -> dict[str, set[Told]]:
    """What leaves each stop within the hour, by the timetable and its updates."""
    updates = {
        (entity.trip_update.trip.trip_id, entity.trip_update.trip.start_date): entity.trip_update
        for entity in message.entity
    }
    found: defaultdict[str, set[Told]] = defaultdict(set)
    instant = now.timestamp()

    def tell(stop: str, told: Told) -> None:
        due = told.aimed if told.expected is None else told.expected
        if due is not None and -DOORS_S <= due - instant <= HORIZON_S:
            found[stop].add(told)

    today = now.astimezone(PARIS).date()
    for day in (today - timedelta(days=1), today):
        services, begins = active(calendar, day), day_begins(day)
        for name, trip in trips.items():
            first, last = begins + trip.calls[0][1], begins + trip.calls[-1][1]
            if trip.service not in services or not first - 7200 < instant < last + 7200:
                continue
            update = updates.get((name, f"{day:%Y%m%d}"), TripUpdate())
            canceled = update.trip.schedule_relationship == TripDescriptor.CANCELED
            by_order = {one.stop_sequence: one for one in update.stop_time_update}
            delay: int | None = None
            for order, (stop, time) in enumerate(trip.calls[:-1], start=1):
                aimed = begins + time
                state, expected = "CANCELED" if canceled else "SCHEDULED", None
                if one := by_order.get(order):
                    assert one.stop_id in (stop, "")
                    if one.schedule_relationship == SKIPPED:
                        state = "SKIPPED"
                    elif one.schedule_relationship == NO_DATA:
                        delay = None
                    elif one.departure.time:
                        delay = int(one.departure.time - aimed)
                    else:
                        delay = one.departure.delay
                if delay is not None and state == "SCHEDULED":
                    expected = aimed + delay
                tell(stop, Told(name, aimed, expected, state))
    for update in updates.values():
        if update.trip.schedule_relationship == TripDescriptor.ADDED:
            for one in update.stop_time_update[:-1]:
                due = float(one.departure.time)
                tell(one.stop_id, Told(update.trip.trip_id, None, due, "ADDED"))
    return found


def truth(world: World, quay: str, now: datetime) -> set[Told]:
    """The same as the world knows it; nobody publishes when an added trip was aimed to leave."""
    return {
        Told(
            one.trip_id,
            None if one.added else one.aimed.timestamp(),
            one.expected and one.expected.timestamp(),
            "CANCELED"
            if one.canceled
            else "SKIPPED"
            if one.skipped
            else "ADDED"
            if one.added
            else "SCHEDULED",
        )
        for one in world.truth(quay, now)
    }


@pytest.mark.parametrize("now", MOMENTS.values(), ids=MOMENTS)
def test_the_file_and_its_updates_tell_the_truth(trips: dict[str, Trip], now: datetime) -> None:
    world = World(lambda: now)
    ask = in_memory(world)
    calendar = static(ask, "calendar", "calendar_dates")
    found = departures(trips, calendar, realtime(ask, "realtime"), now)
    for quay in QUAYS:
        assert found[quay] == truth(world, quay, now)
        assert found[quay], "it is no hour without a tram"


def test_all_that_can_happen_happens(world: World) -> None:
    states = {
        told.state
        for minutes in range(0, 60, 15)
        for quay in QUAYS
        for told in truth(world, quay, NOON + timedelta(minutes=minutes))
    }
    assert states == {"SCHEDULED", "CANCELED", "SKIPPED", "ADDED"}
    lost = world.truth("3618", NOON)
    assert sum(one.canceled for one in lost) == 1, "one an hour"
    assert len(lost) > 10
    assert sum(one.added for one in world.truth("3747", NOON)) == 1


def test_ids_are_those_of_the_file(ask: Ask, trips: dict[str, Trip]) -> None:
    stops = {stop for trip in trips.values() for stop, _ in trip.calls}
    for entity in realtime(ask, "realtime").entity:
        told = entity.trip_update.trip
        if told.schedule_relationship == TripDescriptor.ADDED:
            assert told.trip_id not in trips
        else:
            assert trips[told.trip_id].route == told.route_id
        assert {one.stop_id for one in entity.trip_update.stop_time_update} <= stops | {""}


@pytest.mark.parametrize("now", [NOON, MOMENTS["after midnight"]])
def test_siri_lite_is_the_truth(now: datetime) -> None:
    world = World(lambda: now)
    ask = in_memory(world)

    def told(visit: dict[str, Any]) -> Told:
        journey = visit["MonitoredVehicleJourney"]
        call = journey["MonitoredCall"]
        trip = journey["FramedVehicleJourneyRef"]["DatedVehicleJourneyRef"].split(":")[2]
        expected = call.get("ExpectedDepartureTime")
        return Told(
            trip,
            datetime.fromisoformat(call["AimedDepartureTime"]).timestamp(),
            expected and datetime.fromisoformat(expected).timestamp(),
            call.get("DepartureStatus", "") if not expected else "",
        )

    for quay in QUAYS:
        ref = f"bordeaux:StopPoint:BP:{quay}:LOC"
        params = {"AccountKey": MECATRAN_KEY, "MonitoringRef": ref}
        url = f"{MECATRAN}/siri/2.0/bordeaux/stop-monitoring.json"
        said = ask("GET", url, params=params).json()["Siri"]["ServiceDelivery"]
        listed = {
            told(visit)
            for visit in said["StopMonitoringDelivery"][0]["MonitoredStopVisit"]
            if visit["MonitoredVehicleJourney"]["DestinationRef"] != visit["MonitoringRef"]
        }
        assert listed == {
            Told(
                one.trip_id,
                one.aimed.timestamp(),
                one.expected and one.expected.timestamp(),
                "cancelled" if one.canceled or one.skipped else "",
            )
            for one in world.truth(ref, now)
        }


@pytest.mark.parametrize("now", [NOON, MOMENTS["night of a new issue"]])
def test_nantes_has_every_trip_of_its_real_time_in_its_file(now: datetime) -> None:
    world = World(lambda: now)
    url = "/data.nantesmetropole.fr/api/explore/v2.1/catalog/datasets"
    url += "/244400404_transports_commun_naolib_nantes_metropole_gtfs"
    url += "/files/0cc0469a72de54ee045cb66d1a21de9e"
    feed = tables(in_memory(world)("GET", url), "trips", "stop_times", "calendar", "calendar_dates")
    aimed = {
        (row["trip_id"], int(row["stop_sequence"])): (row["stop_id"], row["departure_time"])
        for row in feed["stop_times"]
    }
    services = {trip["trip_id"]: trip["service_id"] for trip in feed["trips"]}
    visits = list(world.visits(world.nantes, now))
    assert len(visits) > 500
    for visit in visits:
        stop, time = aimed[visit.trip.id, visit.order]
        assert stop == visit.quay.id
        assert day_begins(visit.trip.day) + seconds(time) == visit.aimed.timestamp()
        assert services[visit.trip.id] in active(feed, visit.trip.day)

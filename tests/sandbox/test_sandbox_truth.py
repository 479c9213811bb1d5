"""The truth: what the files and real-time answers of both cities say together, and nothing else.

The reader here is slow and obvious: it walks every trip of the file from its first stop on.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from google.transit.gtfs_realtime_pb2 import Alert, FeedMessage, TripDescriptor, TripUpdate

from sandbox.app import MECATRAN, MECATRAN_KEY
from sandbox.timetable import DOORS_S, HORIZON_S, PARIS, day_begins
from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, Tables, in_memory, tables

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
QUAYS = ("3684", "3689", "3618", "3756", "3747", "3754", "3600")


class Told(NamedTuple):
    """What can be known of one departure; instants in seconds."""

    trip: str
    aimed: float | None
    expected: float | None
    state: str


@pytest.fixture(scope="module")
def feeds(world: World) -> dict[date, Tables]:
    """Bordeaux' file of each month that a moment is in."""
    moving = World()
    ask = in_memory(moving)
    found = {}
    for now in MOMENTS.values():
        month = now.astimezone(PARIS).date().replace(day=1)
        if month not in found:
            moving.set_to = now
            answer = ask("GET", f"{FEEDS}/static/bordeaux", params={"apiKey": MECATRAN_KEY})
            found[month] = tables(answer)
    return found


def at(now: datetime) -> Ask:
    return in_memory(World(lambda: now))


def realtime(ask: Ask, name: str) -> FeedMessage:
    answer = ask("GET", f"{FEEDS}/{name}/bordeaux", params={"apiKey": MECATRAN_KEY})
    assert answer.headers["content-type"] == "application/x-protobuf"
    return FeedMessage.FromString(answer.content)


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


def seconds(time: str) -> int | None:
    """A GTFS time; None if it is blank."""
    if not time:
        return None
    hours, minutes, rest = map(int, time.split(":"))
    return 3600 * hours + 60 * minutes + rest


def planned(feed: Tables, day: date) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Every trip of a day with its calls: a blank time is half-way between its neighbours."""
    services = active(feed, day)
    wanted = {trip["trip_id"] for trip in feed["trips"] if trip["service_id"] in services}
    by_trip = defaultdict(list)
    for row in feed["stop_times"]:
        if row["trip_id"] in wanted:
            by_trip[row["trip_id"]].append((row["stop_id"], seconds(row["departure_time"])))
    for trip, calls in by_trip.items():
        timed = []
        for index, (stop, time) in enumerate(calls):
            if time is None:
                before, after = calls[index - 1][1], calls[index + 1][1]
                assert before is not None
                assert after is not None
                time = (before + after) // 2
            timed.append((stop, day_begins(day) + time))
        yield trip, timed


def departures(feed: Tables, message: FeedMessage, now: datetime) -> dict[str, set[Told]]:
    """What leaves each stop within the hour, by the timetable and its updates."""
    updates = {
        (entity.trip_update.trip.trip_id, entity.trip_update.trip.start_date): entity.trip_update
        for entity in message.entity
    }
    found: defaultdict[str, set[Told]] = defaultdict(set)

    def tell(stop: str, told: Told) -> None:
        due = told.aimed if told.expected is None else told.expected
        if due is not None and -DOORS_S <= due - now.timestamp() <= HORIZON_S:
            found[stop].add(told)

    today = now.astimezone(PARIS).date()
    for day in (today - timedelta(days=1), today):
        for trip, calls in planned(feed, day):
            update = updates.get((trip, f"{day:%Y%m%d}"), TripUpdate())
            canceled = update.trip.schedule_relationship == TripDescriptor.CANCELED
            by_order = {one.stop_sequence: one for one in update.stop_time_update}
            delay: int | None = None
            for order, (stop, aimed) in enumerate(calls[:-1], start=1):
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
                tell(stop, Told(trip, aimed, expected, state))
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
def test_the_file_and_its_updates_tell_the_truth(feeds: dict[date, Tables], now: datetime) -> None:
    feed = feeds[now.astimezone(PARIS).date().replace(day=1)]
    world = World(lambda: now)
    found = departures(feed, realtime(in_memory(world), "realtime"), now)
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


def test_delays_are_told_in_both_ways(ask: Ask) -> None:
    updates = [entity.trip_update for entity in realtime(ask, "realtime").entity]
    assert len(updates) > 150
    by_delay = [update for update in updates if update.HasField("delay")]
    by_times = [one for one in updates if one.stop_time_update and one not in by_delay]
    assert len(by_delay) > 50
    assert len(by_times) > 50
    assert all(len(update.stop_time_update) < 4 for update in by_delay)
    assert any(len(update.stop_time_update) == 2 for update in by_delay), "a tailback"
    assert any(
        one.schedule_relationship == NO_DATA for each in by_times for one in each.stop_time_update
    )


def test_ids_are_those_of_the_file(ask: Ask, feeds: dict[date, Tables]) -> None:
    feed = feeds[date(2026, 11, 1)]
    routes = {trip["trip_id"]: trip["route_id"] for trip in feed["trips"]}
    stops = {stop["stop_id"] for stop in feed["stops"]}
    for entity in realtime(ask, "realtime").entity:
        trip = entity.trip_update.trip
        added = trip.schedule_relationship == TripDescriptor.ADDED
        assert routes.get(trip.trip_id) == (None if added else trip.route_id)
        assert trip.route_id in routes.values()
        assert {one.stop_id for one in entity.trip_update.stop_time_update} <= stops | {""}


def test_header_says_when(ask: Ask) -> None:
    for name in ("realtime", "vehicles", "alerts"):
        header = realtime(ask, name).header
        assert (header.gtfs_realtime_version, header.timestamp) == ("2.0", NOON.timestamp())


def test_vehicles_are_where_their_trips_are(ask: Ask, world: World) -> None:
    updates = {one.trip_update.trip.trip_id: one for one in realtime(ask, "realtime").entity}
    vehicles = [entity.vehicle for entity in realtime(ask, "vehicles").entity]
    assert len(vehicles) > 60
    assert len({vehicle.vehicle.id for vehicle in vehicles}) > 0.9 * len(vehicles)
    for vehicle in vehicles:
        told = updates[vehicle.trip.trip_id].trip_update
        assert told.vehicle.id == vehicle.vehicle.id
        stop = world.bordeaux.quays[int(vehicle.stop_id)]
        assert abs(vehicle.position.latitude - stop.lat) < 0.06
        assert abs(vehicle.position.longitude - stop.lon) < 0.06
        assert 0 <= NOON.timestamp() - vehicle.timestamp <= 60
    words = {vehicle.current_status for vehicle in vehicles}
    assert len(words) == 2, "some stand at a stop"


def test_alerts_are_past_present_and_to_come(ask: Ask, world: World) -> None:
    alerts = [entity.alert for entity in realtime(ask, "alerts").entity]
    now = NOON.timestamp()
    assert any(alert.active_period and alert.active_period[0].end < now for alert in alerts)
    assert any(alert.active_period and alert.active_period[0].start > now for alert in alerts)
    assert any(not alert.active_period for alert in alerts)
    [skipping] = [alert for alert in alerts if alert.effect == Alert.STOP_MOVED]
    skipped = {visit.quay.id for visit in world.visits(world.bordeaux, NOON) if visit.skipped}
    entities = skipping.informed_entity
    assert {one.stop_id for one in entities if one.stop_id} == skipped == {"3689", "3720"}
    assert {one.route_id for one in entities if one.route_id} == {"60"}
    assert [one.language for one in skipping.header_text.translation] == ["fr", "en"]
    assert any(alert.header_text.translation[0].language == "" for alert in alerts)
    assert any(one.agency_id for alert in alerts for one in alert.informed_entity)


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
        counted = seconds(time)
        assert counted is not None
        assert stop == visit.quay.id
        assert day_begins(visit.trip.day) + counted == visit.aimed.timestamp()
        assert services[visit.trip.id] in active(feed, visit.trip.day)

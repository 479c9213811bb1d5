"""GTFS-RT: how trips, vehicles and alerts are told, and how it breaks."""

import httpx
import pytest
from google.protobuf.message import DecodeError
from google.transit.gtfs_realtime_pb2 import Alert, FeedMessage, TripUpdate

from sandbox.outside import MECATRAN, MECATRAN_KEY
from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, realtime

NO_DATA = TripUpdate.StopTimeUpdate.NO_DATA


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


def test_protobuf_breaks_in_its_own_ways(city: httpx.Client) -> None:
    def answer(kind: str) -> httpx.Response:
        city.put("/_control/faults/bordeaux.departures", content=kind)
        url = f"{MECATRAN}/gtfsfeed/realtime/bordeaux"
        return city.get(url, params={"apiKey": MECATRAN_KEY})

    def entities(kind: str) -> list[str]:
        """The ids, but of those entities that say something."""
        feed = FeedMessage.FromString(answer(kind).content)
        return [one.id for one in feed.entity if one.HasField("trip_update")]

    whole = entities("skew:0")
    assert entities("half") == whole[: (len(whole) + 1) // 2]
    assert entities("empty") == entities("wrong_columns") == []
    for kind in ("truncated", "html", "interrupted"):
        with pytest.raises(DecodeError):
            FeedMessage.FromString(answer(kind).content)
    blank = answer("blank")
    assert (blank.status_code, blank.content) == (200, b"")
    stale = FeedMessage.FromString(answer("skew:-86400").content)
    assert NOON.timestamp() - stale.header.timestamp == 86_400

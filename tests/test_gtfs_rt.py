"""GTFS-Realtime as bytes: what falls into rows, and what is refused."""

import asyncio
from typing import Any

import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage
from hypothesis import given, settings

from sources.protocols.gtfs_rt import MAX_ENTITIES, GtfsRt
from tests.asked import Asked, broken, read

TRIPS = GtfsRt(url="https://rt.example/trips", entities="trip-updates")
ALERTS = GtfsRt(url="https://rt.example/all", entities="alerts")
VEHICLES = GtfsRt(url="https://rt.example/all", entities="vehicle-positions")


def feed() -> FeedMessage:
    message = FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = 1_764_000_000
    return message


def whole() -> FeedMessage:
    """One of each kind."""
    message = feed()
    update = message.entity.add(id="1").trip_update
    update.trip.trip_id = "T1"
    update.stop_time_update.add(stop_sequence=0, stop_id="").departure.delay = 0
    update.stop_time_update.add(stop_id="B", schedule_relationship=1)
    alert = message.entity.add(id="2").alert
    alert.informed_entity.add(route_id="R")
    alert.header_text.translation.add(text="Travaux")
    alert.cause = 10
    vehicle = message.entity.add(id="3").vehicle
    vehicle.position.latitude, vehicle.position.longitude = 47.2, -1.55
    return message


HEADER = {
    "gtfs_realtime_version": "2.0",
    "incrementality": "FULL_DATASET",
    "timestamp": 1_764_000_000,
}
SOUND = whole().SerializeToString()


def rows(speaks: GtfsRt, message: FeedMessage) -> list[dict[str, Any]]:
    return list(speaks.rows(message.SerializeToString()))


def test_a_row_has_what_was_said_and_no_default() -> None:
    message = whole()
    message.header.incrementality = 0
    [row] = rows(TRIPS, message)
    assert row == {
        "id": "1",
        "header": HEADER,
        "trip": {"trip_id": "T1"},
        "stop_time_update": [
            {"stop_sequence": 0, "stop_id": "", "departure": {"delay": 0}},
            {"stop_id": "B", "schedule_relationship": "SKIPPED"},
        ],
    }


def test_each_table_has_its_own_entities() -> None:
    [alert] = rows(ALERTS, whole())
    assert alert["header_text"] == {"translation": [{"text": "Travaux"}]}
    assert alert["cause"] == "CONSTRUCTION"
    assert alert["informed_entity"] == [{"route_id": "R"}]
    [vehicle] = rows(VEHICLES, whole())
    assert vehicle["position"] == {"latitude": 47.2, "longitude": -1.55}
    assert ALERTS.feed() == VEHICLES.feed() != TRIPS.feed()


def test_an_empty_feed_is_one() -> None:
    assert rows(TRIPS, feed()) == []


def test_differential_is_read_as_whole_and_what_is_deleted_is_left_out() -> None:
    message = whole()
    message.header.incrementality = 1
    gone = message.entity.add(id="9", is_deleted=True)
    gone.trip_update.trip.trip_id = "T9"
    assert [row["id"] for row in rows(TRIPS, message)] == ["1"]


def test_what_is_newer_than_we_are_is_left_out() -> None:
    unknown_relationship = b"\x20\x63"  # TripDescriptor.schedule_relationship = 99
    extension = b"\xc2\x3e\x02hi"  # field 1000
    trip = b"\x0a\x02T1" + unknown_relationship + extension
    update = b"\x0a" + bytes([len(trip)]) + trip
    entity = b"\x0a\x011" + b"\x1a" + bytes([len(update)]) + update
    body = feed().SerializeToString() + b"\x12" + bytes([len(entity)]) + entity
    [row] = TRIPS.rows(body)
    assert row["trip"] == {"trip_id": "T1"}


def test_a_broken_entity_costs_itself_only() -> None:
    for content in (b"\xff\xff", b"\x0a\x02\xff\xfe" + b"\x1a\x04\x0a\x02\x0a\x00"):
        body = b"\x12" + bytes([len(content)]) + content + SOUND
        assert [row.get("id") for row in TRIPS.rows(body)] == [None, "1"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>Maintenance</title>",
        b'{"error": "no key"}',
        b"Unauthorized",
        SOUND[:-1],
        SOUND[: len(SOUND) // 2],
        b"\x12\x00" * 10,
        b"\x12\x00" * (MAX_ENTITIES + 1) + SOUND,
        b"\xff" * 11,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        list(TRIPS.rows(body))


def test_an_entity_is_never_unfolded_into_a_multiple_of_memory() -> None:
    bomb = b"\x0a\x011\x1a\x80\x80\x80\x01" + b"\x12\x00" * (1 << 20)
    body = feed().SerializeToString() + b"\x12\x88\x80\x80\x01" + bomb
    assert list(TRIPS.rows(body)) == [{}]


def fetched(speaks: GtfsRt, off_s: int | None) -> bytes:
    """A feed whose own time is so many seconds ahead of ours, or is not told."""
    message = feed()
    message.header.ClearField("timestamp")
    if off_s is not None:
        message.header.timestamp = int(Asked.now.timestamp()) + off_s
    ask = Asked(message.SerializeToString())
    body = asyncio.run(speaks.fetch(ask))
    assert ask.calls == [(speaks.url, {}, {})]
    return body


@pytest.mark.parametrize("off_s", [-86_400, -3_600, -601, 601, 3_600])
def test_a_feed_that_stands_still_or_has_a_wrong_clock_is_no_real_time(off_s: int) -> None:
    for speaks in (TRIPS, VEHICLES):
        with pytest.raises(ValueError, match=f"its own time is {-off_s} s ago"):
            fetched(speaks, off_s)
    assert fetched(ALERTS, off_s)  # nothing new for a day is good news
    assert fetched(TRIPS.model_copy(update={"max_age_s": 90_000}), off_s)


@pytest.mark.parametrize("off_s", [None, -600, 0, 600])
def test_a_feed_of_now_is_read(off_s: int | None) -> None:
    assert fetched(TRIPS, off_s)


@settings(max_examples=300, deadline=None)
@given(broken(SOUND))
def test_any_bytes_are_rows_or_refused(body: bytes) -> None:
    for speaks in (TRIPS, ALERTS, VEHICLES):
        found = read(speaks, body)
        assert found is None or len(found) <= 100

"""Trip updates: which run of which trip each is about, and what a row of one says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest

import cities
from schema.departures import OccupancyStatus
from sources.collection import Collection
from sources.departures import trip_update
from sources.row import Row
from sources.updates import StopUpdate, TripUpdate, Updates
from tests.test_updates import UPDATE

CITY = cities.load()["nantes"]
BINDING = CITY.bindings["departures"]
DAY = date(2026, 11, 24)
MIDNIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)  # of Paris
START = int(MIDNIGHT.timestamp())


class Leaving(NamedTuple):
    trip_id: str = "T1"
    route_id: str = "R"
    direction_id: int | None = 0
    start_date: date = DAY
    start_time: int = 36_000
    departure_time: datetime = MIDNIGHT + timedelta(hours=10, minutes=5)


def updates(*items: TripUpdate) -> Updates:
    return Updates(Collection(BINDING, items, 0, MIDNIGHT))


RUN = Leaving()


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({}, True),
        ({"trip_id": "T2"}, False),
        ({"route_id": "R", "start_date": DAY, "start_time": 36_000}, True),
        ({"route_id": "other"}, False),
        ({"start_date": DAY - timedelta(days=1)}, False),
        ({"start_time": 36_600}, False),
        ({"relationship": "CANCELED"}, True),
        ({"relationship": "ADDED"}, False),
        ({"said_at": MIDNIGHT + timedelta(hours=9)}, True),
        ({"said_at": MIDNIGHT - timedelta(hours=9)}, False),
        ({"trip_id": None, "route_id": "R", "direction_id": 0, "start_time": 36_000}, True),
        ({"trip_id": None, "route_id": "R", "direction_id": 1, "start_time": 36_000}, False),
        ({"trip_id": None, "route_id": "R"}, False),
    ],
)
def test_an_update_is_about_one_run_of_one_trip(said: dict[str, object], about: bool) -> None:
    update = replace(UPDATE, **said)  # type: ignore[arg-type]
    assert (updates(update).find(RUN) is update) is about


def test_yesterdays_run_after_midnight_is_told_by_its_times() -> None:
    stops = (StopUpdate(stop_id="A", departure=START + 1_800), StopUpdate(stop_id="B"))
    late_last_night = Leaving(
        start_date=DAY - timedelta(days=1), departure_time=MIDNIGHT + timedelta(minutes=20)
    )
    tonight = Leaving(departure_time=MIDNIGHT + timedelta(days=1, minutes=20))
    found = updates(replace(UPDATE, stops=stops))
    assert found.find(late_last_night) is not None
    assert found.find(tonight) is None


def test_of_two_runs_each_has_its_own() -> None:
    first = replace(UPDATE, start_date=DAY, start_time=36_000)
    second = replace(UPDATE, start_date=DAY, start_time=39_600)
    found = updates(first, second)
    assert found.find(RUN) is first
    assert found.find(Leaving(start_time=39_600)) is second


def test_trips_that_no_timetable_has() -> None:
    stops = (
        StopUpdate(stop_id="A", departure=START + 60),
        StopUpdate(stop_id="B", arrival=START + 120, departure=START + 130),
        StopUpdate(stop_id="C", relationship="SKIPPED", departure=START + 150),
        StopUpdate(stop_id="D", arrival=START + 180),
    )
    extra = replace(UPDATE, relationship="ADDED", stops=stops)
    planned = replace(UPDATE, trip_id="T2", stops=stops[:2])
    gone = replace(extra, relationship="CANCELED")
    found = updates(extra, planned, gone)
    assert [(c.update.relationship, c.departure - START) for c in found.calls_at("B")] == [
        ("ADDED", 130),
        ("SCHEDULED", 130),
    ]
    assert [call.update for call in found.added_at("A")] == [extra]
    assert found.calls_at("C") == ()  # it does not stop there
    assert found.calls_at("D") == ()  # it ends there


def test_a_row_becomes_an_update() -> None:
    row = {
        "id": "1",
        "header": {"timestamp": 1_764_000_000},
        "trip": {
            "trip_id": "T1",
            "direction_id": 1,
            "start_date": "20261124",
            "start_time": "25:01:02",
        },
        "delay": 0,
        "stop_time_update": [
            {"stop_sequence": 3, "departure": {"delay": -5, "time": 0}},
            {"stop_id": "B", "schedule_relationship": "NO_DATA"},
            {"stop_id": "", "departure_occupancy_status": "FULL"},
        ],
    }
    update = trip_update(Row(CITY, row, {}))
    assert update is not None
    assert (update.start_date, update.start_time, update.delay) == (DAY, 90_062, 0)
    assert update.stops == (
        StopUpdate(stop_sequence=3, departure_delay=-5),
        StopUpdate(stop_id="B", relationship="NO_DATA"),
        StopUpdate(occupancy=OccupancyStatus.FULL),
    )
    assert update.feed_at == datetime.fromtimestamp(1_764_000_000, UTC)
    with pytest.raises(ValueError, match="neither a trip nor a route"):
        trip_update(Row(CITY, {"trip": {}}, {}))

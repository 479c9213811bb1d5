"""Trip updates: which run of which trip each is about, and what a row of one says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest

import cities
from schema.departures import OccupancyStatus
from sources.calls import told
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
    headway_s: int | None = None


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


def test_the_calls_that_an_update_tells_itself() -> None:
    stops = (
        StopUpdate(stop_id="A", departure=START + 60),
        StopUpdate(stop_id="B", arrival=START + 120, departure=START + 130),
        StopUpdate(stop_id="C", relationship="SKIPPED", departure=START + 150),
        StopUpdate(stop_id="D", arrival=START + 180),
    )
    extra = replace(UPDATE, relationship="ADDED", stops=stops)
    planned = replace(UPDATE, trip_id="T2", stops=stops[:2])
    gone = replace(extra, relationship="CANCELED")
    found = told([extra, planned, gone])
    assert [(c.update.relationship, c.departure - START) for c in found["B"]] == [
        ("ADDED", 130),
        ("SCHEDULED", 130),
    ]
    assert [call.update for call in found["A"]] == [extra, planned]
    assert "C" not in found  # it does not stop there
    assert "D" not in found  # it ends there


@pytest.mark.parametrize(
    ("start_time", "headway_s", "about"),
    [
        (36_000 + 300, 600, True),  # of two runs as far the earlier one
        (36_000 - 300, 600, False),
        (36_000 - 299, 600, True),
        (36_000 + 301, 600, False),
        (None, 600, False),  # of which of them nobody knows
        (36_000, 600, True),
        (36_000 + 1, None, False),
        (None, None, True),
    ],
)
def test_a_vehicle_of_no_exact_time_is_the_nearest_run(
    start_time: int | None, headway_s: int | None, about: bool
) -> None:
    update = replace(UPDATE, relationship="UNSCHEDULED", start_time=start_time)
    run = Leaving(headway_s=headway_s)
    assert (updates(update).find(run) is update) is about


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
            {"stop_sequence": 9, "stop_time_properties": {"assigned_stop_id": "quay"}},
            {"stop_id": "E", "departure": {"time": 1 << 62, "scheduled_time": 1_764_000_000}},
        ],
        "trip_properties": {"trip_id": "T9", "start_date": "20261125", "start_time": "06:00:00"},
    }
    update = trip_update(Row(CITY, row, {}))
    assert update is not None
    assert (update.start_date, update.start_time, update.delay) == (DAY, 90_062, 0)
    assert update.stops == (
        StopUpdate(stop_sequence=3, departure_delay=-5),
        StopUpdate(stop_id="B", relationship="NO_DATA"),
        StopUpdate(occupancy=OccupancyStatus.FULL),
        StopUpdate(stop_sequence=9, assigned_stop_id="quay"),
        StopUpdate(stop_id="E", scheduled=1_764_000_000),
    )
    copy = (update.copy_id, update.copy_date, update.copy_time)
    assert copy == ("T9", DAY + timedelta(days=1), 21_600)
    assert update.feed_at == datetime.fromtimestamp(1_764_000_000, UTC)
    with pytest.raises(ValueError, match="neither a trip nor a route"):
        trip_update(Row(CITY, {"trip": {}}, {}))

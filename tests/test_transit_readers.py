from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cities
from schema.departures import RealtimeState
from schema.nodes import node_id
from schema.places import Position
from schema.routes import Mode
from schema.stops import LocationType, WheelchairBoarding
from sources.departures import departure
from sources.routes import mode_of, natural, route
from sources.row import Row
from sources.stops import stop

CITY = cities.read(Path(cities.__file__).parent / "nantes.toml")


def row(service: str, raw: Mapping[str, Any]) -> Row:
    return Row(CITY, raw, CITY.bindings[service].fields)


QUAY = {
    "stop_id": "FR_NAOLIB:Quay:9000",
    "stop_name": "Île  Perdue",
    "stop_lat": " 47.2",
    "stop_lon": "-1.5",
    "location_type": "0",
    "parent_station": "FR_NAOLIB:StopPlace:900",
    "wheelchair_boarding": "1",
    "platform_code": "B",
}


def test_a_quay() -> None:
    found = stop(row("stops", QUAY))
    assert found is not None
    assert found.id == node_id("Stop", "nantes", "FR_NAOLIB:Quay:9000")
    assert (found.city, found.gtfs_id) == ("nantes", "FR_NAOLIB:Quay:9000")
    assert (found.name, found.folded) == ("Île Perdue", "ile perdue")
    assert found.position == Position(lat=47.2, lon=-1.5)
    assert found.parent_id == "FR_NAOLIB:StopPlace:900"
    assert found.location_type is LocationType.STOP
    assert found.wheelchair_boarding is WheelchairBoarding.POSSIBLE
    assert (found.platform_code, found.code, found.desc, found.zone_id) == ("B", None, None, None)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, LocationType.STOP),
        ("", LocationType.STOP),
        ("0", LocationType.STOP),
        (1, LocationType.STATION),
        ("2", LocationType.ENTRANCE),
    ],
)
def test_location_types(value: Any, kind: LocationType) -> None:
    found = stop(row("stops", {**QUAY, "location_type": value}))
    assert found is not None
    assert found.location_type is kind


@pytest.mark.parametrize("value", ["3", "4"])
def test_corridors_and_parts_of_platforms_are_no_stops(value: str) -> None:
    assert stop(row("stops", {**QUAY, "location_type": value, "stop_name": None})) is None


@pytest.mark.parametrize("missing", [{"stop_id": ""}, {"stop_name": None}, {"location_type": "9"}])
def test_a_stop_needs_an_id_a_name_and_a_known_type(missing: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        stop(row("stops", {**QUAY, **missing}))


@pytest.mark.parametrize("value", [None, "", "0", "3"])
def test_nobody_says_whether_one_can_board(value: str | None) -> None:
    found = stop(row("stops", {**QUAY, "wheelchair_boarding": value}))
    assert found is not None
    assert found.wheelchair_boarding is WheelchairBoarding.NO_INFORMATION


@pytest.mark.parametrize("lat", [None, "", "north", "0", "95"])
def test_a_stop_that_is_nowhere_is_still_a_stop(lat: str | None) -> None:
    lon = "0" if lat == "0" else "-1.5"
    found = stop(row("stops", {**QUAY, "stop_lat": lat, "stop_lon": lon, "parent_station": " "}))
    assert found is not None
    assert (found.position, found.parent_id) == (None, None)


LINE = {
    "route_id": "FR_NAOLIB:Line:C4",
    "route_short_name": "C4",
    "route_long_name": "Port - Lac",
    "route_type": "3",
    "route_color": "00a754",
    "route_text_color": "#ffffff",
}


def test_a_line() -> None:
    found = route(row("routes", LINE))
    assert found.id == node_id("Route", "nantes", "FR_NAOLIB:Line:C4")
    assert (found.short_name, found.long_name, found.mode) == ("C4", "Port - Lac", Mode.BUS)
    assert (found.color, found.text_color) == ("00A754", "FFFFFF")
    assert found.line == "C4"


def test_an_id_of_another_making_is_its_own_line() -> None:
    found = route(row("routes", {"route_id": "28-0"}))
    assert (found.line, found.mode, found.color) == ("28-0", None, None)
    with pytest.raises(ValueError):
        route(row("routes", {"route_short_name": "28"}))


@pytest.mark.parametrize("value", ["", "red", "12345", "1234567", "００７Ａ４５"])
def test_what_is_no_colour_is_none(value: str) -> None:
    found = route(row("routes", {**LINE, "route_color": value}))
    assert found.color is found.text_color is None


@pytest.mark.parametrize("value", ["", "FFF", "00A760"])
def test_the_text_of_a_line_can_be_read(value: str) -> None:
    assert route(row("routes", {**LINE, "route_text_color": value})).text_color == "000000"


@pytest.mark.parametrize(
    ("route_type", "mode"),
    [
        ("0", Mode.TRAM),
        ("1", Mode.SUBWAY),
        ("2", Mode.RAIL),
        ("3", Mode.BUS),
        ("4", Mode.FERRY),
        ("5", Mode.CABLE_CAR),
        ("6", Mode.GONDOLA),
        ("7", Mode.FUNICULAR),
        ("11", Mode.TROLLEYBUS),
        ("12", Mode.MONORAIL),
        ("109", Mode.RAIL),
        ("200", Mode.COACH),
        ("401", Mode.SUBWAY),
        ("405", Mode.MONORAIL),
        ("713", Mode.BUS),
        ("800", Mode.TROLLEYBUS),
        ("900", Mode.TRAM),
        ("1000", Mode.FERRY),
        ("1200", Mode.FERRY),
        ("1300", Mode.GONDOLA),
        ("1400", Mode.FUNICULAR),
        ("1100", None),  # a plane
        ("1500", None),  # a taxi
        ("42", None),
        ("-999", None),
        ("Bus", None),
        ("²", None),
        ("", None),
    ],
)
def test_modes(route_type: str, mode: Mode | None) -> None:
    assert mode_of(route_type) is mode


def test_lines_sort_as_riders_count() -> None:
    names = ["C1", "10", "C10", "2", "1B", "NLB", "1", "C2"]
    assert sorted(names, key=natural) == ["1", "1B", "2", "10", "C1", "C2", "C10", "NLB"]
    lines = [("3", "2"), ("4", "N1"), ("0", "10"), ("3", "C1"), ("0", "2"), ("", "0")]
    found = [
        route(row("routes", {"route_id": "x", "route_type": kind, "route_short_name": name}))
        for kind, name in lines
    ]
    assert [line.short_name for line in sorted(found, key=lambda line: line.sort)] == [
        *("2", "10"),  # trams
        *("2", "C1"),  # buses
        "N1",  # a boat
        "0",  # nobody knows
    ]


AT = datetime(2026, 8, 6, 20, 0, tzinfo=UTC)


def instant(minutes: float) -> str:
    """So long after 22:00 in Nantes, as SIRI writes it, with nanoseconds."""
    text = (AT + timedelta(minutes=minutes, hours=2)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.123456789+02:00"


VISIT = {
    "ResponseTimestamp": instant(5),
    "RecordedAtTime": instant(3),
    "MonitoringRef": "FR_NAOLIB:Quay:9000",
    "LineRef": "FR_NAOLIB:Line:C4:LOC",
    "DestinationRef": "FR_NAOLIB:Quay:9999",
    "DestinationName": "Lac (terminus)",
    "DestinationDisplay": "Lac",
    "AimedDepartureTime": instant(10),
    "ExpectedDepartureTime": instant(12),
    "Monitored": "true",
}
PRECISELY = timedelta(microseconds=123456)


def after(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes) + PRECISELY


def test_a_departure() -> None:
    found = departure(row("departures", {**VISIT, "VehicleAtStop": "true"}))
    assert found is not None
    assert (found.city, found.stop_id, found.line) == ("nantes", "FR_NAOLIB:Quay:9000", "C4")
    assert (found.destination_id, found.headsign) == ("FR_NAOLIB:Quay:9999", "Lac")
    assert (found.scheduled_at, found.expected_at) == (after(10), after(12))
    assert (found.realtime, found.at_stop) == (True, True)
    assert (found.platform_code, found.updated_at) == (None, after(3))


def changed(**raw: Any) -> Any:
    return departure(row("departures", {**VISIT, **raw}))


def test_a_trip_that_ends_here_does_not_leave() -> None:
    assert changed(DestinationRef="FR_NAOLIB:Quay:9000") is None


def test_a_trip_that_is_cancelled_is_told_as_such() -> None:
    canceled = changed(DepartureStatus="cancelled")

    assert canceled is not None
    assert (canceled.realtime_state, canceled.realtime) == (RealtimeState.CANCELED, False)


@pytest.mark.parametrize(
    ("raw", "scheduled", "expected", "realtime"),
    [
        ({}, 10, 12, True),
        ({"ExpectedDepartureTime": None}, 10, 10, False),
        ({"ExpectedDepartureTime": None, "ExpectedArrivalTime": instant(11)}, 10, 11, True),
        ({"AimedDepartureTime": None}, None, 12, True),
        ({"AimedDepartureTime": None, "AimedArrivalTime": instant(9)}, 9, 12, True),
        ({"Monitored": "false"}, 10, 10, False),
        ({"Monitored": None}, 10, 12, True),
        ({"RecordedAtTime": instant(-25)}, 10, 12, True),  # half an hour old, not more
        ({"RecordedAtTime": instant(-26)}, 10, 10, False),
        ({"RecordedAtTime": instant(-26), "AimedDepartureTime": None}, None, 12, False),
        ({"RecordedAtTime": None}, 10, 12, True),
        ({"ResponseTimestamp": None, "RecordedAtTime": instant(-99)}, 10, 12, True),
    ],
)
def test_which_time_is_told(
    raw: dict[str, Any], scheduled: int | None, expected: int, realtime: bool
) -> None:
    found = changed(**raw)
    assert found.scheduled_at == (None if scheduled is None else after(scheduled))
    assert (found.expected_at, found.realtime) == (after(expected), realtime)
    assert found.updated_at is None or realtime


def test_a_stale_vehicle_is_not_at_the_stop() -> None:
    assert changed(VehicleAtStop="true", RecordedAtTime=instant(-60)).at_stop is False


def test_a_headsign_may_have_to_be_the_destination() -> None:
    assert changed(DestinationDisplay=None).headsign == "Lac (terminus)"
    assert changed(DestinationDisplay=None, DestinationName="").headsign is None


@pytest.mark.parametrize(
    "raw",
    [
        {"AimedDepartureTime": "soon", "ExpectedDepartureTime": "2026-08-06T22:00:00"},
        {"MonitoringRef": None},
        {"LineRef": "C4"},
    ],
)
def test_a_visit_without_time_stop_or_line_cannot_be_read(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        changed(**raw)

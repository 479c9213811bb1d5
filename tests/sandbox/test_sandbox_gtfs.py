"""The GTFS file: a consistent feed of the real lines, once a month, as large as one wants."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from time import process_time

import pytest

from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, Tables, in_memory, tables

RECORDS = (
    "/data.nantesmetropole.fr/api/explore/v2.1/catalog/datasets"
    "/244400404_transports_commun_naolib_nantes_metropole_gtfs/records"
)


def file_path(ask: Ask) -> str:
    """Where the file is, as the client of a sandbox would rewrite it."""
    url: str = ask("GET", RECORDS).json()["results"][0]["fichier"]["url"]
    assert url.startswith("https://data.nantesmetropole.fr/")
    return url.removeprefix("https:/")


@pytest.fixture(scope="module")
def feed(world: World) -> Tables:
    ask = in_memory(world)
    return tables(ask("GET", file_path(ask)))


def test_the_network_is_the_real_one(feed: Tables) -> None:
    stations = [stop for stop in feed["stops"] if stop["location_type"] == "1"]
    assert len(stations) >= 150
    assert {stop["wheelchair_boarding"] for stop in stations} == {""}
    by_id = {stop["stop_id"]: stop for stop in feed["stops"]}
    assert by_id["FR_NAOLIB:StopPlace:20"]["stop_name"] == "Commerce"
    for number in range(90, 96):
        assert by_id[f"FR_NAOLIB:Quay:{number}"]["parent_station"] == "FR_NAOLIB:StopPlace:20"
    quays = [stop for stop in feed["stops"] if stop["location_type"] == "0"]
    assert {quay["wheelchair_boarding"] for quay in quays} == {"1", "2"}
    assert 0 < sum(bool(quay["platform_code"]) for quay in quays) < len(quays) / 2
    routes = {route["route_short_name"]: route for route in feed["routes"]}
    assert routes.keys() >= {"1", "2", "3", "4", "5", "C1", "C2", "C3", "C4", "C6", "C7", "N1"}
    assert {route["route_type"] for route in routes.values()} == {"0", "3", "4"}
    assert routes["1"]["route_id"] == "FR_NAOLIB:Line:1"
    assert routes["1"]["route_color"] == "00a754"


def test_every_reference_is_kept(feed: Tables) -> None:
    stops = {stop["stop_id"] for stop in feed["stops"]}
    assert len(stops) == len(feed["stops"])
    assert {stop["parent_station"] for stop in feed["stops"]} <= stops | {""}
    trips = {trip["trip_id"]: trip["route_id"] for trip in feed["trips"]}
    assert len(trips) == len(feed["trips"])
    assert set(trips.values()) == {route["route_id"] for route in feed["routes"]}
    assert {trip["service_id"] for trip in feed["trips"]} == {
        service["service_id"] for service in feed["calendar"]
    }
    places = {stop["stop_id"]: stop["parent_station"] for stop in feed["stops"]}
    served = defaultdict(set)
    for time in feed["stop_times"]:
        served[trips[time["trip_id"]]].add(places[time["stop_id"]])
    assert all("" not in stations for stations in served.values()), "only quays are served"
    assert len(served) >= 12
    assert len(set.union(*served.values())) >= 150


def test_trips_go_forward_and_pass_midnight(feed: Tables) -> None:
    by_trip = defaultdict(list)
    for time in feed["stop_times"]:
        by_trip[time["trip_id"]].append((int(time["stop_sequence"]), time["departure_time"]))
    for calls in by_trip.values():
        assert [order for order, _ in calls] == list(range(1, len(calls) + 1))
        assert all(here[1] <= there[1] for here, there in pairwise(calls))
    assert any(time["departure_time"] >= "24:00:00" for time in feed["stop_times"])


def test_the_feed_and_real_time_agree(feed: Tables, world: World) -> None:
    aimed = {
        f"{one.aimed:%H:%M:%S}" for one in world.truth("FR_NAOLIB:Quay:93", NOON) if one.line == "3"
    }
    planned = {
        time["departure_time"]
        for time in feed["stop_times"]
        if time["stop_id"] == "FR_NAOLIB:Quay:93" and ":3-R-" in time["trip_id"]
    }
    assert aimed & planned


def test_the_file_is_fetched_once(ask: Ask) -> None:
    path = file_path(ask)
    first = ask("GET", path)
    assert first.headers["content-type"] == "application/zip"
    tag, date = first.headers["etag"], first.headers["last-modified"]
    for condition in ({"if-none-match": tag}, {"if-modified-since": date}):
        again = ask("GET", path, headers=condition)
        assert (again.status_code, again.content) == (304, b"")
    for condition in (
        {"if-none-match": '"other"', "if-modified-since": date},
        {"if-modified-since": "Sat, 01 Oct 2022 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
    ):
        assert ask("GET", path, headers=condition).status_code == 200


def test_a_new_issue_each_month_of_nantes() -> None:
    world = World()
    ask = in_memory(world)
    issues = []
    for now in ("2026-11-24T12:00+01:00", "2026-11-30T23:59+01:00", "2026-12-01T00:00+01:00"):
        world.set_to = datetime.fromisoformat(now)
        row = ask("GET", RECORDS).json()["results"][0]
        assert row["debut_de_validite"] <= now[:10] <= row["fin_de_validite"]
        issues.append((row["debut_de_validite"], ask("GET", file_path(ask)).headers["etag"]))
    assert issues[0] == issues[1] != issues[2]
    assert issues[2][0] == "2026-12-01"


def test_a_network_of_any_size() -> None:
    began = process_time()
    world = World(lambda: NOON, stops=5000)
    assert process_time() - began < 2
    ask = in_memory(world)
    stops = tables(ask("GET", file_path(ask)), "stops")["stops"]
    assert len(stops) == len({stop["stop_id"] for stop in stops}) == 5000
    assert sum(1 for _ in world.visits(world.nantes, NOON)) > 10_000
    assert all(47 < float(stop["stop_lat"]) < 47.5 for stop in stops)


@pytest.mark.parametrize("stops", [0, 1070, 1071, 1072, 1073, 1076])
def test_any_size_can_be_built(stops: int) -> None:
    world = World(lambda: NOON, stops=stops)
    found = len(world.nantes.places) + len(world.nantes.quays)
    assert found == max(1070, stops - (stops - 1070) % 3)
    assert list(world.visits(world.nantes, NOON))


def test_a_timetable_of_any_size() -> None:
    """More trips are more weeks of it: a day has no more of them, and real time is the same."""
    small, large = World(lambda: NOON), World(lambda: NOON, trips=7_000)
    ask = in_memory(large)
    feed = tables(ask("GET", file_path(ask)), "trips", "calendar_dates")
    assert 6_000 < len(feed["trips"]) < 8_000
    services = {trip["service_id"] for trip in feed["trips"]}
    assert len(services) == 2
    first = [trip for trip in feed["trips"] if trip["service_id"] == min(services)]
    assert len(first) == len(feed["trips"]) // 2
    off = {
        one["service_id"]
        for one in feed["calendar_dates"]
        if (one["date"], one["exception_type"]) == ("20261124", "2")
    }
    assert len(off) == 1, "the other holds today"
    one, other = (
        [visit.aimed for visit in world.visits(world.nantes, NOON)] for world in (small, large)
    )
    assert one == other

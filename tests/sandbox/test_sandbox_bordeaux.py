"""Bordeaux: its file, its SIRI Lite and its key; what real time says there is told elsewhere."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from sandbox.outside import MECATRAN, MECATRAN_KEY
from sandbox.upstreams.mecatran import GTFS_RT
from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, Tables, in_memory, tables

FEEDS = f"{MECATRAN}/gtfsfeed"
SERVICES = f"{MECATRAN}/siri/2.0/bordeaux"
QUINCONCES = "bordeaux:StopPoint:BP:3684:LOC"  # tram B


def siri(ask: Ask, service: str, **params: str) -> dict[str, Any]:
    """What a service says, out of its first word."""
    answer = ask("GET", f"{SERVICES}/{service}.json", params={"AccountKey": MECATRAN_KEY, **params})
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()["Siri"]
    return said


def monitoring(ask: Ask, ref: str, **params: str) -> dict[str, Any]:
    """The one delivery of stop monitoring."""
    said = siri(ask, "stop-monitoring", MonitoringRef=ref, **params)["ServiceDelivery"]
    [delivery] = said["StopMonitoringDelivery"]
    found: dict[str, Any] = delivery
    return found


def file(ask: Ask) -> httpx.Response:
    return ask("GET", f"{FEEDS}/static/bordeaux", params={"apiKey": MECATRAN_KEY})


@pytest.fixture(scope="module")
def feed(world: World) -> Tables:
    return tables(file(in_memory(world)))


def test_the_key_is_asked_for_everywhere(ask: Ask) -> None:
    for feed in ("static", *GTFS_RT):
        for params in ({}, {"apiKey": "guess"}, {"AccountKey": MECATRAN_KEY}):
            assert ask("GET", f"{FEEDS}/{feed}/bordeaux", params=params).status_code == 401
    url = f"{SERVICES}/check-status.json"
    for params in ({}, {"AccountKey": "guess"}, {"apiKey": MECATRAN_KEY}):
        assert ask("GET", url, params=params).status_code == 401


def test_the_network_is_a_plausible_one(feed: Tables) -> None:
    routes = {route["route_short_name"]: route for route in feed["routes"]}
    trams = {name: route["route_id"] for name, route in routes.items() if len(name) == 1}
    assert trams == {"A": "59", "B": "60", "C": "61", "D": "62", "E": "163", "F": "164", "1": "01"}
    assert {route["route_type"] for route in routes.values()} == {"0", "3", "4"}
    assert Counter(route["route_color"] for route in routes.values())[""] == 1
    stations = {stop["stop_name"] for stop in feed["stops"] if stop["location_type"] == "1"}
    assert len(stations) >= 100
    assert stations >= {"Quinconces", "Gare Saint-Jean", "Pey-Berland", "Victoire", "Mériadeck"}
    quays = [stop for stop in feed["stops"] if stop["location_type"] == "0"]
    assert {quay["wheelchair_boarding"] for quay in quays} == {"1", "2", ""}
    assert 10 < sum(bool(quay["platform_code"]) for quay in quays) < len(quays) / 2
    assert all(44.7 < float(stop["stop_lat"]) < 45 for stop in feed["stops"])
    assert {trip["wheelchair_accessible"] for trip in feed["trips"]} == {""}


def test_every_reference_is_kept(feed: Tables) -> None:
    stops = {stop["stop_id"] for stop in feed["stops"]}
    assert len(stops) == len(feed["stops"])
    assert {stop["parent_station"] for stop in feed["stops"]} <= stops | {""}
    trips = {trip["trip_id"] for trip in feed["trips"]}
    assert len(trips) == len(feed["trips"])
    assert {trip["route_id"] for trip in feed["trips"]} == {
        route["route_id"] for route in feed["routes"]
    }
    assert {time["trip_id"] for time in feed["stop_times"]} == trips
    quays = {stop["stop_id"] for stop in feed["stops"] if stop["location_type"] == "0"}
    assert {time["stop_id"] for time in feed["stop_times"]} == quays


def test_times_go_forward_and_only_middle_ones_are_blank(feed: Tables) -> None:
    by_trip = defaultdict(list)
    for time in feed["stop_times"]:
        by_trip[time["trip_id"]].append(time)
    for calls in by_trip.values():
        assert [int(call["stop_sequence"]) for call in calls] == list(range(1, len(calls) + 1))
        assert calls[0]["departure_time"]
        assert calls[-1]["arrival_time"]
        known = [call["departure_time"] for call in calls if call["departure_time"]]
        assert all(here <= there for here, there in pairwise(known))
        assert calls[-1]["pickup_type"] == "1"
        assert {call["pickup_type"] for call in calls[:-1]} == {""}
    times = [time["departure_time"] for time in feed["stop_times"]]
    assert 0.02 < times.count("") / len(times) < 0.4
    assert max(times) > "25:00:00"


def test_the_week_has_three_timetables(feed: Tables) -> None:
    names = {row["service_id"]: [row[day] for day in list(row)[1:8]] for row in feed["calendar"]}
    assert names == {
        "SEM": ["1"] * 5 + ["0"] * 2,
        "SAM": ["0"] * 5 + ["1", "0"],
        "DIM": ["0"] * 6 + ["1"],
    }
    exceptions = {
        (one["service_id"], one["date"], one["exception_type"]) for one in feed["calendar_dates"]
    }
    assert {("SEM", "20261225", "2"), ("DIM", "20261225", "1")} <= exceptions
    counts = Counter(trip["service_id"] for trip in feed["trips"])
    assert counts["SEM"] > counts["SAM"] > counts["DIM"] > 500


def test_nothing_moves_on_labour_day(world: World) -> None:
    noon = datetime(2027, 5, 1, 11, tzinfo=UTC)
    assert not list(world.visits(world.bordeaux, noon))
    in_may = World(lambda: noon)
    dates = tables(file(in_memory(in_may)), "calendar_dates")["calendar_dates"]
    assert ("SAM", "20270501", "2") in {
        (one["service_id"], one["date"], one["exception_type"]) for one in dates
    }


def test_a_visit_has_the_shape_of_mecatran(ask: Ask) -> None:
    delivery = monitoring(ask, QUINCONCES)
    assert delivery["Status"] is True
    visits = delivery["MonitoredStopVisit"]
    assert visits
    for visit in visits:
        journey = visit["MonitoredVehicleJourney"]
        call = journey["MonitoredCall"]
        assert visit["MonitoringRef"] == call["StopPointRef"] == {"value": QUINCONCES}
        assert journey["LineRef"] == {"value": "bordeaux:Line:60:LOC"}
        assert journey["DestinationName"][0].keys() == {"value"}
        assert "PublishedLineName" not in journey
        assert len(call["AimedDepartureTime"]) == len("2026-11-24T11:00:00Z")
        assert call["AimedDepartureTime"].endswith("Z")
        assert journey["Monitored"] is ("ExpectedDepartureTime" in call)
    aimed = [
        visit["MonitoredVehicleJourney"]["MonitoredCall"]["AimedArrivalTime"] for visit in visits
    ]
    assert len(aimed) > 5


@pytest.mark.parametrize(
    ("ref", "params", "words"),
    [
        ("bordeaux:StopPoint:BP:999999:LOC", {}, "unknown stop"),
        ("bordeaux:StopPoint:BP:4001:LOC", {}, "unknown stop"),
        ("3684", {}, "unknown stop"),
        ("", {}, "unknown stop"),
        (QUINCONCES, {"PreviewInterval": "an hour"}, "PreviewInterval"),
        (QUINCONCES, {"PreviewInterval": "PT"}, "PreviewInterval"),
        (QUINCONCES, {"MaximumStopVisits": "-1"}, "MaximumStopVisits"),
    ],
)
def test_what_cannot_be_answered_is_a_false_status(
    ask: Ask, ref: str, params: dict[str, str], words: str
) -> None:
    delivery = monitoring(ask, ref, **params)
    assert delivery["Status"] is False
    assert words in delivery["ErrorCondition"]
    assert "MonitoredStopVisit" not in delivery


def test_the_parameters_narrow_the_answer(ask: Ask) -> None:
    def refs(ref: str = "bordeaux:StopPoint:BP:3747:LOC", **params: str) -> list[str]:
        visits = monitoring(ask, ref, **params)["MonitoredStopVisit"]
        return [visit["ItemIdentifier"] for visit in visits]

    whole = refs()
    assert refs(MaximumStopVisits="3") == whole[:3]
    assert refs(MaximumStopVisits="0") == []
    soon = refs(PreviewInterval="PT10M")
    assert 0 < len(soon) < len(whole)
    assert whole[: len(soon)] == soon
    by_line = {line: refs(LineRef=f"bordeaux:Line:{line}:LOC") for line in ("61", "62", "163")}
    assert all(by_line.values())
    assert sorted(ref for found in by_line.values() for ref in found) == sorted(whole)
    assert refs(DirectionRef="0") == whole
    assert refs(DirectionRef="1") == []


def test_the_night_is_an_empty_list() -> None:
    ask = in_memory(World(lambda: NOON.replace(hour=2)))
    delivery = monitoring(ask, QUINCONCES)
    assert (delivery["Status"], delivery["MonitoredStopVisit"]) == (True, [])


def test_lines_are_discovered(ask: Ask, feed: Tables) -> None:
    lines = siri(ask, "lines-discovery")["LinesDelivery"]["AnnotatedLineRef"]
    found = {line["LineRef"]["value"]: line for line in lines}
    assert found.keys() == {f"bordeaux:Line:{one['route_id']}:LOC" for one in feed["routes"]}
    tram = found["bordeaux:Line:59:LOC"]
    assert (tram["LineCode"], tram["LineName"]) == ({"value": "A"}, [{"value": "Tram A"}])
    assert tram["Destinations"][0] == {
        "DirectionRef": {"value": "0"},
        "PlaceName": [{"value": "Floirac Dravemont"}],
    }
    assert any(line["LineName"] == [{"value": "Navette Tram 100"}] for line in lines)


def test_stops_are_discovered(ask: Ask, feed: Tables) -> None:
    def discovered(**params: str) -> dict[str, dict[str, Any]]:
        said = siri(ask, "stoppoints-discovery", **params)["StopPointsDelivery"]
        return {stop["StopPointRef"]["value"]: stop for stop in said["AnnotatedStopPointRef"]}

    stops = discovered()
    served = {ref for ref, stop in stops.items() if stop["Lines"]}
    quays = {stop["stop_id"] for stop in feed["stops"] if stop["location_type"] == "0"}
    assert served == {f"bordeaux:StopPoint:BP:{quay}:LOC" for quay in quays}
    assert stops[QUINCONCES]["StopName"] == {"value": "Quinconces"}
    assert stops[QUINCONCES]["Lines"] == [{"value": "bordeaux:Line:60:LOC"}]
    idle = [stops[ref] for ref in stops.keys() - served]
    assert any("Location" not in stop for stop in idle)
    assert any(stop.get("Location") == {"latitude": 0, "longitude": 0} for stop in idle)
    box = {
        "BoundingBox.UpperLeft.longitude": "-0.58",
        "BoundingBox.UpperLeft.latitude": "44.85",
        "BoundingBox.LowerRight.longitude": "-0.57",
        "BoundingBox.LowerRight.latitude": "44.84",
    }
    assert QUINCONCES in discovered(**box)
    assert 4 < len(discovered(**box)) < 60
    assert len(discovered(LineRef="bordeaux:Line:60:LOC")) == 62


def test_messages_tell_what_alerts_do(ask: Ask) -> None:
    def messages(**params: str) -> list[dict[str, Any]]:
        said = siri(ask, "general-message", **params)["ServiceDelivery"]
        found: list[dict[str, Any]] = said["GeneralMessageDelivery"][0]["InfoMessage"]
        return found

    whole = messages()
    channels = Counter(message["InfoChannelRef"]["value"] for message in whole)
    assert channels.keys() == {"Perturbation", "Information"}
    assert len(messages(InfoChannelRef="Information")) == channels["Information"]
    now = f"{NOON:%Y-%m-%dT%H:%M:%SZ}"
    assert all(message.get("ValidUntilTime", now) >= now for message in whole), "the past is over"


def test_it_is_up_and_has_no_other_service(ask: Ask) -> None:
    assert siri(ask, "check-status")["CheckStatusResponse"]["Status"] is True
    params = {"AccountKey": MECATRAN_KEY}
    assert ask("GET", f"{SERVICES}/cook.json", params=params).status_code == 404


def test_the_same_instant_gives_the_same_bytes(world: World) -> None:
    ask, again = in_memory(world), in_memory(World(lambda: NOON))
    for path in (
        *(f"{FEEDS}/{feed}/bordeaux" for feed in ("static", *GTFS_RT)),
        f"{SERVICES}/general-message.json",
        f"{SERVICES}/stop-monitoring.json",
    ):
        params = {"apiKey": MECATRAN_KEY, "AccountKey": MECATRAN_KEY, "MonitoringRef": QUINCONCES}
        assert ask("GET", path, params=params).content == again("GET", path, params=params).content


def test_siri_lite_loses_names_or_rows(city: httpx.Client) -> None:
    def answer(kind: str) -> dict[str, Any]:
        city.put("/_control/faults/bordeaux.siri", content=kind)
        url = f"{MECATRAN}/siri/2.0/bordeaux/lines-discovery.json"
        said: dict[str, Any] = city.get(url, params={"AccountKey": MECATRAN_KEY}).json()
        return said

    whole = answer("skew:0")["Siri"]["LinesDelivery"]["AnnotatedLineRef"]
    assert answer("half")["Siri"]["LinesDelivery"]["AnnotatedLineRef"] == whole[:6]
    assert answer("empty")["Siri"]["LinesDelivery"]["AnnotatedLineRef"] == []
    [line, *_] = answer("wrong_columns")["Siri_v2"]["LinesDelivery_v2"]["AnnotatedLineRef_v2"]
    assert line["LineRef_v2"] == {"value_v2": "bordeaux:Line:59:LOC"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("gtfsfeed/static/bordeaux", "bordeaux.stops"),
        *((f"gtfsfeed/{path}/bordeaux", name) for path, (name, _) in GTFS_RT.items()),
        ("siri/2.0/bordeaux/check-status.json", "bordeaux.siri"),
    ],
)
def test_each_upstream_of_bordeaux_has_its_faults(city: httpx.Client, path: str, name: str) -> None:
    params = {"apiKey": MECATRAN_KEY, "AccountKey": MECATRAN_KEY}
    city.put(f"/_control/faults/{name}", content="503")
    assert city.get(f"{MECATRAN}/{path}", params=params).status_code == 503
    assert city.get("/_control").json()["calls"][name]["count"] == 1
    city.delete(f"/_control/faults/{name}")
    assert city.get(f"{MECATRAN}/{path}", params=params).status_code == 200

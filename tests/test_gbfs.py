"""GBFS: the same stations and vehicles out of every version, and of what operators make of it."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

import cities
from sandbox.app import create_app
from sandbox.world import World
from schema.bikes import FormFactor, PropulsionType, VehicleRentalStation
from sources import Sources
from sources.bikes import vehicle_rental_station
from sources.errors import Changed
from sources.http import Door
from sources.protocols.gbfs import Gbfs
from sources.row import Row
from tests.asked import Asked, broken, read
from tests.conftest import DATA, NOW

NANTES = cities.load()["nantes"]
ROOT = "https://bikes.example/gbfs.json"
STATIONS = Gbfs(url=ROOT)
VEHICLES = Gbfs(url=ROOT, feeds="vehicles")
TYPES = {
    "vehicle_types": [
        {"vehicle_type_id": "e", "form_factor": "bicycle", "propulsion_type": "electric_assist"}
    ]
}
INFORMATION = {"station_id": "7", "name": "Gare", "lat": 47.2, "lon": -1.5, "capacity": 20}
STATUS = {
    "station_id": "7",
    "num_bikes_available": 3,
    "vehicle_types_available": [{"vehicle_type_id": "e", "count": 3}],
    "num_docks_available": 17,
    "is_installed": True,
    "is_renting": True,
    "is_returning": False,
    "last_reported": 1795510800,
}
STATUS_3 = {name: value for name, value in STATUS.items() if name != "num_bikes_available"} | {
    "num_vehicles_available": 3,
    "last_reported": "2026-11-24T09:00:00Z",
}


def file(data: Any) -> dict[str, Any]:
    return {"last_updated": 0, "ttl": 0, "data": data}


def stations(*many: dict[str, Any]) -> dict[str, Any]:
    return file({"stations": list(many)})


def payload(information: Any, status: Any, types: Any = None) -> bytes:
    files = {"station_information": information, "station_status": status}
    return json.dumps(files | ({"vehicle_types": types} if types else {})).encode()


SOUND = payload(stations(INFORMATION), stations(STATUS), file(TYPES))


def discovery(names: str, language: str | None = None) -> bytes:
    feeds = [{"name": name, "url": f"https://bikes.example/{name}"} for name in names.split()]
    listed = {"feeds": feeds}
    return json.dumps(file({language: listed} if language else listed)).encode()


def fetched(speaks: Gbfs, *replies: bytes) -> tuple[bytes, list[str]]:
    door = Asked(*replies)
    body = asyncio.run(speaks.fetch(door))
    return body, [url for url, _, _ in door.calls]


def as_read(body: bytes, speaks: Gbfs = STATIONS) -> list[VehicleRentalStation]:
    fields = NANTES.bindings["bikes"].fields
    return [vehicle_rental_station(Row(NANTES, row, fields)) for row in speaks.rows(body)]


@pytest.mark.parametrize(
    ("information", "status"),
    [
        (INFORMATION, STATUS),
        (INFORMATION | {"name": [{"text": "Gare", "language": "fr"}]}, STATUS_3),
        (INFORMATION | {"station_id": 7}, STATUS | {"station_id": 7, "is_installed": 1}),
    ],
    ids=["2.3", "3.0", "integers"],
)
def test_a_station_is_the_same_in_every_version(information, status):
    [found] = as_read(payload(stations(information), stations(status), file(TYPES)))

    assert (found.station_id, found.name, found.capacity) == ("7", "Gare", 20)
    assert found.available_vehicles.total == 3
    [kind] = found.available_vehicles.by_type
    assert kind.count == 3
    assert kind.vehicle_type.form_factor is FormFactor.BICYCLE
    assert kind.vehicle_type.propulsion_type is PropulsionType.ELECTRIC_ASSIST
    assert found.available_spaces == 17
    assert found.operative is found.allow_pickup is True
    assert found.allow_pickup_now() is True
    assert found.allow_dropoff_now() is False  # there is room, and it takes none back
    assert found.updated_at.isoformat() == "2026-11-24T10:00:00+01:00"


def test_what_is_not_reported_is_not_zero():
    [found] = as_read(payload(stations(INFORMATION), stations()))

    assert found.available_vehicles is found.available_spaces is found.operative is None
    assert found.allow_pickup_now() is found.allow_dropoff_now() is None
    assert found.updated_at is None


def test_a_station_that_is_out_of_service_has_nothing_to_give_whatever_it_counts():
    [found] = as_read(payload(stations(INFORMATION), stations(STATUS | {"is_installed": False})))

    assert found.available_vehicles.total == 3
    assert found.allow_pickup_now() is False


@pytest.mark.parametrize("count", [-1, None, "many", [3]])
def test_a_count_that_is_none_is_unknown(count):
    [found] = as_read(
        payload(stations(INFORMATION), stations(STATUS | {"num_bikes_available": count}))
    )

    assert found.available_vehicles is None


def test_of_a_station_listed_twice_the_first_description_and_the_last_report_hold():
    again, later = INFORMATION | {"name": "Gare bis"}, STATUS | {"num_bikes_available": 9}

    [found] = as_read(payload(stations(INFORMATION, again), stations(STATUS, later)))

    assert (found.name, found.available_vehicles.total) == ("Gare", 9)


def test_a_station_that_nobody_describes_is_a_row_to_drop():
    with pytest.raises(ValueError, match="no address"):
        as_read(payload(stations(), stations(STATUS)))


def test_velib_counts_by_type_in_its_own_way():
    own = {"num_bikes_available_types": [{"mechanical": 1}, {"ebike": 2}], "numBikesAvailable": 3}
    status = {n: v for n, v in STATUS.items() if n != "vehicle_types_available"} | own

    [found] = as_read(payload(stations(INFORMATION), stations(status)))

    counts = {c.vehicle_type.propulsion_type: c.count for c in found.available_vehicles.by_type}
    assert counts == {PropulsionType.HUMAN: 1, PropulsionType.ELECTRIC_ASSIST: 2}


def test_links_are_what_apps_and_browsers_open_and_nothing_else():
    links = {
        "android": "naolib://station/7",
        "ios": "javascript://%0aalert(1)",
        "web": "bikes.example/7",
    }
    [found] = as_read(payload(stations(INFORMATION | {"rental_uris": links}), stations(STATUS)))

    assert found.rental_uris.android == "naolib://station/7"
    assert found.rental_uris.ios is None
    assert found.rental_uris.web == "https://bikes.example/7"


def test_the_language_that_is_asked_for_is_read():
    names = [{"text": "Gare", "language": "fr"}, {"text": "Station", "language": "en"}]
    body = payload(stations(INFORMATION | {"name": names}), stations(STATUS))

    assert [found.name for found in as_read(body)] == ["Gare"]
    english = STATIONS.model_copy(update={"language": "en"})
    assert [found.name for found in as_read(body, english)] == ["Station"]


@pytest.mark.parametrize("feeds", ["free_bike_status", "vehicle_status"])
def test_vehicles_are_the_same_in_every_version(feeds):
    kind, key = ("bikes", "bike_id") if feeds == "free_bike_status" else ("vehicles", "vehicle_id")
    vehicle = {key: 5, "lat": 1, "lon": 2, "vehicle_type_id": "e", "is_disabled": False}
    replies = json.dumps(file({kind: [vehicle]})).encode(), json.dumps(file(TYPES)).encode()

    body, urls = fetched(VEHICLES, discovery(f"{feeds} vehicle_types"), *replies)

    assert urls == [ROOT, f"https://bikes.example/{feeds}", "https://bikes.example/vehicle_types"]
    [row] = read(VEHICLES, body)
    assert row["vehicle_id"] == 5
    assert row["vehicle_type"]["propulsion_type"] == "electric_assist"


NEEDED = json.dumps(stations(INFORMATION)).encode(), json.dumps(stations(STATUS)).encode()


@pytest.mark.parametrize("language", [None, "fr"])
def test_asks_for_what_the_discovery_file_lists(language):
    listed = discovery("system_information station_status station_information", language)

    body, urls = fetched(STATIONS, listed, *NEEDED)

    assert urls[1:] == [f"https://bikes.example/station_{n}" for n in ("information", "status")]
    assert [found.name for found in as_read(body)] == ["Gare"]


def test_a_file_that_may_be_missing_is_done_without():
    class Without(Asked):
        async def get(self, url, *args, **options):
            if url.endswith("vehicle_types"):
                raise Changed("HTTP 404", NANTES.bindings["bikes"])
            return await super().get(url, *args, **options)

    door = Without(discovery("station_information station_status vehicle_types"), *NEEDED)

    [found] = as_read(asyncio.run(STATIONS.fetch(door)))
    [kind] = found.available_vehicles.by_type
    assert (kind.count, kind.vehicle_type.form_factor) == (3, None)


@pytest.mark.parametrize(
    "listed",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": {}}',
        b'{"data": {"fr": []}}',
        discovery("gbfs", "fr"),
    ],
)
def test_a_discovery_file_that_leads_nowhere_is_refused(listed):
    with pytest.raises(ValueError):
        fetched(STATIONS, listed)


@given(broken(SOUND))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_rows_or_refused(body):
    for row in read(STATIONS, body) or ():
        try:
            vehicle_rental_station(Row(NANTES, row, NANTES.bindings["bikes"].fields))
        except ValueError:
            continue
    read(VEHICLES, body)


@given(broken(discovery("station_information station_status", "fr")))
@settings(max_examples=200, deadline=None)
def test_whatever_the_discovery_file_says_is_read_or_refused(body):
    try:
        fetched(STATIONS, body, *NEEDED)
    except ValueError:
        return


@pytest.mark.parametrize(("city", "listed"), [("nantes", 36), ("bordeaux", 30)])
def test_both_cities_of_the_sandbox_are_read_and_bordeaux_takes_its_key_everywhere(city, listed):
    async def main() -> list[VehicleRentalStation]:
        inner = httpx.ASGITransport(create_app(World(lambda: NOW)))
        async with httpx.AsyncClient(transport=inner) as client:
            door = Door(client, lambda: NOW, reroute="http://sandbox", folder=DATA)
            sources = Sources({city: cities.load()[city]}, door)
            found = await sources.collection(VehicleRentalStation, city)
            sources.close()
            assert sources.calls == {(f"{city}/bikes", "OK"): 4}
            assert found.dropped == 0
            return list(found.items)

    found = asyncio.run(main())

    assert len(found) == listed
    assert any(one.allow_pickup_now() for one in found)
    assert any(one.operative is False for one in found)
    for one in found:
        if one.available_vehicles:
            assert sum(kind.count for kind in one.available_vehicles.by_type) == (
                one.available_vehicles.total
            )

"""Lists that cities and services elsewhere publish: read by the names of their columns alone.

Counts were read off the files by hand.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cities import Binding, load
from schema.languages import find_spoken
from schema.parkings import VehicleParkingState
from sources.calendar import Calendar
from sources.protocols import Speaks
from sources.protocols.csv import Csv
from sources.protocols.json import Json
from sources.protocols.opendatasoft import Opendatasoft
from sources.reading import read_all, reader_of

SAMPLES = Path(__file__).parents[1].parent / "shared/samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")

NANTES = load()["nantes"]
URL = "https://files.example/"
LIST = Json(url=URL)
OPEN, CLOSED, UNKNOWN = (VehicleParkingState[word] for word in ("OPEN", "CLOSED", "UNKNOWN"))


def rows(speaks: Speaks, path: str) -> list[Mapping[str, Any]]:
    return list(speaks.rows((SAMPLES / path).read_bytes()))


def read(
    table: str, rows: Iterable[Mapping[str, Any]], fields: Mapping[str, Any], dropped: int = 0
) -> list[Any]:
    """What a table of a city would hold of these rows."""
    service, _, part = table.partition(".")
    binding = Binding(
        city="nantes", service=service, part=part or None, protocol="json", name="", fields=fields
    )
    reader = reader_of(table)
    assert reader is not None
    found, left = read_all(reader, rows, NANTES, binding)
    assert left == dropped
    return list(found)


def spaces(parkings: Iterable[Any]) -> tuple[int, int]:
    """How many there are in all, and how many are free."""
    found = list(parkings)
    assert all(one.position is not None for one in found)
    return (
        sum(one.capacity.car_spaces or 0 for one in found),
        sum(one.free_spaces or 0 for one in found),
    )


def test_car_parks_of_basel() -> None:
    """The row that says that there are no data at the moment is dropped."""
    fields = {
        "id": "id2",
        "name": "name",
        "position": "geo_point_2d",
        "total": "total",
        "available": "free",
        "updated": "published",
        "website": "link",
    }
    found = read("parkings", rows(LIST, "standards/parking/basel.json"), fields, dropped=1)
    assert len(found) == 16
    assert spaces(found) == (5_783, 3_830)  # Anfos tells 167 of its 162
    assert all(one.free_at(one.updated_at) is not None and one.website for one in found)


@pytest.mark.parametrize(
    ("city", "total", "free", "states"),
    [
        ("herrenberg", 1_863, 256, {UNKNOWN: 14, OPEN: 9, CLOSED: 2}),
        ("reutlingen", 0, 0, {UNKNOWN: 30}),
    ],
)
def test_car_parks_as_parkapi_has_them(
    city: str, total: int, free: int, states: dict[VehicleParkingState, int]
) -> None:
    words = {"many": "OPEN", "few": "OPEN", "full": "OPEN", "closed": "CLOSED"}
    fields = {
        "id": "name",
        "name": "name",
        "lat": "coords.lat",
        "lon": "coords.lng",
        "street": "address",
        "total": "total",
        "available": "free",
        "state": {"column": "state", "values": words},
        "website": "url",
    }
    lots = Json(url=URL, path="lots")
    found = read("parkings", rows(lots, f"standards/parking/parkapi-{city}.json"), fields)
    assert spaces(found) == (total, free)
    assert Counter(one.status for one in found) == states


def test_car_parks_of_helsinki_are_areas_with_names_in_three_languages() -> None:
    words = {"IN_OPERATION": "OPEN", "TEMPORARILY_CLOSED": "CLOSED"}
    fields = {
        "id": "id",
        "name": "name",
        "position": "location",
        "total": "builtCapacity.CAR",
        "disabled": "builtCapacity.DISABLED",
        "electric": "builtCapacity.ELECTRIC_CAR",
        "state": {"column": "status", "values": words},
    }
    results = Json(url=URL, path="results")
    path = "standards/parking/liipi-helsinki.facilities.json"
    found = read("parkings", rows(results, path), fields)
    assert spaces(found) == (1_365 + 300 + 80, 0)
    assert [one.status for one in found] == [OPEN, OPEN, OPEN, CLOSED]
    assert found[1].name == "Kalasatama (Kauppakeskus REDI)"
    assert [find_spoken(found[1].names, one) for one in ("sv-FI", "en")] == [
        "Fiskhamnen (Köpcenter REDI)",
        "Kalasatama (Shopping mall REDI)",
    ]
    assert found[1].capacity.electric_car_spaces == 200


def test_stations_in_a_table_that_counts_no_bikes() -> None:
    table = "nantes/ods-mobilite/hyblab2021_stations-velo-libre-service.json"
    quarters = json.loads((SAMPLES / table).read_bytes())
    fields = {"id": "gid", "name": "nom", "address": "adresse", "capacity": "capacite_num"}
    stations = (row for quarter in quarters.values() for row in quarter)
    found = read("bikes", stations, fields)
    assert (len(found), sum(one.capacity for one in found)) == (122, 2_453)
    assert {one.allow_pickup_now() for one in found} == {None}  # nobody says


def test_a_station_of_bordeaux_in_the_first_shape_of_the_portal() -> None:
    path = "standards/bordeaux/ci_vcub_p.api-v1.one-record.2021.json"
    fields = {
        "id": "ident",
        "name": "nom",
        "position": "geo_point_2d",
        "vehicles": "nbvelos",
        "electric": "nbelec",
        "mechanical": "nbclassiq",
        "spaces": "nbplaces",
        "installed": {"column": "etat", "values": {"CONNECTEE": "oui"}},
    }
    [station] = read("bikes", rows(Opendatasoft(url=URL, dataset="ci_vcub_p"), path), fields)
    assert (station.name, station.operative, station.available_spaces) == ("Belcier Gare", True, 20)
    assert station.available_vehicles.total == 21
    assert [one.count for one in station.available_vehicles.by_type] == [15, 6]
    assert (station.position.lat, station.position.lon) == (44.823285, -0.554574)


def test_communes_are_places_as_any() -> None:
    fields = {"id": "code", "name": "nom", "position": "centre", "insee": "code"}
    found = read(
        "places.commune", rows(LIST, "standards/ban/geo.api.gouv.fr.communes.json"), fields
    )
    assert len(found) == 9
    nice = found[1]
    assert (nice.name, nice.address.insee) == ("Nice", "06088")
    assert (nice.position.lat, nice.position.lon) == (43.7032, 7.2528)


def test_a_century_of_public_holidays_as_the_city_lists_them() -> None:
    fields = {"date": "date", "name": "nom_jour_ferie"}
    table = rows(Csv(url=URL), "nantes/ods-cantines/nm_jours_feries.csv")
    found = read("calendar", table, fields)
    assert len(found) == 1_107
    ours = Calendar.of(NANTES)
    recent = [one for one in found if 2008 <= one.date.year <= 2050]
    assert len(recent) > 40 * 10
    assert all(ours.public_holiday(one.date) for one in recent)

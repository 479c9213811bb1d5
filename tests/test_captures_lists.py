"""Lists that other cities and services publish, read by nothing but names of columns."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cities import Binding, load
from schema.parkings import VehicleParkingState
from sources.protocols import Speaks
from sources.protocols.csv import Csv
from sources.protocols.geojson import Geojson
from sources.protocols.json import Json
from sources.protocols.opendatasoft import Opendatasoft
from sources.reading import read_all, reader_of

SAMPLES = Path(__file__).parents[1].parent / "shared/samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")

NANTES = load()["nantes"]
URL = "https://files.example/"
LIST, LOTS, RESULTS = Json(url=URL), Json(url=URL, path="lots"), Json(url=URL, path="results")
STATE = {"open": "OPEN", "closed": "CLOSED", "nodata": "UNKNOWN", "IN_OPERATION": "OPEN"}
PARKAPI = {
    "id": "name",
    "name": "name",
    "lat": "coords.lat",
    "lon": "coords.lng",
    "street": "address",
    "total": "total",
    "available": "free",
    "state": {"column": "state", "values": STATE},
    "website": "url",
}


def read(table: str, rows: Iterable[Mapping[str, Any]], fields: Mapping[str, Any]) -> list[Any]:
    """What a table of a city would hold, without a row that is dropped."""
    service, _, part = table.partition(".")
    binding = Binding(
        city="nantes", service=service, part=part or None, protocol="x", name="", fields=fields
    )
    reader = reader_of(table)
    assert reader is not None
    found, dropped = read_all(reader, rows, NANTES, binding)
    assert dropped == 0
    return list(found)


def rows(speaks: Speaks, path: str) -> list[Mapping[str, Any]]:
    return list(speaks.rows((SAMPLES / path).read_bytes()))


@pytest.mark.parametrize(
    ("file", "speaks", "fields", "count", "spaces", "free"),
    [
        (
            "basel",
            LIST,
            {
                "id": "id2",
                "name": "name",
                "position": "geo_point_2d",
                "total": "total",
                "available": "free",
                "updated": "published",
                "website": "link",
            },
            0,
            0,
            0,
        ),
        ("parkapi-herrenberg", LOTS, PARKAPI, 0, 0, 0),
        ("parkapi-reutlingen", LOTS, PARKAPI, 0, 0, 0),
        (
            "liipi-helsinki.facilities",
            RESULTS,
            {
                "id": "id",
                "name": "name",
                "position": "location",
                "total": "builtCapacity.CAR",
                "state": {"column": "status", "values": STATE},
            },
            0,
            0,
            0,
        ),
    ],
)
def test_car_parks_of_other_cities(
    file: str, speaks: Json, fields: dict[str, Any], count: int, spaces: int, free: int
) -> None:
    found = read("parkings", rows(speaks, f"standards/parking/{file}.json"), fields)
    print([ (one.name, one.position, one.capacity.car_spaces, one.free_spaces, one.status) for one in found][:40])
    assert len(found) == count
    assert all(one.position is not None for one in found)
    assert sum(one.capacity.car_spaces or 0 for one in found) == spaces
    assert sum(one.free_spaces or 0 for one in found) == free


def test_stations_of_nantes_in_a_table_that_counts_no_bikes() -> None:
    quarters = rows(LIST, "x")


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
    found = read("places.x", rows(LIST, "standards/ban/geo.api.gouv.fr.communes.json"), fields)
    print([(p.name, p.position, p.address) for p in found])


def test_menus() -> None:
    fields = {"date": "date", "dish": "plat", "course": {"column": "rang", "values": {"1": "entrée", "2": "plat", "3": "garniture", "5": "fromage", "6": "dessert"}}}
    found = read("menus.dishes", rows(Csv(url=URL), "nantes/ods-cantines/nm_menus_tous.csv"), fields)
    print(len(found), found[:2])


def test_holidays() -> None:
    fields = {"date": "date", "name": "nom_jour_ferie"}
    found = read("calendar", rows(Csv(url=URL), "nantes/ods-cantines/nm_jours_feries.csv"), fields)
    print(len(found), found[:3], found[-3:])


def test_school_holidays() -> None:
    fields = {"name": "vacances_nom", "start": "date_debut", "end": "date_fin"}
    found = read("calendar.school", rows(Csv(url=URL), "nantes/ods-cantines/nm_vacances.csv"), fields)
    print(len(found), found[:3], found[-3:])

"""Shared bikes and car parks as really published: GBFS 1 to 3.0, and the tables of two cities.

Run with `-rP` to see how many rows of which file were read.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cities
from cities import Column
from schema.bikes import PropulsionType, VehicleRentalStation
from schema.parkings import VehicleParking, VehicleParkingState
from schema.rental_vehicles import RentalVehicle
from sources.bikes import rental_vehicle, vehicle_rental_station
from sources.parkings import vehicle_parking
from sources.protocols.gbfs import Gbfs
from sources.protocols.opendatasoft import Opendatasoft
from sources.row import Row

SAMPLES = Path(__file__).parents[1].parent / "shared/samples"
GBFS, BORDEAUX = SAMPLES / "standards/gbfs", SAMPLES / "standards/bordeaux"
CITIES = cities.load()
ESTUAIRE = cities.load(Path(__file__).parent / "cities")["estuaire"]
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")

STATIONS, VEHICLES = Gbfs(url="https://x"), Gbfs(url="https://x", feeds="vehicles")
EMPTY = b'{"data": {"stations": []}}'


def rows(speaks: Gbfs, **files: Path | None) -> list[Mapping[str, Any]]:
    """The rows of these files, as one payload; a file that was not captured is empty."""
    given = (f'"{name}": {(p.read_bytes() if p else EMPTY).decode()}' for name, p in files.items())
    found = list(speaks.rows(f"{{{', '.join(given)}}}".encode()))
    print(f"{', '.join(path.name for path in files.values() if path)}: {len(found)} rows")
    return found


def station(row: Mapping[str, Any], fields: Any = None) -> VehicleRentalStation:
    return vehicle_rental_station(
        Row(CITIES["nantes"], row, fields or CITIES["nantes"].bindings["bikes"].fields)
    )


def vehicle(row: Mapping[str, Any]) -> RentalVehicle:
    binding = ESTUAIRE.bindings["bikes.vehicles"]
    return rental_vehicle(Row(ESTUAIRE, row, binding.fields, binding))


STATUSES = sorted(GBFS.glob("*station_status*.json"))


@pytest.mark.parametrize("path", STATUSES, ids=lambda path: path.name)
def test_every_report_is_understood(path):
    """Reports alone: each is given a name, which is the other file's to give."""
    found = rows(STATIONS, station_information=None, station_status=path)

    assert found
    for row in found:
        read = station({**row, "name": "Somewhere"})
        assert read.available_vehicles.total >= 0
        assert read.available_spaces >= 0
        assert read.operative is read.allow_pickup is read.allow_dropoff is True
        assert read.updated_at is not None
        assert all(kind.count >= 0 for kind in read.available_vehicles.by_type)


INFORMATION = sorted(GBFS.glob("*station_information*.json"))


@pytest.mark.parametrize("path", INFORMATION, ids=lambda path: path.name)
def test_every_description_is_understood(path):
    found = rows(STATIONS, station_information=path, station_status=None)

    assert found
    for row in found:
        read = station(row)
        assert read.position is not None
        assert "{" not in read.name
        assert read.available_vehicles is None


def test_lillestrom_is_read_whole():
    at = GBFS / "lillestrombysykkel.x.json"
    files = {
        name: at.with_name(f"lillestrombysykkel.{name}.json")
        for name in ("station_information", "station_status", "vehicle_types")
    }
    found = [station(row) for row in rows(STATIONS, **files)]

    assert found[0].name == "TORVGATA"
    assert {
        k.vehicle_type.propulsion_type for s in found for k in s.available_vehicles.by_type
    } == {PropulsionType.HUMAN}


def test_a_duplicate_is_one_station():
    information = GBFS / "v3.duplicate-stations.station_information.json"
    status = GBFS / "v3.duplicate-stations.station_status.json"

    found = [
        station(row)
        for row in rows(STATIONS, station_information=information, station_status=status)
    ]

    totals = {one.name: one.available_vehicles.total for one in found}
    assert totals["Station Duplicate First"] == 8
    assert len(totals) == len(found) == 3


def test_velib_tells_its_bikes_apart():
    path = GBFS / "paris-velib.station_status.v1.json"
    [first, *_] = rows(STATIONS, station_information=None, station_status=path)

    counts = station({**first, "name": "x"}).available_vehicles
    assert [(c.vehicle_type.propulsion_type, c.count) for c in counts.by_type] == [
        (PropulsionType.HUMAN, 1),
        (PropulsionType.ELECTRIC_ASSIST, 0),
    ]


@pytest.mark.parametrize(
    "path",
    [*GBFS.glob("*free_bike_status*.json"), *GBFS.glob("*vehicle_status*.json")],
    ids=lambda path: path.name,
)
def test_every_list_of_vehicles_is_understood(path):
    found = rows(VEHICLES, vehicle_status=path)

    assert found
    assert all(isinstance(row["vehicle_id"], str) for row in found if "with_error" not in path.name)


THEN = datetime(2021, 5, 17, 14, tzinfo=UTC)  # an hour before one of them has to be back
# By the beginning of a file name: how many vehicles, at a station, that can be taken then.
OPERATORS = {
    "spec-v3.0": (4, 2, 4),
    "transport-site.2.2": (2, 1, 2),
    "transport-site.3.0": (2, 1, 0),
    "v3.getaroundstavanger": (40, 0, 40),
    "validator-v2.3": (2, 1, 2),
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_list_of_vehicles_is_read(operator):
    name, _, version = operator.partition(".") if "site" in operator else (operator, "", "")
    suffix = f".{version}.json" if version else ".json"

    def file(*kinds: str) -> Path | None:
        paths = (GBFS / f"{name}.{kind}{suffix}" for kind in kinds)
        return next((path for path in paths if path.exists()), None)

    status = file("vehicle_status", "free_bike_status")
    files = {"vehicle_status": status, "vehicle_types": file("vehicle_types")}
    files["system_pricing_plans"] = file("system_pricing_plans")
    found = [vehicle(row) for row in rows(VEHICLES, **{n: p for n, p in files.items() if p})]

    docked = sum(one.station_id is not None for one in found)
    assert (len(found), docked, sum(bool(one.available_at(THEN)) for one in found)) == OPERATORS[
        operator
    ]
    for one in found:
        assert one.on_map() is (one.position is not None and one.station_id is None)
        assert one.available_at(THEN) is not None
        assert (one.vehicle_type is None) is (file("vehicle_types") is None)


def test_what_a_car_costs_and_how_far_it_goes():
    at = GBFS / "v3.getaroundstavanger.x.json"
    names = ("vehicle_status", "vehicle_types", "system_pricing_plans")
    files = {name: at.with_name(f"v3.getaroundstavanger.{name}.json") for name in names}
    [first, *others] = [vehicle(row) for row in rows(VEHICLES, **files)]

    assert first.name == "Voiture"
    assert first.vehicle_type.propulsion_type is PropulsionType.ELECTRIC
    assert first.fuel.range == 200_000
    assert (first.pricing.currency, first.pricing.price) == ("NOK", 126)
    assert first.pricing.description.startswith("Gjennomsnittspris per time kr 126.")
    assert first.rental_uris.web.endswith("citroen-jumpy-1322175")
    assert all(one.pricing is not None for one in others)


@pytest.mark.parametrize("path", sorted(GBFS.glob("*.gbfs*.json")), ids=lambda path: path.name)
def test_every_discovery_file_is_understood(path):
    found = STATIONS._discovered(path.read_bytes())

    assert found or "versions" in path.name
    assert all(
        "system_information" in found for _ in [path] if "transport" not in path.name and found
    )


def test_nantes_in_3_0():
    parts = SAMPLES / "nantes/gbfs"
    files = {
        f"station_{name}": parts / f"nantes_gbfs3_station_{name}_extract.json"
        for name in ("information", "status")
    }
    found = [station(row) for row in rows(STATIONS, **files)]

    assert (found[0].name, found[0].available_vehicles.total) == ("PRÉFECTURE", 7)


def columns(**named: Any) -> dict[str, Column]:
    return {n: c if isinstance(c, Column) else Column(column=c) for n, c in named.items()}


def test_a_table_of_the_portal_is_read_by_its_columns_alone():
    open_ = Column(column="status", values={"OPEN": "oui", "CLOSED": "non"})
    fields = columns(
        id="number",
        name="name",
        address="address",
        position="position",
        capacity="bike_stands",
        vehicles="available_bikes",
        spaces="available_bike_stands",
        installed=open_,
        renting=open_,
        returning=open_,
        reported="last_update",
    )
    table = "244400404_stations-velos-libre-service-disponibilites_2021-04-08_v1records.json"
    body = (SAMPLES / "nantes/ods-mobilite" / table).read_bytes()

    found = [station(row, fields) for row in Opendatasoft(url="https://x", dataset="x").rows(body)]

    assert len(found) > 120
    assert Counter(one.operative for one in found)[False] >= 1
    assert all(one.allow_pickup_now() is not None and one.position for one in found)


def test_bordeaux_table_of_stations_is_read_by_its_columns_alone():
    works = {
        "CONNECTEE": "oui",
        "DECONNECTEE": "non",
        "MAINTENANCE": "non",
        "OUT_OF_SERVICE": "non",
    }
    state = Column(column="ETAT", values=works)
    fields = columns(
        id="IDENT",
        name="NOM",
        position="Geo Point",
        vehicles="NBVELOS",
        electric="NBELEC",
        mechanical="NBCLASSIQ",
        spaces="NBPLACES",
        installed=state,
        renting=state,
        returning=state,
    )
    found = [station(row, fields) for row in table("ci_vcub_p.exports-csv.2023-09-17.csv")]

    assert Counter(one.allow_pickup for one in found) == {True: 155, False: 13}
    assert not any(one.allow_pickup_now() for one in found if not one.operative)
    by_type = found[0].available_vehicles.by_type
    assert [(c.vehicle_type.propulsion_type.name, c.count) for c in by_type] == [
        ("HUMAN", 2),
        ("ELECTRIC_ASSIST", 4),
    ]


def table(name: str) -> Iterable[dict[str, str]]:
    with (BORDEAUX / name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")


def parking(row: Mapping[str, Any]) -> VehicleParking:
    fields = CITIES["bordeaux"].bindings["parkings"].fields
    return vehicle_parking(Row(CITIES["bordeaux"], row, fields))


def test_st_park_p_of_2023():
    listed = json.loads((BORDEAUX / "st_park_p.exports-json.2023-09-23.json").read_bytes())
    found = [parking(row) for row in listed if row["np_total"]]  # as the city file asks

    assert len({one.id for one in found}) == len(found) == len(listed) - 1 == 89
    assert sum(one.counted for one in found) == 65
    assert Counter(one.status for one in found) == {
        VehicleParkingState.OPEN: 82,
        VehicleParkingState.SUBSCRIBERS_ONLY: 7,
    }
    assert all(one.position and one.capacity.car_spaces and one.address.city for one in found)
    moment = max(one.updated_at for one in found)
    assert sum(one.free_at(moment) is not None for one in found) == 65
    assert sum(one.free_at(moment) == 0 for one in found) == 1  # Salinières, whose word is LIBRE
    assert sum(bool(one.park_and_ride) for one in found) >= 26
    assert sum(bool(one.free_of_charge) for one in found) == 2


def test_st_park_p_as_csv():
    found = [
        parking({**row, "geo_point_2d": row["Geo Point"]})
        for row in table("st_park_p.exports-csv.2023-09.csv")
        if row["np_total"] != "0"
    ]

    assert len(found) > 80
    assert all(one.position and one.capacity.car_spaces for one in found)
    moment = max(one.updated_at for one in found)
    assert sum(one.free_at(moment) is not None for one in found) > 50


def test_the_known_car_park_of_nantes():
    path = "244400404_parkings-publics-nantes-disponibilites_values-2026-10-01.json"
    [row] = json.loads((SAMPLES / "nantes/ods-mobilite" / path).read_bytes())["results"]
    fields = CITIES["nantes"].bindings["parkings"].fields

    found = vehicle_parking(Row(CITIES["nantes"], row | {"idobj": "284"}, fields))

    assert (found.status, found.capacity.car_spaces) == (VehicleParkingState.OPEN, 394)
    assert found.free_at(found.updated_at) == 222

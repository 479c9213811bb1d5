"""Bikes and car parks of the sandbox: alive, odd, and the same for the same minute."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.faults import fault
from sandbox.upstreams.gbfs import LE_VELO, NAOLIB, file
from sandbox.upstreams.parkings import bordeaux, nantes
from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, in_memory

DAY = [NOON + timedelta(minutes=20 * n) for n in range(72)]
SOUND = fault("skew:0")
KEY = {"apiKey": "opendata-bordeaux-metropole-flux-gtfs-rt"}
Row = dict[str, Any]


def statuses(at: Any, seed: int = 1) -> dict[str, Row]:
    found = file(NAOLIB, "station_status", at, seed, SOUND)
    assert found is not None
    return {one["station_id"]: one for one in found["data"]["stations"]}


def test_bikes_come_and_go_around_the_clock_and_never_are_more_than_docks() -> None:
    information = file(NAOLIB, "station_information", NOON, 1, SOUND)
    assert information is not None
    room = {one["station_id"]: one["capacity"] for one in information["data"]["stations"]}

    seen = [statuses(at) for at in DAY]

    assert len({moment["30"]["num_bikes_available"] for moment in seen}) > 8
    for moment in seen:
        for name, one in moment.items():
            counts = one["num_bikes_available"], one["num_docks_available"]
            assert min(counts) >= 0
            assert sum(counts) == (room[name] if one["is_installed"] else 0)
    assert statuses(NOON) == statuses(NOON) != statuses(NOON, seed=2)


@pytest.mark.parametrize("system", [NAOLIB, LE_VELO])
def test_instants_and_texts_are_those_of_the_version(system: Any) -> None:
    status = file(system, "station_status", NOON, 1, SOUND)
    information = file(system, "station_information", NOON, 1, SOUND)
    assert status is not None
    assert information is not None
    modern = system.version == "3.0"
    assert isinstance(status["last_updated"], str if modern else int)
    assert isinstance(information["data"]["stations"][0]["name"], list if modern else str)


def test_files_are_found_from_the_discovery_file_and_bordeaux_wants_its_key(ask: Ask) -> None:
    for root, key in (
        ("api.cyclocity.fr/contracts/nantes/gbfs/gbfs.json", {}),
        ("bdx.mecatran.com/utw/ws/gbfs/bordeaux/v3/gbfs.json", KEY),
    ):
        data = ask("GET", f"/{root}", params=key).json()["data"]
        for feed in data.get("fr", data)["feeds"]:
            path = feed["url"].removeprefix("https:/")
            assert ask("GET", path, params=key).status_code == 200
            assert ask("GET", path).status_code == (401 if key else 200)
    assert ask("GET", "/api.cyclocity.fr/contracts/nantes/gbfs/v2/nothing.json").status_code == 404


@pytest.mark.parametrize(("kind", "left"), [("empty", 0), ("half", 1)])
def test_faults_of_rows_are_suffered_file_by_file(world: World, kind: str, left: int) -> None:
    ask = in_memory(world, faults=[("bikes", fault(kind)), ("parkings", fault(kind))])

    types = ask("GET", "/api.cyclocity.fr/contracts/nantes/gbfs/v2/vehicle_types.json").json()

    assert len(types["data"]["vehicle_types"]) == left


def test_columns_change_their_names_when_told_to(world: World) -> None:
    ask = in_memory(world, faults=[("bikes", fault("wrong_columns"))])

    found = ask("GET", "/api.cyclocity.fr/contracts/nantes/gbfs/v2/station_status.json").json()

    assert "station_id_v2" in found["data"]["stations"][0]


def test_car_parks_fill_by_day_and_empty_by_night() -> None:
    def free(at: Any) -> int:
        rows: list[Row] = nantes("public", at, 1)
        return sum(row["grp_disponible"] for row in rows if row["grp_statut"] == 5)

    night = NOON.replace(hour=3)
    assert free(NOON) < 0.6 * free(night)
    assert len({free(at) for at in DAY}) > 30


@pytest.mark.parametrize("at", DAY[::12])
def test_car_parks_have_the_habits_of_the_real_ones(at: Any) -> None:
    rows: list[Row] = nantes("public", at, 1)
    assert {row["grp_statut"] for row in rows} == {0, 1, 2, 5}
    assert sum(row["location"] is None for row in rows) == 1
    assert any(row["grp_disponible"] > row["grp_exploitation"] > 0 for row in rows)
    assert {row["grp_statut"] for row in nantes("relay", at, 1)} == {5}

    rows = bordeaux(at, 1)
    truth = {(r["connecte"], r["etat"], r["libres"] is not None) for r in rows}
    assert truth == {
        (1, "LIBRE", True),
        (0, "OUVERT", False),
        (0, "LIBRE", True),
        (1, "TRAVAUX", True),
    }


def test_the_portals_show_them_as_they_are_now(world: World) -> None:
    later = World(lambda: NOON + timedelta(hours=3))
    for host, dataset, column in (
        ("data.nantesmetropole.fr", "244400404_parkings-publics-nantes-disponibilites", "grp_nom"),
        ("opendata.bordeaux-metropole.fr", "st_park_p", "nom"),
    ):
        path = f"/{host}/api/explore/v2.1/catalog/datasets/{dataset}/exports/json"
        now, then = (
            sorted(in_memory(one)("GET", path).json(), key=lambda row: str(row[column]))
            for one in (world, later)
        )
        assert [row[column] for row in now] == [row[column] for row in then]
        assert now != then

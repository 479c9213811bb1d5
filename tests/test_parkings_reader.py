"""Car parks: what counts as knowing how many spaces are free, in both cities' tables."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import cities
from sandbox.app import create_app
from sandbox.world import World
from schema.parkings import STALE_AFTER, VehicleParking, VehicleParkingState
from sources import Sources
from sources.http import Door
from sources.parkings import RelayParking, relay_parking, vehicle_parking
from sources.row import Row
from tests.conftest import DATA, NOW, Clock, down, serving

CITIES = cities.load()
OPEN = {
    "idobj": "284",
    "grp_nom": "DECRE - BOUFFAY",
    "grp_statut": 5,
    "grp_disponible": 222,
    "grp_exploitation": 394,
    "grp_horodatage": NOW.isoformat(),
    "location": {"lon": -1.5536, "lat": 47.2138},
}
FREE = {
    "ident": "CUBPK05",
    "nom": "Salinieres",
    "etat": "LIBRE",
    "libres": 12,
    "total": 400,
    "connecte": 1,
    "mdate": NOW.isoformat(),
    "np_total": 407,
}


def nantes(**changes: Any) -> VehicleParking:
    fields = CITIES["nantes"].bindings["parkings"].fields
    return vehicle_parking(Row(CITIES["nantes"], OPEN | changes, fields))


def bordeaux(**changes: Any) -> VehicleParking:
    fields = CITIES["bordeaux"].bindings["parkings"].fields
    return vehicle_parking(Row(CITIES["bordeaux"], FREE | changes, fields))


def told(parking: VehicleParking, later: timedelta = timedelta()) -> tuple[str, int | None]:
    """Its state and its free spaces, as a client is told."""
    info: Any = SimpleNamespace(
        context=SimpleNamespace(now=NOW + later, changes_at=lambda *_: None)
    )
    found = VehicleParking.availability(parking, info)
    return VehicleParking.state(parking, info).name, found.car_spaces if found else None


@pytest.mark.parametrize(
    ("changes", "state", "free"),
    [
        ({}, "OPEN", 222),
        ({"grp_disponible": 0}, "OPEN", 0),
        ({"grp_disponible": -1}, "OPEN", None),
        ({"grp_disponible": None}, "OPEN", None),
        ({"grp_disponible": 400}, "OPEN", 394),
        ({"grp_statut": "5"}, "OPEN", 222),
        ({"grp_statut": 2, "grp_disponible": 0}, "SUBSCRIBERS_ONLY", 0),
        ({"grp_statut": 1, "grp_disponible": 0}, "CLOSED", None),
        ({"grp_statut": 0}, "UNKNOWN", None),
        ({"grp_statut": 9}, "UNKNOWN", 222),
        ({"grp_horodatage": None}, "UNKNOWN", None),
    ],
)
def test_nantes(changes, state, free):
    assert told(nantes(**changes)) == (state, free)


@pytest.mark.parametrize(
    ("changes", "state", "free"),
    [
        ({}, "OPEN", 12),
        ({"libres": 0}, "OPEN", 0),  # LIBRE is no promise
        ({"connecte": 0, "etat": "OUVERT", "libres": None, "total": None}, "OPEN", None),
        ({"connecte": 0, "libres": 175, "mdate": "2022-05-06T11:55:56+02:00"}, "OPEN", None),
        ({"etat": "COMPLET", "libres": 0}, "FULL", 0),
        ({"etat": "FERME"}, "CLOSED", None),
        ({"etat": "ABONNES"}, "SUBSCRIBERS_ONLY", 12),
        ({"ta_type": "PAYANT_RESERVE_ABONNES"}, "SUBSCRIBERS_ONLY", 12),
        ({"etat": "TRAVAUX"}, "UNKNOWN", 12),
        ({"libres": "12.0", "connecte": "1"}, "OPEN", 12),  # its CSV
    ],
)
def test_bordeaux(changes, state, free):
    assert told(bordeaux(**changes)) == (state, free)


def test_a_count_is_good_for_a_quarter_of_an_hour_and_no_clock_is_far_ahead():
    parking, second = nantes(), timedelta(seconds=1)

    assert told(parking, STALE_AFTER) == ("OPEN", 222)
    assert told(parking, STALE_AFTER + second) == ("UNKNOWN", None)
    assert told(parking, -STALE_AFTER - second) == ("UNKNOWN", None)


def test_capacity_is_what_is_counted_else_what_was_built():
    assert nantes().capacity.car_spaces == 394
    assert nantes(grp_exploitation=0).capacity.car_spaces is None  # out of service
    assert bordeaux().capacity.car_spaces == 400
    assert bordeaux(connecte=0).capacity.car_spaces == 407


def test_what_else_bordeaux_says():
    parking = bordeaux(
        np_pmr=8,
        np_velec=0,
        np_pr=84,
        gabari_max=1.9000000000000001,
        th_heur=2.3000000000000003,
        th_24=None,
        th_quar=0.0,
        insee="33063",
        url="www.mtpk.fr",
    )

    assert parking.capacity.wheelchair_accessible_car_spaces == 8
    assert parking.capacity.electric_car_spaces == 0
    assert parking.capacity.bicycle_spaces is None
    assert parking.park_and_ride is True
    assert parking.max_height_m == 1.9
    assert [(f.duration, f.price_eur) for f in parking.fares] == [
        (timedelta(minutes=15), 0.0),
        (timedelta(hours=1), 2.3),
    ]
    assert parking.free_of_charge is None
    assert bordeaux(ta_type="GRATUIT").free_of_charge is True
    assert bordeaux(ta_type="PAYANT_TARIF_HORAIRE").free_of_charge is False
    assert (parking.address.city, parking.website) == ("Bordeaux", "https://www.mtpk.fr")


def test_park_and_ride_is_a_list_of_its_own_in_nantes():
    fields = CITIES["nantes"].bindings["parkings.relays"].fields

    found = relay_parking(Row(CITIES["nantes"], OPEN, fields))

    assert (type(found), found.park_and_ride, found.free_spaces) == (RelayParking, True, 222)


def test_the_sandbox_of_bordeaux_is_read_as_it_is():
    async def main() -> list[VehicleParking]:
        inner = httpx.ASGITransport(create_app(World(lambda: NOW)))
        async with httpx.AsyncClient(transport=inner) as client:
            door = Door(client, lambda: NOW, reroute="http://sandbox", folder=DATA)
            sources = Sources({"bordeaux": CITIES["bordeaux"]}, door)
            found = await sources.collection(VehicleParking, "bordeaux")
            sources.close()
            assert found.dropped == 0
            return list(found.items)

    states = {parking.name: told(parking) for parking in asyncio.run(main())}

    assert states["Salinieres"] == ("OPEN", 0)
    assert states["Cite Du Vin"] == ("OPEN", None)
    assert states["Gambetta"] == ("UNKNOWN", None)
    assert states["Alsace Lorraine"] == ("SUBSCRIBERS_ONLY", None)
    assert states["Front Du Medoc"][0] == VehicleParkingState.UNKNOWN.name


def test_while_the_portal_is_down_counts_age_and_car_parks_stay(replay):
    query = '{ parkings(name: "decre") { nodes { realtime state availability { carSpaces } } } }'
    clock = Clock()

    async def main() -> list[Any]:
        async with serving(httpx.MockTransport(replay), clock) as server:
            before = await server.ask(query)
            replay.broken |= {"parkings": down, "parkings.relays": down}
            clock.advance(20 * 60)
            return [
                answer["data"]["parkings"]["nodes"] for answer in (before, await server.ask(query))
            ]

    [before], [after] = asyncio.run(main())

    assert before == {"realtime": True, "state": "OPEN", "availability": {"carSpaces": 211}}
    assert after == {"realtime": False, "state": "UNKNOWN", "availability": None}

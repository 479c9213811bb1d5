"""Vehicles that stand anywhere: the same out of every version, and nothing that nobody says."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

import cities
from sandbox.app import create_app
from sandbox.world import World
from schema.bikes import FormFactor
from schema.rental_vehicles import RentalVehicle
from sources import Sources
from sources.bikes import rental_vehicle
from sources.http import Door
from sources.protocols.gbfs import Gbfs
from sources.reading import part_of
from sources.row import Row
from tests.conftest import NOW

ESTUAIRE = cities.load(Path(__file__).parent / "cities")["estuaire"]
BINDING = ESTUAIRE.bindings["bikes.vehicles"]
VEHICLE = {"vehicle_id": "a1", "lat": 47.2, "lon": -1.5, "is_reserved": False, "is_disabled": False}


def as_read(**said: Any) -> RentalVehicle:
    return rental_vehicle(Row(ESTUAIRE, {**VEHICLE, **said}, BINDING.fields, BINDING))


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_an_operator_is_read_in_every_version(version, tmp_path):
    options = {**BINDING.options, "url": f"https://gbfs.trott.example/{version}/gbfs.json"}
    binding = BINDING.model_copy(update={"options": options})
    city = ESTUAIRE.model_copy(update={"bindings": {"bikes.vehicles": binding}})

    async def main() -> Any:
        inner = httpx.ASGITransport(create_app(World(lambda: NOW)))
        async with httpx.AsyncClient(transport=inner) as client:
            door = Door(client, lambda: NOW, reroute="http://sandbox", folder=tmp_path)
            sources = Sources({"estuaire": city}, door)
            kind = part_of(RentalVehicle, "vehicles")
            assert kind is not None
            found = await sources.collection(kind, "estuaire")
            sources.close()
            return found

    found = asyncio.run(main())

    assert (len(found.items), found.dropped) == (24, 0)
    assert sum(bool(one.available_at(NOW)) for one in found.items) == 22
    named = {one.name for one in found.items}
    if version == "v1":  # which has no types
        assert named == {"Véhicule en libre-service"}
    else:
        assert named == {"Trottinette Trott'", "Vélo"}
        assert sum(one.pricing is not None for one in found.items) == 18


@pytest.mark.parametrize(
    ("said", "available"),
    [
        ({}, True),
        ({"is_reserved": True}, False),
        ({"is_disabled": 1}, False),
        ({"is_disabled": 1, "is_reserved": None}, False),
        ({"is_reserved": None}, None),
        ({"available_until": "2026-11-24T09:05:01Z"}, True),
        ({"available_until": "2026-11-24T09:05:00Z"}, False),
        ({"available_until": "tomorrow"}, True),
    ],
)
def test_whether_one_can_take_it(said, available):
    assert as_read(**said).available_at(NOW) is available


@pytest.mark.parametrize(
    ("percent", "metres", "read_as"),
    [
        (0.5, 1_200.7, (0.5, 1_200)),
        (1, None, (1, None)),
        (85, 1_200, (None, 1_200)),  # of a hundred, perhaps
        (-1, None, None),
        (None, -1, None),
        ("full", "far", None),
    ],
)
def test_what_is_left_is_told_or_unknown(percent, metres, read_as):
    fuel = as_read(current_fuel_percent=percent, current_range_meters=metres).fuel

    assert (fuel and (fuel.percent, fuel.range)) == read_as


def test_one_that_is_nowhere_is_no_vehicle_and_one_at_a_station_is_not_on_the_map():
    docked = as_read(lat=None, lon=None, station_id=86)
    assert docked.station_id == "86"
    assert not docked.on_map()
    assert not as_read(station_id="86").on_map()
    assert as_read().on_map()
    with pytest.raises(ValueError, match="neither"):
        as_read(lat=0, lon=0)


def test_a_price_that_is_not_told_whole_is_none():
    segments = [{"start": 0, "rate": 0.2}, {"start": 0, "rate": 0.2, "interval": 1, "end": 30}, 7]
    vehicle = {**VEHICLE, "pricing_plan_id": "p"}
    plan = {"plan_id": "p", "price": "1.50", "url": "javascript:x", "per_min_pricing": segments}
    files = {"vehicle_status": {"vehicles": [vehicle]}, "system_pricing_plans": {"plans": [plan]}}
    body = httpx.Response(200, json={name: {"data": data} for name, data in files.items()}).content

    [row] = Gbfs(url="https://x", feeds="vehicles").rows(body)
    pricing = rental_vehicle(Row(ESTUAIRE, row, BINDING.fields, BINDING)).pricing

    assert pricing.price == 1.5
    assert pricing.url is pricing.currency is None
    [one] = pricing.per_minute
    assert (one.rate, one.interval, one.end) == (0.2, 1, 30)
    assert pricing.per_kilometre == []


def test_a_kind_that_is_unknown_is_none():
    kind = as_read(vehicle_type={"form_factor": "hoverboard", "propulsion_type": "magic"})
    assert kind.vehicle_type.form_factor is kind.vehicle_type.propulsion_type is None
    assert kind.name == "Véhicule en libre-service"
    moped = as_read(vehicle_type={"form_factor": "moped", "propulsion_type": "electric"})
    assert (moped.name, moped.vehicle_type.form_factor) == ("Scooter", FormFactor.MOPED)

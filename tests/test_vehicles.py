"""Vehicles, through the front door of a city that has them."""

import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage

import cities
from schema.nodes import node_id
from sources.row import Row
from sources.vehicles import vehicle_position
from tests.conftest import NOW

NANTES = cities.load()["nantes"]
TOML = """
    [vehicles]
    protocol = "gtfs_rt"
    name = "Positions"
    url = "https://rt.example/vehicles"
    entities = "vehicle-positions"
    ttl = "20s"
"""
LINE = "FR_NAOLIB:Line:1"


def feed() -> bytes:
    message = FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    now = int(NOW.timestamp())
    for number, (route, age_s) in enumerate([(LINE, 10), (LINE, 601), ("", 0)], 1):
        vehicle = message.entity.add(id=str(number)).vehicle
        vehicle.timestamp = now - age_s
        vehicle.position.latitude, vehicle.position.longitude = 47.25, -1.5
        if route:
            vehicle.trip.route_id = route
            vehicle.vehicle.id = f"tram {number}"
            vehicle.stop_id = "FR_NAOLIB:Quay:94"
            vehicle.current_status = 1
            vehicle.occupancy_status = 0
            vehicle.position.bearing = 0
    return message.SerializeToString()


@pytest.fixture
def town(tmp_path: Path) -> Path:
    nantes = (cities.HERE / "nantes.toml").read_text()
    (tmp_path / "nantes.toml").write_text(nantes + textwrap.dedent(TOML))
    return tmp_path


QUERY = """{
  vehicles { vehicleId route { shortName } }
  route(gtfsId: "FR_NAOLIB:Line:1") {
    vehicles {
      vehicleId label position { lat lon } heading speed updatedAt stopStatus occupancy
      stop { name } route { shortName }
    }
  }
}"""


def test_where_the_trams_of_a_line_are(graphql: Any, replay: Any, town: Path) -> None:
    replay.broken["vehicles"] = lambda _: httpx.Response(200, content=feed())

    answer = graphql(QUERY, cities=town)

    assert answer["data"] == {
        # The second was last heard of ten minutes ago, the third says nothing but where it is.
        "vehicles": [
            {"vehicleId": "tram 1", "route": {"shortName": "1"}},
            {"vehicleId": "3", "route": None},
        ],
        "route": {
            "vehicles": [
                {
                    "vehicleId": "tram 1",
                    "label": None,
                    "position": {"lat": 47.25, "lon": -1.5},
                    "heading": 0.0,
                    "speed": None,
                    "updatedAt": "2026-11-24T10:04:50+01:00",
                    "stopStatus": "STOPPED_AT",
                    "occupancy": "EMPTY",
                    "stop": {"name": "Commerce"},
                    "route": {"shortName": "1"},
                }
            ]
        },
    }


def test_one_line_is_chosen_by_its_id(graphql: Any, replay: Any, town: Path) -> None:
    replay.broken["vehicles"] = lambda _: httpx.Response(200, content=feed())
    variables = {"route": node_id("Route", "nantes", LINE)}
    query = "query ($route: ID) { vehicles(route: $route) { vehicleId } }"

    answer = graphql(query, variables, cities=town)

    assert answer["data"]["vehicles"] == [{"vehicleId": "tram 1"}]


def test_a_city_without_vehicles_says_so(graphql: Any) -> None:
    answer = graphql("{ vehicles { vehicleId } }")

    assert answer["data"] == {"vehicles": None}
    assert answer["errors"][0]["extensions"]["code"] == "NOT_OFFERED"


def test_a_vehicle_without_a_place_is_none() -> None:
    for position in (None, {"latitude": 0.0, "longitude": 0.0}, {"latitude": 91, "longitude": 0}):
        with pytest.raises(ValueError, match="no position"):
            vehicle_position(Row(NANTES, {"id": "1", "position": position}, {}))

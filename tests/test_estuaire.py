"""A made-up commune over the sandbox, for what no city here offers yet, through the front door."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.upstreams import UPSTREAMS, parse
from sandbox.world import World
from tests.conftest import Clock, serving

CITIES = Path(__file__).parent / "cities"
PARTICIPATION = "{ participation { nodes { title proposals { totalCount nodes { votes } } } } }"
SENSORS = """{ sensors(first: 50) { totalCount missing { id state }
  nodes { name kind readings { property value observedAt } } } }"""
VEHICLES = """{ rentalVehicles(first: 50) { totalCount missing { id }
  nodes { id vehicleId reserved disabled vehicleType { formFactor } position { lat } } } }"""


class Counting(httpx.AsyncBaseTransport):
    """Passes calls on, and counts them by source."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.calls: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls[request.extensions["binding"].table] += 1
        return await self._inner.handle_async_request(request)


class Estuaire:
    """Answers queries, those of one call by one server; `calls` are the last server's."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.calls: Counter[str] = Counter()

    def __call__(self, *queries: str, hours: float = 0, faults: tuple[str, ...] = ()) -> Any:
        """The answers, so many hours apart; of one query its answer alone."""

        async def main() -> Any:
            clock = Clock()
            outside = Counting(
                httpx.ASGITransport(create_app(World(clock), faults=map(parse, faults)))
            )
            given = {"upstream": "http://sandbox", "cities": CITIES, "city": "estuaire"}
            async with serving(outside, clock, data=self._data, **given) as server:
                found = []
                for query in queries:
                    found.append(await server.ask(query))
                    clock.advance(hours * 3_600)
            self.calls = outside.calls
            return found if len(found) > 1 else found[0]

        return asyncio.run(main())


@pytest.fixture
def ask(tmp_path):
    return Estuaire(tmp_path)


def test_what_is_open_comes_first(ask):
    query = '{ participation { nodes { title en: title(language: "en-GB") state description } } }'
    nodes = ask(query)["data"]["participation"]["nodes"]

    assert [(one["title"], one["state"]) for one in nodes] == [
        ("Budget participatif", "ACTIVE"),
        ("Plan vélo : vos trajets", "UPCOMING"),
        ("La place du Marché de demain", "PAST"),
    ]
    assert [one["en"] for one in nodes][:2] == [
        "Participatory budget",
        "Cycling plan: your journeys",
    ]
    assert [one["description"] for one in nodes] == [
        "100 000 € pour vos idées.\nDéposez, votez !",
        "Où manque-t-il une piste ?",  # and no script
        "Merci à tous pour vos réponses.",
    ]


def test_only_what_one_can_take_part_in(ask):
    found = ask("{ participation(state: ACTIVE) { totalCount nodes { startDate endDate } } }")

    [one] = found["data"]["participation"]["nodes"]
    assert one == {"startDate": "2026-10-25", "endDate": "2026-12-14"}


def test_every_page_is_read_and_an_error_of_one_row_costs_none(ask):
    found = ask(PARTICIPATION)
    nodes = found["data"]["participation"]["nodes"]

    assert "errors" not in found
    assert [one["proposals"]["totalCount"] for one in nodes] == [6, 0, 1]
    votes = [one["votes"] for one in nodes[0]["proposals"]["nodes"]]
    assert votes == [12, None, 76, 97, 148, 212]  # the latest first
    assert ask.calls == {"participation": 2}  # six proposals, three a page


def test_what_could_not_be_told_is_counted(ask):
    status = "{ sources { id rowsRead rowsDropped state } }"
    _, found = ask(PARTICIPATION, status)

    by_id = {one["id"]: one for one in found["data"]["sources"]}
    assert by_id["estuaire/participation.proposals"]["rowsRead"] == 7
    assert by_id["estuaire/participation.proposals"]["rowsDropped"] == 1


def test_nodes_find_processes_and_proposals_again(ask):
    query = "{ participation(first: 1) { nodes { id proposals(first: 1) { nodes { id } } } } }"
    [process] = ask(query)["data"]["participation"]["nodes"]
    [proposal] = process["proposals"]["nodes"]

    again = f"""{{ nodes(ids: ["{process["id"]}", "{proposal["id"]}"]) {{
      ... on ParticipatoryProcess {{ title }}
      ... on Proposal {{ title body answer state street position {{ lat lon }} process {{ slug }} }}
    }} }}"""
    assert ask(again)["data"]["nodes"] == [
        {"title": "Budget participatif"},
        {
            "title": "Un manège gratuit toute l'année",
            "body": "Un manège gratuit toute l'année, pour que chacun en profite.\nMerci !",
            "answer": None,
            "state": "REJECTED",
            "street": None,
            "position": None,
            "process": {"slug": "budget-participatif"},
        },
    ]


def test_sensors_tell_what_they_measure_in_one_unit(ask):
    nodes = ask(SENSORS)["data"]["sensors"]["nodes"]
    readings = {(one["kind"], one["name"]): one["readings"] for one in nodes}

    assert Counter(one["kind"] for one in nodes) == {
        "waste_container": 6,
        "noise": 4,
        "air_sensor": 2,
    }
    air = {one["property"]: one["value"] for one in readings["air_sensor", "Place du Marché"]}
    assert air.keys() == {"NO2", "CO", "PM10", "TEMPERATURE", "HUMIDITY"}
    assert 200 <= air["CO"] <= 400  # the broker has it in mg/m³
    assert {one["property"] for one in readings["noise", "Gare"]} == {"NOISE_LEVEL", "NOISE_PEAK"}
    assert readings["waste_container", "Quai de Loire"] == []


def test_a_reading_that_is_no_news_any_more_is_no_value(ask):
    nodes = ask(SENSORS)["data"]["sensors"]["nodes"]

    [silent] = [one for one in nodes if one["name"] == "Rue des Lilas" and one["kind"][0] == "w"]
    [reading] = silent["readings"]
    assert reading["value"] is None
    assert reading["observedAt"] == "2026-11-23T10:00:00+01:00"


def test_sensors_are_on_the_map_and_found_again(ask):
    found = ask(
        """{ nearest(lat: 47.2861, lon: -1.7521, kinds: ["noise"], within: 50) {
          nodes { place { id kind name ... on Sensor { sensorId } } } }
          city { kinds { word label } } }"""
    )["data"]
    [place] = [node["place"] for node in found["nearest"]["nodes"]]

    assert place["sensorId"] == "urn:ngsi-ld:NoiseLevelObserved:001"
    assert {"word": "noise", "label": "Niveaux sonores"} in found["city"]["kinds"]
    again = f'{{ node(id: "{place["id"]}") {{ ... on Sensor {{ name kind }} }} }}'
    assert ask(again)["data"]["node"] == {"name": "Place du Marché", "kind": "noise"}


def test_only_containers_that_have_room_are_available(ask):
    query = """{ nearest(lat: 47.2861, lon: -1.7521, kinds: ["waste_container"], within: 5000,
      available: true, first: 20) { nodes { place { name } } } }"""
    names = {node["place"]["name"] for node in ask(query)["data"]["nearest"]["nodes"]}

    assert "Place du Marché" in names
    assert "Rue des Lilas" not in names  # silent since yesterday
    assert "Quai de Loire" not in names  # does not know


def test_vehicles_stand_anywhere_but_those_at_a_station(ask):
    found = ask(VEHICLES)["data"]["rentalVehicles"]

    assert found["totalCount"] == len(found["nodes"]) == 23
    assert all(one["position"] for one in found["nodes"])
    forms = Counter(one["vehicleType"]["formFactor"] for one in found["nodes"])
    assert forms == {"SCOOTER_STANDING": 17, "BICYCLE": 6}
    assert ask.calls == {"bikes.vehicles": 4}


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("available: true", 21),
        ("available: false", 2),
        ("formFactors: [BICYCLE]", 6),
        ("formFactors: [CAR, MOPED]", 0),
        ("near: { lat: 48.9, lon: 2.3 }", 0),
    ],
)
def test_vehicles_as_asked_for(asked, count, ask):
    found = ask(f"{{ rentalVehicles({asked}) {{ totalCount }} }}")

    assert found["data"]["rentalVehicles"]["totalCount"] == count


def test_a_vehicle_has_another_id_after_its_ride(ask):
    before, after = ask(VEHICLES, VEHICLES, hours=7)

    ids = [
        {one["id"] for one in answer["data"]["rentalVehicles"]["nodes"]}
        for answer in (before, after)
    ]
    assert not ids[0] & ids[1]
    gone = f'{{ node(id: "{min(ids[0])}") {{ id }} }}'
    _, later = ask(VEHICLES, gone, hours=7)
    assert later["data"]["node"] is None
    assert "errors" not in later


def test_what_a_vehicle_costs_and_how_far_it_goes(ask):
    query = """{ rentalVehicles(first: 1, formFactors: [SCOOTER_STANDING], available: true) {
      nodes { name fuel { percent range } pricing { name price currency description
      perMinute { start rate interval end } perKilometre { rate } }
      rentalUris { android web } source { id licence } } } }"""
    [one] = ask(query)["data"]["rentalVehicles"]["nodes"]

    assert one["name"] == "Trottinette Trott'"
    assert 0 < one["fuel"]["percent"] <= 1
    assert 3_000 <= one["fuel"]["range"] <= 30_000
    assert one["pricing"] == {
        "name": "À la minute",
        "price": 1.0,
        "currency": "EUR",
        "description": "1 € pour déverrouiller, puis 0,23 € la minute.",
        "perMinute": [{"start": 0.0, "rate": 0.23, "interval": 1.0, "end": None}],
        "perKilometre": [],
    }
    assert one["rentalUris"]["android"].startswith("https://trott.example/")
    assert one["rentalUris"]["web"] is None
    assert one["source"] == {"id": "estuaire/bikes.vehicles", "licence": "CC-BY-4.0"}


PARKINGS = """{ parkings { nodes { name state availability { carSpaces }
  capacity { carSpaces wheelchairAccessibleCarSpaces } } } }"""


def test_car_parks_are_described_in_one_file_and_counted_in_another(ask):
    nodes = ask(PARKINGS)["data"]["parkings"]["nodes"]
    found = {one["name"]: one for one in nodes}

    assert {name: one["state"] for name, one in found.items()} == {
        "Parking Gare": "OPEN",
        "Parking Mairie": "OPEN",
        "Parking Stade": "CLOSED",
        "Parking du Marché": "OPEN",
    }
    assert ask.calls == {"parkings": 2}
    gare = found["Parking Gare"]  # which only tells how many are taken
    assert 0 < gare["availability"]["carSpaces"] < 320
    assert gare["capacity"] == {"carSpaces": 320, "wheelchairAccessibleCarSpaces": 8}
    assert found["Parking Stade"]["availability"] is None


@pytest.mark.parametrize(
    "query",
    [
        '{ sensors(kinds: ["waste_container"]) { nodes { readings { value } } } }',
        """{ nearest(lat: 47.2861, lon: -1.7521, kinds: ["waste_container"], within: 5000,
          available: true) { nodes { place { name } } } }""",
    ],
)
def test_an_answer_holds_no_longer_than_its_readings(query, tmp_path):
    """The sandbox tells them every ten minutes; the city takes them for news for two hours."""

    async def main() -> str:
        clock = Clock()
        outside = httpx.ASGITransport(create_app(World(Clock())))
        given = {"upstream": "http://sandbox", "cities": CITIES, "city": "estuaire"}
        async with serving(outside, clock, data=tmp_path, **given) as server:
            await server.ask(query)
            clock.advance(6_900 - 60)  # read at 10:05, of 10:00: a minute before the two hours
            asked = {"params": {"query": query}, "headers": {"x-poche-csrf": "1"}}
            answer = await server.client.get("/graphql", **asked)
            return answer.headers["cache-control"]

    assert "max-age=60" in asyncio.run(main())


BROKEN = (
    *("parkings", "participation", "bikes.vehicles", "pollen", "reports", "reports.services"),
    *("sensors.waste_container", "sensors.noise", "sensors.air_sensor"),
)
FIELDS = {
    "parkings": "{ totalCount }",
    "participation": "{ totalCount }",
    "sensors": '(kinds: ["noise"]) { totalCount }',
    "rentalVehicles": "{ totalCount }",
    "pollen": '(commune: "44109") { index }',
    "reports": "{ totalCount }",
    "reportServices": "{ code }",
}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("500", "UNAVAILABLE"),
        ("reset", "UNAVAILABLE"),
        ("403", "REFUSED"),
        ("429:60", "REFUSED"),
        ("html", "CHANGED"),
        ("blank", "CHANGED"),
        ("truncated", "CHANGED"),
        ("wrong_columns", "CHANGED"),
    ],
)
def test_bad_days(kind, code, ask, monkeypatch):
    monkeypatch.setenv("POCHE_KEY_ESTUAIRE_POLLEN", "someone:secret")
    query = f"{{ {' '.join(name + asked for name, asked in FIELDS.items())} }}"
    names = [f"estuaire.{one}" for one in BROKEN]
    broken = [name if name in UPSTREAMS else name.removeprefix("estuaire.") for name in names]
    found = ask(query, faults=tuple(f"{name}={kind}" for name in broken))

    assert found["data"] == dict.fromkeys(FIELDS)
    errors = {error["path"][0]: error["extensions"] for error in found["errors"]}
    assert {name: (one["code"], one["city"]) for name, one in errors.items()} == dict.fromkeys(
        FIELDS, (code, "estuaire")
    )


def test_one_kind_of_sensor_that_is_down_is_missing_and_the_others_are_there(ask):
    found = ask(SENSORS, faults=("estuaire.sensors.noise=500",))["data"]["sensors"]

    assert found["missing"] == [{"id": "estuaire/sensors.noise", "state": "DOWN"}]
    assert {one["kind"] for one in found["nodes"]} == {"waste_container", "air_sensor"}


@pytest.mark.parametrize("field", ["participation", "sensors", "rentalVehicles"])
def test_other_cities_do_not_offer_it(field, graphql):
    found = graphql(f"{{ {field} {{ totalCount }} }}")

    assert found["data"] == {field: None}
    assert found["errors"][0]["extensions"]["code"] == "NOT_OFFERED"

"""NGSI: one state of an entity, in whichever of its writings it comes; pages that add up."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

import cities
from cities import Binding, Column
from schema.sensors import SensorProperty
from sources.protocols import Reply
from sources.protocols.ngsi_ld import NgsiLd
from sources.row import Row
from sources.sensors import sensor
from tests.asked import broken, read

NANTES = cities.load()["nantes"]
NOISE = NgsiLd(url="https://broker.example/", type="NoiseLevelObserved", tenant="ville")
POINT = {"type": "Point", "coordinates": [-1.55, 47.21]}
WRITTEN = {
    "normalized": {
        "location": {"type": "GeoProperty", "value": POINT},
        "LAeq": {
            "type": "Property",
            "value": 61.5,
            "observedAt": "2026-11-24T09:00:00Z",
            "unitCode": "2N",
        },
        "near": {"type": "Relationship", "object": "urn:x"},
    },
    "concise": {
        "location": POINT,
        "LAeq": {"value": 61.5, "observedAt": "2026-11-24T09:00:00Z", "unitCode": "2N"},
        "near": {"object": "urn:x"},
    },
    "several": {
        "location": [{"type": "GeoProperty", "value": POINT, "datasetId": "urn:gps"}],
        "LAeq": [
            {"type": "Property", "value": 1, "datasetId": "urn:raw"},
            {"type": "Property", "value": 61.5, "observedAt": "2026-11-24T09:00:00Z"},
        ],
        "near": "urn:x",
    },
    "keyValues": {
        "location": POINT,
        "LAeq": 61.5,
        "dateObserved": "2026-11-24T09:00:00Z",
        "near": "urn:x",
    },
    "v2": {
        "location": {"type": "geo:json", "value": POINT, "metadata": {}},
        "LAeq": {
            "type": "Number",
            "value": 61.5,
            "metadata": {
                "TimeInstant": {"type": "DateTime", "value": "2026-11-24T09:00:00.00Z"},
                "unitCode": {"type": "Text", "value": "2N"},
            },
        },
        "near": {"type": "Relationship", "value": "urn:x"},
    },
    "typed": {
        "location": {"type": "GeoProperty", "value": POINT},
        "LAeq": {"type": "Property", "value": 61.5},
        "dateObserved": {
            "type": "Property",
            "value": {"@type": "DateTime", "@value": "2026-11-24T09:00:00Z"},
        },
        "near": {"type": "Relationship", "object": "urn:x"},
    },
}


def binding(**fields: str) -> Binding:
    return Binding(
        city="nantes",
        service="sensors",
        part="noise",
        protocol="ngsi_ld",
        name="x",
        fields={name: Column(column=column) for name, column in fields.items()},
        live_for=1_800,
    )


COLUMNS = binding(position="location", noise="LAeq", observed="dateObserved", fill="level")


def as_read(row: Mapping[str, Any], columns: Binding = COLUMNS) -> Any:
    return sensor(Row(NANTES, row, columns.fields, columns))


def entity(**attributes: Any) -> dict[str, Any]:
    return {"id": "urn:ngsi-ld:Noise:7", "type": "NoiseLevelObserved", **attributes}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_state_is_the_same_however_it_is_written(way):
    [row] = NOISE.rows(json.dumps([entity(**WRITTEN[way])]).encode())
    assert row["near"] == "urn:x"

    found = as_read(row)
    assert found.name == "7"
    assert (found.position.lat, found.position.lon) == (47.21, -1.55)
    [one] = found.observations
    assert (one.property, one.value) == (SensorProperty.NOISE_LEVEL, 61.5)
    assert one.at.isoformat() == "2026-11-24T10:00:00+01:00"
    assert found.live_for == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("value", "unit", "read_as"),
    [
        (0.5, None, 0.5),
        (0.5, "C62", 0.5),
        (50, "P1", 0.5),
        (0, None, 0.0),
        ("1", None, 1.0),
        (50, None, None),  # nobody says that these are percents
        (-1, None, None),
        (0.5, "KGM", None),
        (True, None, None),
        (None, None, None),
        ("nan", None, None),
        ([0.5], None, None),
    ],
)
def test_a_value_is_in_its_own_unit_or_none(value, unit, read_as):
    level = {"type": "Property", "value": value} | ({"unitCode": unit} if unit else {})
    [row] = NOISE.rows(json.dumps([entity(level=level)]).encode())

    values = [one.value for one in as_read(row).observations]
    assert values == ([] if read_as is None else [read_as])


def test_milligrams_are_a_thousand_micrograms():
    columns = binding(co="co", no2="no2")
    carbon = {"type": "Property", "value": 0.25, "unitCode": "GP"}
    nitrogen = {"type": "Property", "value": 25, "unitCode": "GQ"}
    [row] = NOISE.rows(json.dumps([entity(co=carbon, no2=nitrogen)]).encode())

    found = {one.property: one.value for one in as_read(row, columns).observations}
    assert found == {SensorProperty.CO: 250, SensorProperty.NO2: 25}


class Broker:
    """Replies in order, each with a count; `calls` are (url, parameters, headers)."""

    now = None

    def __init__(self, header: str, *replies: tuple[bytes, int | None]) -> None:
        self._header = header
        self._replies = iter(replies)
        self.calls: list[tuple[str, Any, Any]] = []

    async def get(self, url: str, params: Any, headers: Any, *, whole: bool = False) -> Reply:
        self.calls.append((url, params, headers))
        body, count = next(self._replies)
        return Reply(body, {} if count is None else {self._header: str(count)})


def page(count: int) -> bytes:
    return json.dumps([entity()] * count).encode()


def fetched(speaks: NgsiLd, header: str, *replies: tuple[bytes, int | None]) -> tuple[int, Any]:
    broker = Broker(header, *replies)
    body = asyncio.run(speaks.fetch(broker))
    return len(list(speaks.rows(body))), broker.calls


@pytest.mark.parametrize("counted", [True, False])
def test_all_pages_are_read(counted):
    pages = [(page(1_000), 2_500), (page(1_000), 2_500), (page(500), 2_500)]
    given = [(body, count if counted else None) for body, count in pages]
    rows, calls = fetched(NOISE, "ngsild-results-count", *given)

    assert rows == 2_500
    assert [params["offset"] for _, params, _ in calls] == ["0", "1000", "2000"]
    assert {params["limit"] for _, params, _ in calls} == {"1000"}


def test_what_is_asked_and_of_whom():
    speaks = NOISE.model_copy(update={"context": "https://c.example/c.jsonld", "q": "LAeq>40"})
    _, [(url, params, headers)] = fetched(speaks, "ngsild-results-count", (page(1), 1))

    assert url == "https://broker.example/ngsi-ld/v1/entities"
    assert params["type"] == "NoiseLevelObserved"
    assert (params["q"], params["count"]) == ("LAeq>40", "true")
    assert headers["ngsild-tenant"] == "ville"
    assert headers["link"].startswith('<https://c.example/c.jsonld>; rel="http://www.w3.org/ns/')


def test_its_elder_is_asked_in_its_own_words():
    speaks = NOISE.model_copy(update={"version": "v2", "service_path": "/bruit"})
    _, [(url, params, headers)] = fetched(speaks, "fiware-total-count", (page(3), 3))

    assert url == "https://broker.example/v2/entities"
    assert params["options"] == "count"
    assert "count" not in params
    assert headers["fiware-service"] == "ville"
    assert headers["fiware-servicepath"] == "/bruit"


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([(page(3), 5), (page(0), 5)], "3 entities, where 5 were counted"),
        ([(page(3), 2)], "3 entities, where 2 were counted"),
        ([(page(1_000), 20_001)], "more than 20000"),
        ([(b"{}", 1)], "no entities"),
        ([(b"<html>", None)], "no entities"),
    ],
)
def test_some_of_them_are_none(replies, said):
    with pytest.raises(ValueError, match=said):
        fetched(NOISE, "ngsild-results-count", *replies)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"type": "x", "title": "Too broad query", "detail": "Need q"}', "Too broad query: Need"),
        (b'{"error": "BadRequest", "description": "limit"}', "BadRequest: limit"),
        (b"{}", "{}"),
        (b"oops", "oops"),
    ],
)
def test_a_problem_is_told_in_the_brokers_words(body, said):
    assert NOISE.complaint(body).startswith(said)


SOUND = json.dumps([entity(**attributes) for attributes in WRITTEN.values()]).encode()


@given(broken(SOUND))
@settings(max_examples=400, deadline=None)
def test_whatever_comes_is_rows_or_refused(body):
    for row in read(NOISE, body) or ():
        try:
            as_read(row)
        except ValueError:
            continue

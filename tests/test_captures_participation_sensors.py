"""Decidim's own examples, and those of the smart data models, in every writing there is.

Run with `-rP` to see how many rows of which file were read.
"""

from pathlib import Path
from typing import Any

import pytest

import cities
from cities import Binding
from schema.sensors import SensorProperty
from sources.participation import participatory_process, proposal
from sources.protocols.graphql import Graphql
from sources.protocols.ngsi_ld import NgsiLd
from sources.reading import read_all, reader_of
from sources.row import Row

SAMPLES = Path(__file__).parents[1].parent / "shared/samples/standards"
DECIDIM, NGSI = SAMPLES / "decidim", SAMPLES / "ngsi"
ESTUAIRE = cities.load(Path(__file__).parent / "cities")["estuaire"]
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")


def rows(name: str, path: str) -> list[dict[str, Any]]:
    speaks = Graphql(url="https://x", document="{ a }", path=path)
    found = [dict(row) for row in speaks.rows((DECIDIM / f"{name}.json").read_bytes())]
    print(f"{name}: {len(found)} rows at {path}")
    return found


def test_processes_are_read_where_their_slug_is_their_id():
    binding = ESTUAIRE.bindings["participation"]
    fields = {**binding.fields, "id": binding.fields["slug"]}
    found = [
        participatory_process(Row(ESTUAIRE, row, fields))
        for row in rows("participatoryProcesses", "participatoryProcesses")
    ]

    assert [(one.local_id, one.title()) for one in found] == [
        ("consectetur-at", "Soluta consectetur quos fugit aut."),
        ("nostrum-earum", "Porro hic ipsam cupiditate reiciendis."),
    ]


@pytest.mark.parametrize(
    ("name", "path", "ids"),
    [
        ("participatoryProcess", "participatoryProcess", [None]),
        ("component", "component", ["2"]),
        ("assembly.components", "assembly.components", ["42", "38", "37", "39"]),
        ("assembly.proposals", "assembly.components.proposals", ["35", "33"]),
        ("assembly.proposals.page2", "assembly.components.proposals", ["32", "31"]),
        ("version", "decidim", [None]),
    ],
)
def test_every_answer_falls_into_rows(name, path, ids):
    assert [row.get("id") for row in rows(name, path)] == ids


def test_a_proposal_knows_its_component_and_nobody_who_likes_it():
    [first, _] = rows("assembly.proposals", "assembly.components.proposals")
    assert first["components"]["id"] == "39"
    assert first["likes"]

    fields = ESTUAIRE.bindings["participation.proposals"].fields
    read = proposal(Row(ESTUAIRE, {**first, "title": {"translation": "<b>Un banc</b>"}}, fields))
    assert read.title() == "Un banc"
    liked = first["likes"][0]["name"]
    assert liked not in repr(read)


EXAMPLES = sorted(NGSI.glob("*.json*"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_entity_has_plain_values_and_a_place_if_it_says_one(path):
    [row] = NgsiLd(url="https://x", type="x").rows(b"[%s]" % path.read_bytes())
    print(f"{path.name}: {len(row)} attributes")

    assert isinstance(row["id"], str)
    assert row["type"] == path.name.partition(".")[0] or row["type"].lower() in path.name.lower()
    for name, value in row.items():
        if name not in ("unitCode", "observedAt"):
            assert not (isinstance(value, dict) and {"type", "value"} <= value.keys()), name
    if "location" in row:
        position = Row(ESTUAIRE, row, {}).find_position("location")
        assert position is not None or row["location"]["type"] != "Point"


def sensors(part: str, example: str) -> Any:
    binding: Binding = ESTUAIRE.bindings[f"sensors.{part}"]
    reader = reader_of(binding.table)
    body = b"[%s]" % (NGSI / example).read_bytes()
    [found], dropped = read_all(
        reader, NgsiLd(url="https://x", type="x").rows(body), ESTUAIRE, binding
    )
    assert dropped == 0
    return found


WAYS = ("example.json", "example.jsonld", "example-normalized.json", "example-normalized.jsonld")


@pytest.mark.parametrize("way", WAYS)
def test_noise_is_the_same_in_every_writing(way):
    found = sensors("noise", f"NoiseLevelObserved.{way}")

    values = {one.property: one.value for one in found.observations}
    assert values == {SensorProperty.NOISE_LEVEL: 67.8, SensorProperty.NOISE_PEAK: 94.5}
    assert (found.position.lat, found.position.lon) == (42.8491, -2.698)
    assert found.updated_at.isoformat() == "2016-12-28T13:00:00+01:00"


@pytest.mark.parametrize("way", WAYS)
def test_air_is_the_same_in_every_writing_but_for_what_is_not_in_it(way):
    found = sensors("air_sensor", f"AirQualityObserved.{way}")

    values = {one.property: one.value for one in found.observations}
    carbon = 500_000 if "normalized" in way else 500  # only there is it said to be milligrams
    expected = {
        SensorProperty.NO: 45,
        SensorProperty.SO2: 11,
        SensorProperty.CO: carbon,
        SensorProperty.TEMPERATURE: 12.2,
        SensorProperty.HUMIDITY: 0.54,
    }
    if way != "example.json":  # which has `co2` for it
        expected[SensorProperty.NO2] = 69
    assert values == expected
    assert found.updated_at is None  # an hour without its offset is no instant


@pytest.mark.parametrize("way", WAYS)
def test_a_container_that_does_not_say_how_full_it_is_says_nothing(way):
    found = sensors("waste_container", f"WasteContainer.{way}")

    assert found.observations == ()
    assert found.position is not None
    assert found.name == "AAWD"

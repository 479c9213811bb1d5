"""Waste: what a street's rows say of a house number, and what is shown where they do not."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cities
from sandbox.app import create_app
from sandbox.world import World
from schema.waste import Days, WasteStream, Weeks
from sources.house_numbers import Number, numbers, split
from sources.protocols.opendatasoft import Opendatasoft
from sources.row import Row
from sources.waste import collection_round, days, sorting_advice, street_key
from tests.conftest import Clock, failing, serving

CITIES = cities.load()
SAMPLES = Path(__file__).parents[1].parent / "shared/samples/nantes/ods-dechets"
BINS = """query ($city: String!, $address: String!) {
  collections(city: $city, address: $address) {
    address { label }
    streams { stream certainty weekdays weeks asGiven appliesTo notes dropOff nextDates { date } }
  }
}"""


def row(table: str, city: str = "nantes", **raw: Any) -> Row:
    binding = CITIES[city].bindings[table]
    return Row(CITIES[city], raw, binding.fields, binding)


def streams(address: str, city: str = "nantes") -> list[dict[str, Any]] | None:
    """What is collected at an address, in the sandbox's city."""

    async def main() -> Any:
        clock = Clock()
        outside = httpx.ASGITransport(create_app(World(clock)))
        async with serving(outside, clock, upstream="http://sandbox") as server:
            return await server.ask(BINS, {"city": city, "address": address})

    answer = asyncio.run(main())
    assert "errors" not in answer
    found = answer["data"]["collections"]
    return None if found is None else found["streams"]


# House numbers: what each sentence says of the numbers that follow (all but the last from 2013)

SENTENCES = [
    ("les numéros 42 et 44", "42 44", "43 12 46", ""),
    ("tous les numéros sauf 42 et 44", "43 12", "42 44", ""),
    ("à partir des numéros 75 et 82", "75 82 77 84 75b", "73 80 1", ""),
    ("à partir des numeros 81 et 64B", "81 64b 66", "64 79", ""),
    ("jusqu'aux numéros 65 et 62", "65 62 1 2", "67 64", "62b"),
    ("à partir du numero 49 et jusqu'au numero 36B", "49 51 36 36b 2", "47 38", ""),
    ("jusqu'au numero 47 et à partir du numero 38", "47 1 38 100", "49 36", ""),
    ("des numéros 33 à 81 et 36 à 78", "33 81 36 78 51", "31 83 34 80", ""),
    ("les numéros 29-31-32 et à partir des numéros 93 et 80", "29 32 93 80 99", "33 78 91", ""),
    ("numeros 1-1B-1T-2-2B", "1 1b 1ter 2 2bis", "3 2ter", ""),
    ("côté impair", "1 99", "2 98", ""),
    ("tous les numéros pairs", "2", "1", ""),
    ("à partir du numéro 20", "20 22", "18", "19 21"),
    ("du 1 au 15", "1 15 7", "17", "2 8"),
]


@pytest.mark.parametrize(("sentence", "meant", "others", "untold"), SENTENCES)
def test_house_numbers(sentence: str, meant: str, others: str, untold: str) -> None:
    found = numbers(sentence)
    assert found is not None
    for written, about in ((meant, True), (others, False), (untold, None)):
        for one in written.split():
            number, _ = split(f"{one} rue Noire")
            assert number is not None
            assert found.has(number) is about, one


@pytest.mark.parametrize(
    "sentence",
    [
        "les numéros 4-8",  # these two, or all between?
        "du 1 au 10",  # both sides, or one?
        "numéros impairs à partir du 45",
        "numéros impairs 33 à 81",
        "à partir du 80 et les numéros 29-31",
        "à partir du 45 et 47",
        "le reste de la rue",
        "entre le pont et le numéro 12",
        "9 à 3",
        "à partir",
        "sauf 12",
        "…",
    ],
)
def test_what_can_be_taken_for_something_else_is_not_read(sentence: str) -> None:
    assert numbers(sentence) is None


@given(st.text(max_size=60) | st.from_regex(r"(à partir |jusqu'|du |sauf |\d+B? |et |à ){1,8}"))
def test_no_sentence_breaks_it(sentence: str) -> None:
    found = numbers(sentence)
    assert found is None or found.has(Number(12, "b")) in (True, False, None)


# Days


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mardi et vendredi", Days((1, 4))),
        ("lundi - mercredi - vendredi", Days((0, 2, 4))),
        ("LUNDI, jeudi", Days((0, 3))),
        ("merc_sem_paires", Days((2,), Weeks.EVEN)),
        ("le mardi des semaines impaires", Days((1,), Weeks.ODD)),
        ("mixte : voir précisions", None),
        ("lundi soir", None),
        ("lundi et mercredi semaines paires", None),
        ("semaines paires", None),
        ("pair lundi", None),
    ],
)
def test_days(text: str, found: Days | None) -> None:
    assert days(text) == found


def test_weeks_are_those_of_the_calendar_on_the_wall() -> None:
    odd = Days((2,), Weeks.ODD)
    wednesdays = [date(2026, 12, 23), date(2026, 12, 30), date(2027, 1, 6)]  # weeks 52, 53, 1
    assert [odd.on(day) for day in wednesdays] == [False, True, True]


# Streets


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Bd du Gal-de-Gaulle", "Boulevard Général de Gaulle"),
        ("AV. ST-AIGNAN", "Avenue Saint Aignan"),
        ("Rue de l’Île d'Yeu", "rue ile d'yeu"),
        ("Rue du Dr Zamenhof", "Rue Docteur Zamenhof"),
        ("Pl. du Cœur", "PLACE COEUR"),
    ],
)
def test_a_street_is_found_however_it_is_spelt(ours: str, theirs: str) -> None:
    assert street_key(ours) == street_key(theirs)


def test_streets_of_other_names_are_not_mixed_up() -> None:
    assert street_key("Rue Bernard") != street_key("Passage Bernard")
    assert street_key("Rue Bernard") != street_key("Rue Claude Bernard")


# Through the front door


@pytest.mark.parametrize(
    ("number", "household"),
    [("2 ", "mardi et vendredi"), ("82, ", "lundi et jeudi"), ("75B ", "lundi et jeudi")],
)
def test_each_house_number_has_its_own_days(number: str, household: str) -> None:
    """The geocoder knows number 2 only: the others are read as they were typed."""
    found = streams(f"{number}bd st-aignan nantes")
    assert found is not None
    assert [one["stream"] for one in found] == ["HOUSEHOLD", "RECYCLING"]
    assert found[0]["asGiven"] == household
    assert {one["certainty"] for one in found} == {"CERTAIN"}


def test_a_street_that_is_parted_has_all_its_days() -> None:
    found = streams("boulevard saint-aignan")
    assert found is not None
    assert {one["certainty"] for one in found} == {"POSSIBLE"}
    assert {one["appliesTo"] for one in found} == {
        "à partir des numéros 75 et 82",
        "jusqu'aux numéros 65 et 62",
    }
    assert streams("70 boulevard saint-aignan") == []  # neither up to 62, nor from 82 on


def test_bags_that_go_with_the_others_have_their_days() -> None:
    street = streams("boulevard saint-aignan")
    with_blue = [one for one in street or () if one["asGiven"] == "_voir bac bleu"]
    assert [one["weekdays"] for one in with_blue] == [["MONDAY", "THURSDAY"]]


def test_what_cannot_be_read_is_shown_as_given() -> None:
    household = [one for one in streams("rue de Strasbourg") or () if one["stream"] == "HOUSEHOLD"]
    unread = next(one for one in household if one["asGiven"].startswith("mixte"))
    assert (unread["weekdays"], unread["nextDates"], unread["weeks"]) == (None, [], None)
    assert unread["notes"].startswith("jusqu'aux numeros 39 et 58 : mardi/vendredi")
    assert {one["certainty"] for one in household} == {"POSSIBLE"}


def test_where_one_takes_it_oneself_no_day_is_told() -> None:
    [column] = streams("place Royale") or ()
    assert (column["dropOff"], column["weekdays"], column["nextDates"]) == (True, [], [])


def test_a_street_that_is_not_listed_has_no_streams_and_no_address_is_null() -> None:
    assert streams("île de Versailles") == []
    assert streams("rue de nulle part") is None


def test_an_entrance_has_the_days_of_its_area() -> None:
    found = streams("21 rue sainte catherine", "bordeaux")
    assert found is not None
    assert [(one["stream"], one["weekdays"], one["certainty"]) for one in found] == [
        ("HOUSEHOLD", ["MONDAY", "WEDNESDAY", "FRIDAY"], "CERTAIN"),
        ("RECYCLING", ["TUESDAY"], "CERTAIN"),
    ]
    street = streams("rue sainte catherine", "bordeaux")  # which goes on into other areas
    assert {one["certainty"] for one in street or ()} == {"POSSIBLE"}


def test_the_days_are_told_without_the_calendar(replay) -> None:
    replay.broken["calendar"] = failing
    query = '{ collections(address: "10 rue Crébillon") { streams { nextDates(first: 1) '
    query += "{ date publicHoliday } } } }"

    async def main() -> Any:
        async with serving(httpx.MockTransport(replay)) as server:
            return await server.ask(query)

    answer = asyncio.run(main())
    [stream] = answer["data"]["collections"]["streams"]
    assert stream["nextDates"] == [{"date": "2026-11-25", "publicHoliday": None}]
    assert [error["extensions"]["source"] for error in answer["errors"]] == ["nantes/calendar"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("des ampoules", ["Ampoule"]),
        ("epluchure", ["Épluchures"]),
        ("verre bouteille", ["Bouteille en verre"]),
        ("medicamments", ["Médicaments"]),
        ("de la", []),
        ("fusée", []),
    ],
)
def test_the_sorting_guide_knows_what_is_meant(text: str, names: list[str], graphql) -> None:
    query = "query ($text: String!) { sortingGuide(text: $text) { name } }"
    answer = graphql(query, {"text": text})
    assert [one["name"] for one in answer["data"]["sortingGuide"]] == names


# Rows


def test_an_area_that_is_none_is_dropped() -> None:
    ring = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]  # crosses itself: mended
    bow = {"type": "Polygon", "coordinates": [ring]}
    about = {"commune": "Bordeaux", "type": "OM", "jour_col": ["LUNDI"]}
    found = collection_round(row("waste", "bordeaux", **about, geo_shape=bow))
    assert found is not None
    assert found.area is not None
    assert found.area.is_valid
    for shape in (
        {"type": "Polygon", "coordinates": [[[0, 0], [1]]]},
        {"type": "Polygon", "coordinates": "x"},
        {"type": "Point", "coordinates": [0, 0]},
        "POLYGON EMPTY",
    ):
        with pytest.raises((ValueError, TypeError)):
            collection_round(row("waste", "bordeaux", **about, geo_shape=shape))


def test_a_type_of_waste_that_the_city_does_not_name_is_left_out() -> None:
    about = {"commune": "Bordeaux", "type": "ENC", "jour_col": ["LUNDI"]}
    assert collection_round(row("waste", "bordeaux", **about)) is None


def test_days_as_a_list_are_one_text() -> None:
    about = {"commune": "Bordeaux", "type": "OM", "jour_col": ["LUNDI", "JEUDI"]}
    found = collection_round(row("waste", "bordeaux", **about))
    assert found is not None
    said = found.streams[WasteStream.HOUSEHOLD]
    assert (said.words, said.days) == ("lundi, jeudi", Days((0, 3)))


@pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")
def test_the_captured_advice() -> None:
    [file] = SAMPLES.glob("*jeter-dechet*")
    body = b'{"records": [%s]}' % file.read_bytes()
    [raw] = Opendatasoft(url="https://data.example", dataset="x").rows(body)
    found = sorting_advice(row("waste.sorting", **json.loads(json.dumps(raw))))
    assert (found.name, found.goes_to) == ("Arrosoir", "En déchèterie ou écopoint")
    assert found.comment == 'A déposer dans la benne "autres déchets"'

"""Addresses, holidays and air as the nation's services really publish them.

What opening hours mean by holidays (`Calendar`, out of libraries) is held against them, too.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import cities
from schema.addresses import AddressKind
from sources.addresses import address_match
from sources.air import air_reading
from sources.calendar import Calendar, public_holiday, school_holidays
from sources.protocols.geocoding import Geocoding
from sources.protocols.jours_feries import JoursFeries
from sources.protocols.opendatasoft import Opendatasoft
from sources.protocols.wfs import Wfs
from sources.row import Row

SAMPLES = Path(__file__).parents[1].parent / "shared/samples/standards"
CITIES = cities.load()
BORDEAUX = CITIES["bordeaux"]
HOLIDAYS = JoursFeries(url="https://calendrier.example/x.json")
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")


def bound(table: str, raw: Any, city: Any = BORDEAUX) -> Row:
    return Row(city, raw, city.bindings[table].fields)


def sample(path: str) -> bytes:
    return (SAMPLES / path).read_bytes()


@pytest.mark.parametrize(
    ("file", "insee", "kept", "of"),
    [
        ("search.5-features.json", "75056", ["21 Rue des Ardennes 75019 Paris"], 5),
        ("geopf.search.one.json", "93063", ["Rue de Romainville 93230 Romainville"], 1),
        ("reverse.one.json", "34172", ["Place Chabaneau 34000 Montpellier"], 1),
    ],
)
def test_addresses(file: str, insee: str, kept: list[str], of: int) -> None:
    rows = list(Geocoding(url="https://data.geopf.fr/geocodage").rows(sample(f"ban/{file}")))
    city = BORDEAUX.model_copy(update={"communes": {insee: "Here"}})
    found = [address_match(bound("addresses", row, city)) for row in rows]
    assert len(rows) == of
    assert [one.label for one in found if one] == kept
    [match] = [one for one in found if one]
    assert match.address.insee == insee
    number = match.label.startswith("21")
    assert match.kind is (AddressKind.HOUSE_NUMBER if number else AddressKind.STREET)
    assert match.address.street == match.label.split(f" {match.address.postcode}")[0]


@pytest.mark.parametrize(("zone", "region"), [("metropole", None), ("alsace-moselle", "57")])
def test_public_holidays_and_what_opening_hours_take_for_them(zone: str, region: str) -> None:
    rows = HOLIDAYS.rows(sample(f"jours-feries/{zone}.json"))
    every = {one.date for one in (public_holiday(Row(BORDEAUX, row, {})) for row in rows)}
    published = {day for day in every if day.year > 2007}  # until then Whit Monday was no day off
    assert len(published) >= 11 * 20
    ours = Calendar("FR", region, None)
    first, last = min(published), max(published)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    assert {day for day in days if ours.public_holiday(day)} == published


def test_one_year_of_public_holidays() -> None:
    rows = list(HOLIDAYS.rows(sample("jours-feries/metropole.2026.json")))
    assert rows[0] == {"date": "2026-01-01", "name": "1er janvier"}
    assert len(rows) == 11


@pytest.mark.parametrize(("academie", "zone", "read"), [("nice", "B", 5), ("versailles", "C", 6)])
def test_school_holidays_and_what_opening_hours_take_for_them(
    academie: str, zone: str, read: int
) -> None:
    speaks = Opendatasoft(url="https://data.education.gouv.fr", dataset="x")
    rows = speaks.rows(sample(f"education/calendrier-scolaire.{academie}.2026-2027.json"))
    found = [school_holidays(bound("calendar.school", row)) for row in rows]
    periods = [one for one in found if one]
    assert len(periods) == read
    ours = Calendar("FR", None, zone)
    for one in periods:
        names = [
            ours.school_holiday(one.first + timedelta(days=n)) for n in range(-1, one.days + 1)
        ]
        within = {(name or "").casefold() for name in names[1:-1]}
        assert within == {one.name.casefold()}, one
        on_sunday = one.first.weekday() == 6  # as summer 2026 is published, for once
        assert names[-1] is None, one
        assert (names[0] is None) is not on_sunday, one


def test_air_of_some_communes_of_gironde() -> None:
    body = sample("atmo/ind_atmo.gironde.2026-07-29.geojson")
    wfs = Wfs(**BORDEAUX.bindings["air"].options)
    with pytest.raises(ValueError, match="30 features of 157"):
        list(wfs.rows(body))
    rows = list(wfs.rows(body.replace(b'"numberMatched":157', b'"numberMatched":30')))
    found = [air_reading(bound("air", row)) for row in rows]
    ours = {one.air.commune_name: one.air for one in found if one}
    assert len(rows) == 30
    assert set(ours) <= set(BORDEAUX.communes.values())
    lormont = ours["Lormont"]
    assert (lormont.date, lormont.label, lormont.color) == (date(2026, 7, 29), "Mauvais", "#ff5050")
    assert lormont.index is not None
    assert lormont.index.name == "POOR"
    assert lormont.so2 is not None
    assert lormont.so2.name == "GOOD"
    assert json.loads(body)["features"][2]["properties"]["lib_zone"] == "Lormont"

"""Public places as files really hold them, in every version there is; counts read off by hand."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cities import Binding, load
from schema.public_places import PublicPlace
from sources.calendar import Calendar
from sources.opening_hours import find_schedule
from sources.protocols.csv import Csv
from sources.protocols.geojson import Geojson
from sources.protocols.json import Json
from sources.reading import read_all, reader_of
from tests.conftest import NOW

SAMPLES = Path(__file__).parents[1].parent / "shared/samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")

NANTES = load()["nantes"]
URL = "https://files.example/"
OF_2014 = {
    "id": "_IDOBJ",
    "name": "geo.name",
    "position": ["geometry", "_l"],
    "street": "ADRESSE",
    "postcode": "CODE_POSTAL",
    "commune": "COMMUNE",
    "phone": "TELEPHONE",
    "website": "WEB",
}
LIBRARIES = {"Bibliothèque": "library", "Médiathèque": "library", "Ludothèque": "toy_library"}
TOWN_HALLS = {"Mairie - Hotel de Ville": "town_hall", "Mairie annexe": "annexe"}
OUTSIDE = {"Plaine de jeux": "field", "Marguerite": "car", "Libre": "relay", "Enclos": "relay"}
KINDS = {
    **LIBRARIES,
    **TOWN_HALLS,
    **OUTSIDE,
    "Musée": "museum",
    "Marché": "market",
    "Cimetière": "cemetery",
}


def sample(path: str) -> bytes:
    return (SAMPLES / path).read_bytes()


def places(rows: Any, fields: Mapping[str, Any], part: str = "place") -> list[PublicPlace]:
    """What is read, without a row that is dropped."""
    binding = Binding(
        city="nantes", service="places", part=part, protocol="csv", name="", fields=fields
    )
    reader = reader_of(f"places.{part}")
    assert reader is not None
    found, dropped = read_all(reader, rows, NANTES, binding)
    assert dropped == 0
    return found


@pytest.mark.parametrize(
    ("file", "kinds"),
    [
        ("culture-bibliotheque", {"library": 47}),
        ("culture-ludotheque", {"toy_library": 14}),
        ("culture-mediatheque", {"library": 17}),
        ("culture-musee", {"museum": 17}),
        ("equipub-sportsloisirs-jeux", {"field": 37}),
        ("mobilite-marguerite", {"car": 26}),
        ("mobilite-parcrelais", {"relay": 50}),
        ("equipub-service-public", {"town_hall": 24, "annexe": 18}),
        ("equipub-vie-pratique", {"market": 35, "cemetery": 57}),
    ],
)
def test_facilities_of_2014(file: str, kinds: dict[str, int]) -> None:
    rows = Geojson(url=URL).rows(sample(f"nantes/ods-equipements-2014/{file}.geo.json"))
    kind = {"column": ["LIBTYPE", "LIBCATEGORIE"], "values": KINDS}
    found = [
        place
        for place in places(rows, OF_2014 | {"kind": kind})
        if place.address is not None and place.own_kind in kinds
    ]
    expected = Counter(place.own_kind for place in found)
    assert expected.keys() == kinds.keys()
    for word, count in kinds.items():
        assert expected[word] == count
    assert all(place.position is not None for place in found)
    assert all(place.address.insee in NANTES.communes for place in found if place.address)


def test_parks_of_2014_have_no_ids() -> None:
    path = "nantes/ods-equipements-2014/equipub-parcs-jardins.geo.json"
    fields = {"name": "geo.name", "position": "geometry", "street": "adresse_postale"}
    found = places(Geojson(url=URL).rows(sample(path)), fields)
    assert len(found) == 90
    assert len({place.id for place in found}) == 90
    playing = {"column": "Jeux", "values": {"OUI": "playground"}}
    of_children = places(Geojson(url=URL).rows(sample(path)), fields | {"kind": playing})
    assert 0 < len(of_children) < 90


def test_parks_of_2021() -> None:
    rows = Json(url=URL).rows(sample("nantes/ods-equipements-2014/hyblab2021_parcs-jardins.json"))
    fields = {"id": "Identifiant", "name": "Nom", "position": "Géolocalisation"}
    found = {place.name: place for place in places(rows, fields)}
    assert len(found) == 91
    at = found["Jardin des Plantes"].position
    assert at is not None
    assert (round(at.lat, 3), round(at.lon, 3)) == (47.22, -1.543)


@pytest.mark.parametrize(
    ("file", "part", "count", "always_open"),
    [("abris-velo", "bike_parking", 188, 188), ("gonfleurs-libre-service", "bike_pump", 33, 32)],
)
def test_bike_tables_as_the_city_file_reads_them(
    file: str, part: str, count: int, always_open: int
) -> None:
    quarters = json.loads(sample(f"nantes/ods-mobilite/hyblab2021_{file}.json"))
    body = json.dumps([row for rows in quarters.values() for row in rows]).encode()
    found = places(Json(url=URL).rows(body), NANTES.bindings[f"places.{part}"].fields, part)
    assert len(found) == count
    assert all(place.name.isprintable() and place.position for place in found)
    schedules = [
        find_schedule(place.hours_text, NANTES.zone, Calendar.of(NANTES))
        for place in found
        if place.hours_text
    ]
    assert sum(one is not None and one.open_at(NOW) is True for one in schedules) == always_open


def test_equipment_of_2012_has_decimal_commas() -> None:
    path = "nantes/legacy-api-2012/equipements_publics_deplacement_2012.csv"
    fields = {"id": "_IDOBJ", "name": "NOM_COMPLET", "lat": "LAT_WGS84", "lon": "LONG_WGS84"}
    found = places(Csv(url=URL, separator=";").rows(sample(path)), fields)
    assert len(found) == 224
    near = [p for p in found if p.position and abs(p.position.lat - 47.2) < 0.2]
    assert len(near) == 224


def test_car_sharing_of_2019_in_latin_1() -> None:
    fields = {"id": "id_local", "name": "nom_lieu", "lat": "Ylat", "lon": "Xlong", "insee": "insee"}
    rows = Csv(url=URL, separator=";", encoding="latin-1").rows(
        sample("standards/scdl/csv_latin1.csv")
    )
    found = places(rows, fields)
    assert len(found) == 60
    assert any("é" in place.name for place in found)
    codes = {place.address.insee for place in found if place.address and place.address.insee}
    assert {code[:2] for code in codes} == {"2A", "2B"}


BNLS = {"name": "nom", "lat": "Ylat", "lon": "Xlong"}


@pytest.mark.parametrize(
    ("file", "options", "fields", "count", "name"),
    [
        ("bnls-exemple-valide", {}, BNLS, 2, "REPUBLIQUE"),
        ("bnls-exemple-invalide", {}, BNLS, 1, "REPUBLIQUE"),
        (
            "bietigheim-bissingen",
            {"separator": ";", "encoding": "cp1252"},
            {"id": "Name", "name": "Name"},
            14,
            "Parkplatz Mühlwiesenstr.",
        ),
    ],
)
def test_car_parks(
    file: str, options: dict[str, Any], fields: dict[str, str], count: int, name: str
) -> None:
    rows = Csv(url=URL, **options).rows(sample(f"standards/parking/{file}.csv"))
    found = places(rows, fields)
    assert len(found) == count
    assert found[0].name == name


@pytest.mark.parametrize(("file", "count"), [("st_park_p", 89), ("ci_vcub_p", 168)])
def test_exports_of_a_portal(file: str, count: int) -> None:
    """CUBPK110 is listed twice among 90 car parks."""
    [path] = (SAMPLES / "standards/bordeaux").glob(f"{file}.exports-csv.*")
    found = places(
        Csv(url=URL, separator=";").rows(path.read_bytes()),
        {"id": ["ident", "IDENT"], "name": ["nom", "NOM"], "position": "Geo Point"},
    )
    assert len(found) == count
    assert all(place.position is not None for place in found)


def test_hours_of_culture_are_hours_of_places() -> None:
    path = "nantes/ods-piscines-horaires/equipements-culturels-nantes-horaires_2022.csv"
    fields = {
        "place": "Identifiant de l'équipement",
        "weekday": "Jour de la semaine",
        "opens": "Heure de début",
        "closes": "Heure de fin",
        "from": "Date de début",
        "until": "Date de fin",
        "period": "Période",
        "exception": "Date de l'exception",
        "kind": "Type d'horaire",
    }
    slots = places(Csv(url=URL, separator=";").rows(sample(path)), fields, "culture-hours")
    assert len(slots) == 713
    assert len({slot.place for slot in slots}) == 23


def test_the_example_of_the_french_standard() -> None:
    schema = json.loads(sample("standards/schemas/scdl-equipements-latest.schema.json"))
    [example] = [f["example"] for f in schema["fields"] if f["name"] == "EQUIP_OUVERTURE"]
    schedule = find_schedule(example, NANTES.zone, Calendar.of(NANTES))
    assert schedule is not None
    spans = [(span.from_, span.to) for span in schedule.on(NOW.date()).time_spans]
    assert spans == [("08:30", "12:00"), ("13:30", "17:30")]

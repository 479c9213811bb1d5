"""Tables that are files: csv, json and geojson, and a city that has nothing else."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from sources.protocols import Speaks
from sources.protocols.csv import Csv
from sources.protocols.geojson import Geojson
from sources.protocols.json import Json
from tests.asked import Asked, broken, read
from tests.conftest import serving

URL = "https://files.example/table"
CSV = Csv(url=URL)
FRENCH = Csv(url=URL, separator=";", encoding="cp1252")
JSON = Json(url=URL, path="data.places")
GEOJSON = Geojson(url=URL)

HALL = {"type": "Point", "coordinates": [2.5729, 48.809]}
FEATURES = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "id": "a", "properties": {"nom": "Mairie"}, "geometry": HALL},
        {"type": "Feature", "properties": None, "geometry": None},
        "nothing",
    ],
}


@pytest.mark.parametrize("speaks", [CSV, JSON, GEOJSON])
def test_one_call_of_the_address_as_it_is(speaks: Speaks) -> None:
    ask = Asked(b"payload")
    assert asyncio.run(speaks.fetch(ask)) == b"payload"
    assert ask.calls == [(URL, {}, {})]


@pytest.mark.parametrize(
    ("speaks", "body", "rows"),
    [
        (CSV, b"a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        (CSV, b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n", [{"a": "1", "b": "2"}]),
        (CSV, b'a , b\n" x, ""y"" ",\n', [{"a": 'x, "y"', "b": ""}]),
        (CSV, b'a,b\n"two\nlines",2\n', [{"a": "two\nlines", "b": "2"}]),
        (CSV, "a,b\nx\u2028y,2\n".encode(), [{"a": "x\u2028y", "b": "2"}]),
        (CSV, b"a,b\n1\n1,2,3\n4,5", [{"a": "1", "b": ""}, {}, {"a": "4", "b": "5"}]),
        (CSV, b"a,b\n", []),
        (FRENCH, "a;b\nMédiathèque;1,5\n".encode("cp1252"), [{"a": "Médiathèque", "b": "1,5"}]),
        (Csv(url=URL, separator="\t", quote=""), b'a\tb\n"1\t2"\n', [{"a": '"1', "b": '2"'}]),
        (Csv(url=URL, quote="'"), b"a,b\n'1,2',3\n", [{"a": "1,2", "b": "3"}]),
        (Csv(url=URL, encoding="utf-16"), "a,b\n1,é\n".encode("utf-16"), [{"a": "1", "b": "é"}]),
        (JSON, b'{"data": {"places": [{"a": {"b": 1}}, 7, null]}}', [{"a": {"b": 1}}, {}, {}]),
        (Json(url=URL), b'\xef\xbb\xbf[{"a": 1}]', [{"a": 1}]),
        (
            GEOJSON,
            json.dumps(FEATURES).encode(),
            [{"id": "a", "nom": "Mairie", "geometry": HALL}, {"id": None, "geometry": None}, {}],
        ),
    ],
)
def test_rows(speaks: Speaks, body: bytes, rows: list[object]) -> None:
    assert read(speaks, body) == rows


@pytest.mark.parametrize(
    ("speaks", "body"),
    [
        (CSV, b""),
        (CSV, b"<!DOCTYPE html>\n<html>sorry</html>"),
        (CSV, b"a;b\n1;2\n"),
        (CSV, "a,b\né,1\n".encode("cp1252")),
        (CSV, b"a,b\n" + b"x" * 200_000 + b",2\n"),
        (CSV, b"," * 2_000 + b"\n1\n"),
        (JSON, b'{"data": {"places": [{"a": 1}'),
        (JSON, b'{"data": {"elsewhere": []}}'),
        (JSON, b'{"data": []}'),
        (JSON, b"[]"),
        (Json(url=URL), b"{}"),
        (Json(url=URL), b"[" * 100_000),
        (GEOJSON, b'{"type": "Feature"}'),
        (GEOJSON, b'{"type": "FeatureCollection", "features": [{"type": "Fea'),
    ],
)
def test_what_is_no_such_table_is_refused(speaks: Speaks, body: bytes) -> None:
    assert read(speaks, body) is None


@pytest.mark.parametrize(
    "options", [{"encoding": "rot13"}, {"separator": ";;"}, {"quote": "`"}, {"delimiter": ";"}]
)
def test_options_are_checked_at_the_start(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Csv(url=URL, **options)


@pytest.mark.parametrize(
    ("speaks", "sound"),
    [
        (CSV, 'id,nom\n1,"Mairie, ""annexe"""\n2,Médiathèque\n'.encode()),
        (JSON, b'{"data": {"places": [{"id": 1, "nom": "Mairie"}, {"id": 2}]}}'),
        (GEOJSON, json.dumps(FEATURES).encode()),
    ],
)
def test_any_bytes_are_rows_or_refused(speaks: Speaks, sound: bytes) -> None:
    @settings(max_examples=200, deadline=None)
    @given(broken(sound))
    def reads(body: bytes) -> None:
        rows = read(speaks, body)
        assert rows is None or len(rows) <= len(body)

    reads()


CITY = """
name = "Le Plessis"
timezone = "Europe/Paris"
country = "FR"
school_zone = "C"

[kinds]
shelter = "Abris de bus"

[communes]
94059 = "Le Plessis-Trévise"

[places.facilities]  # SCDL, « équipements »
protocol = "csv"
url = "https://files.example/equipements.csv"
encoding = "cp1252"
separator = ";"
name = "Équipements"

[places.facilities.fields]
id = "EQUIP_UID"
name = "EQUIP_NOM"
kind = { column = "EQUIP_TYPE", values = { Mairie = "town_hall", Gymnase = "sports_hall" } }
lat = "EQUIP_LAT"
lon = "EQUIP_LONG"
street = "ADR_NOMVOIE"
postcode = "ADR_CODEPOSTAL"
commune = "ADR_COMMUNE"
phone = "EQUIP_TEL"
opening_hours = "EQUIP_OUVERTURE"

[places.facilities.details]
"Type d'ERP" = "ERP_TYPE"

[places.facilities-hours]
protocol = "json"
url = "https://files.example/horaires.json"
path = "horaires"

[places.facilities-hours.fields]
place = "lieu"
weekday = "jour"
opens = "de"
closes = "a"
from = "du"
until = "au"

[places.shelter]
protocol = "geojson"
url = "https://files.example/abris.geojson"

[places.shelter.fields]
position = "geometry"
insee = { column = "insee", otherwise = "94059" }
wheelchair = ["pmr", "accessible"]
"""
EQUIPEMENTS = """\
EQUIP_UID;EQUIP_TYPE;EQUIP_NOM;ADR_NOMVOIE;ADR_CODEPOSTAL;ADR_COMMUNE;ERP_TYPE;EQUIP_LAT;EQUIP_LONG\
;EQUIP_OUVERTURE;EQUIP_TEL
1;Mairie;Hôtel de ville;Avenue Ardouin;94420;Le Plessis-Trévise;W;48,808989;2,572875\
;"Mo-Fr 08:30-12:00,13:30-17:30; Sa 08:30-12:00";+33 140633900
2;Gymnase;Gymnase de l'Europe;Avenue de l'Europe;94420;Le Plessis-Trévise;X;48,8071;2,5801\
;Mo-Fr 17:00-22:00
3;Cinéma;Le Splendid;;94420;Le Plessis-Trévise;L;48,8090;2,5710
"""
HORAIRES = {"horaires": [{"lieu": "2", "jour": "mardi", "de": "09:00", "a": "12:00"}]}
ABRIS = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"pmr": "", "accessible": "oui"}, "geometry": HALL},
        {"type": "Feature", "properties": {"accessible": "non"}, "geometry": HALL},
        {"type": "Feature", "properties": {}, "geometry": None},
    ],
}
FILES = {
    "/equipements.csv": EQUIPEMENTS.encode("cp1252"),
    "/horaires.json": json.dumps(HORAIRES).encode(),
    "/abris.geojson": json.dumps(ABRIS).encode(),
}


@pytest.fixture
def ask(tmp_path) -> Callable[[str], dict]:
    (tmp_path / "plessis.toml").write_text(CITY, "utf-8")

    def upstream(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=FILES[request.url.path])

    def ask(query: str) -> dict:
        async def main() -> dict:
            transport = httpx.MockTransport(upstream)
            async with serving(transport, cities=tmp_path, city="plessis") as server:
                return await server.ask(query)

        return asyncio.run(main())

    return ask


def test_a_city_of_files(ask) -> None:
    answer = ask("""{
      places(kinds: ["town_hall", "sports_hall"]) { nodes { id name kind position { lat lon }
        address { street postcode city insee }
        ... on PublicPlace { phone details { label value } openNow closesAt } } }
      shelters: places(kinds: ["shelter"]) { nodes { id name address { city }
        ... on PublicPlace { wheelchairAccessible openNow } } }
      city { kinds { word label } }
    }""")
    assert "errors" not in answer
    data = answer["data"]
    gym, hall = data["places"]["nodes"]
    assert hall["name"] == "Hôtel de ville"
    assert hall["kind"] == "town_hall"
    assert hall["position"] == {"lat": 48.808989, "lon": 2.572875}
    assert hall["address"] == {
        "street": "Avenue Ardouin",
        "postcode": "94420",
        "city": "Le Plessis-Trévise",
        "insee": "94059",
    }
    assert hall["phone"] == "+33 140633900"
    assert hall["details"] == [{"label": "Type d'ERP", "value": "W"}]
    assert (hall["openNow"], hall["closesAt"]) == (True, "2026-11-24T12:00:00+01:00")
    # The city's table of hours is believed rather than the place's own text, which says 17:00.
    assert (gym["openNow"], gym["closesAt"]) == (True, "2026-11-24T12:00:00+01:00")

    [shelter] = data["shelters"]["nodes"]  # two rows of one point are one place, one has none
    assert shelter["name"] == "Abris de bus"
    assert shelter["address"]["city"] == "Le Plessis-Trévise"
    assert shelter["wheelchairAccessible"] is True
    assert shelter["openNow"] is None
    assert {"word": "shelter", "label": "Abris de bus"} in data["city"]["kinds"]

    again = ask(f'{{ node(id: "{shelter["id"]}") {{ id }} }}')
    assert again["data"]["node"] == {"id": shelter["id"]}


# A park like a horseshoe: neither its middle nor that of its box lies in it.
HORSESHOE = [[2.0, 48.0], [2.3, 48.0], [2.3, 48.1], [2.1, 48.1], [2.1, 48.2], [2.3, 48.2]]
HORSESHOE += [[2.3, 48.3], [2.0, 48.3], [2.0, 48.0]]
PATH = [[2.0, 49.0], [2.1, 49.0], [2.2, 49.0]]


@pytest.mark.parametrize(
    ("geometry", "box"),
    [
        ({"type": "Polygon", "coordinates": [HORSESHOE]}, (2.0, 48.0, 2.3, 48.3)),
        ({"type": "MultiPolygon", "coordinates": [[HORSESHOE]]}, (2.0, 48.0, 2.3, 48.3)),
        ({"type": "LineString", "coordinates": PATH}, (2.1, 49.0, 2.1, 49.0)),
        ({"type": "MultiPoint", "coordinates": PATH}, (2.0, 49.0, 2.2, 49.0)),
        ({"type": "Polygon", "coordinates": []}, None),
        ({"type": "Polygon", "coordinates": [[[2.0]]]}, None),
        ({"type": "Polygon", "coordinates": [[["a", "b"], ["c", "d"], ["e", "f"]]]}, None),
        ({"type": "Polygon", "coordinates": {"0": 1}}, None),
        ({"type": "LineString", "coordinates": [[2e300, 1e300], [2e300, 1e300]]}, None),
        ({"type": "Blob", "coordinates": [[2.0, 48.0]]}, None),
    ],
)
def test_an_area_or_a_line_is_on_the_map_by_a_point_of_it(ask, monkeypatch, geometry, box) -> None:
    named = {"id": "p", "name": "Parc", "accessible": "oui"}
    feature = {"type": "Feature", "properties": named, "geometry": geometry}
    body = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    monkeypatch.setitem(FILES, "/abris.geojson", body)

    answer = ask('{ places(kinds: ["shelter"]) { nodes { name position { lat lon } } } }')

    assert "errors" not in answer
    [park] = answer["data"]["places"]["nodes"]
    assert park["name"] == "Parc"
    if box is None:
        assert park["position"] is None
    else:
        lat, lon = park["position"]["lat"], park["position"]["lon"]
        assert box[0] <= lon <= box[2]
        assert box[1] <= lat <= box[3]
        assert not (2.1 < lon <= 2.3 and 48.1 < lat < 48.2)  # where the horseshoe is open

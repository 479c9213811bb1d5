"""Languages: one text in several of them, in every form that upstreams have for it."""

import asyncio
import json
from functools import reduce
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from schema.languages import Text, find_spoken, spoken
from sources.languages import own, texts
from tests.conftest import serving

FR, EN = Text("Mairie", "fr"), Text("Town hall", "en")
FORMS = {
    "GBFS 3.0": [{"text": "Mairie", "language": "fr"}, {"text": "Town hall", "language": "en"}],
    "GTFS-Realtime": {
        "translation": [
            {"text": "Mairie", "language": "fr"},
            {"text": "Town hall", "language": "en"},
        ]
    },
    "Decidim": {
        "translations": [{"locale": "fr", "text": "Mairie"}, {"locale": "en", "text": "Town hall"}]
    },
    "SIRI": [{"value": "Mairie", "lang": "fr"}, {"value": "Town hall", "lang": "en"}],
    "NGSI-LD": {"fr": "Mairie", "en": "Town hall"},
}
CITY = """name = "Bourg"
timezone = "Europe/Paris"
[places.town_hall]
protocol = "json"
url = "https://bourg.example/places.json"
licence = "Licence Ouverte 2.0"
attribution = "Bourg"
page = "https://bourg.example/"
quota = "500 per day"
"""
QUERY = """{ places(kinds: ["town_hall"]) { nodes {
  name en: name(language: "en-GB") fr: name(language: "fr") br: name(language: "br")
} } }"""


@pytest.mark.parametrize("said", FORMS.values(), ids=FORMS)
def test_forms(said: Any) -> None:
    assert texts(said) == [FR, EN]
    assert own(said) == "Mairie"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Mairie", [Text("Mairie")]),
        ({"value": " Mairie "}, [Text("Mairie")]),
        ({"@none": "Mairie", "en": ["Town hall"]}, [Text("Mairie"), EN]),
        ([{"text": "", "language": "fr"}, None, 7, {"text": "Town hall", "language": "en"}], [EN]),
        ({"lon": -1.5, "lat": 47.2}, []),
        ({"type": "Point", "coordinates": [1, 2]}, []),
        (None, []),
        (reduce(lambda inner, _: [inner], range(5_000), cast("Any", "Mairie")), []),
        (7, []),
    ],
)
def test_what_is_none_of_them(said: Any, found: list[Text]) -> None:
    assert texts(said) == found


@pytest.mark.parametrize("said", [["a", "b"], "Mairie", {"value": "Mairie"}, {}, [], None, [[]]])
def test_what_is_in_one_language_or_a_mere_list_has_none_of_its_own(said: Any) -> None:
    assert own(said) is None


def test_the_one_that_is_asked_for_or_as_near_as_there_is() -> None:
    assert spoken([FR, EN], "en") == spoken([FR, EN], "EN-gb") == "Town hall"
    assert spoken([FR, EN], None) == spoken([FR, EN], "br") == "Mairie"
    assert spoken([EN, Text("Mairie")], "br") == "Mairie"
    assert spoken([], "fr") is None
    assert find_spoken([FR, EN], "br") is None


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_place_is_called_as_the_client_asks(form: Any, tmp_path: Path) -> None:
    (tmp_path / "bourg.toml").write_text(CITY, "utf-8")
    rows = [{"id": "1", "name": form, "lat": 47.2, "lon": -1.5}]
    outside = httpx.MockTransport(lambda _: httpx.Response(200, text=json.dumps(rows)))

    async def main() -> Any:
        async with serving(outside, cities=tmp_path, city="bourg", data=tmp_path) as server:
            return await server.ask(QUERY)

    [node] = asyncio.run(main())["data"]["places"]["nodes"]
    assert node == {"name": "Mairie", "en": "Town hall", "fr": "Mairie", "br": "Mairie"}

"""Addresses: what is asked of the geocoder, and what of its answer is shown."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cities
from sources.addresses import address_match, commune, comparable, question
from sources.keyed import NOTHING_S
from sources.protocols.geocoding import Geocoding
from sources.row import Row
from tests.asked import Asked, broken, read
from tests.conftest import Clock, Server, serving

NANTES = cities.load()["nantes"]
BINDING = NANTES.bindings["addresses"]
GEOCODING = Geocoding(**BINDING.options)
ASK = "query ($text: String!) { addresses(text: $text) { label } }"
HOSTILE = [
    "rue&lat=0&limit=1000000",
    "rue#fragment",
    "../../etc/passwd?x=y",
    "http://169.254.169.254/latest/meta-data",
    "@1.0,2.0",
    "rue@1.0,2.0",
    "rue%0d%0aHost: evil.example",
    "rue\r\nHost: evil.example",
    "\u202erue\x00de\ud7ff paris",
    "ﷺ" * 200,
]


def feature(label: str, /, **about: Any) -> dict[str, Any]:
    known = {
        "label": label,
        "id": f"44109_{label}",
        "score": 0.9,
        "type": "street",
        "name": label,
        "postcode": "44000",
        "citycode": "44109",
        "city": "Nantes",
    }
    point = {"type": "Point", "coordinates": [-1.5536, 47.2184]}
    return {"type": "Feature", "geometry": point, "properties": {**known, **about}}


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def matched(**about: Any) -> Any:
    [row] = GEOCODING.rows(collection(feature("Rue Crébillon", **about)))
    return address_match(Row(NANTES, row, BINDING.fields))


class Geocoder:
    """Knows one street, and remembers what it was asked."""

    def __init__(self, *features: Any) -> None:
        self.features = features or (feature("Rue Crébillon"),)
        self.asked: list[httpx.URL] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        return httpx.Response(200, stream=httpx.ByteStream(collection(*self.features)))


def talk(geocoder: Geocoder, use: Any) -> None:
    async def main() -> None:
        async with serving(httpx.MockTransport(geocoder)) as server:
            await use(server, server.clock)

    asyncio.run(main())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_a_parameter_of_the_call_and_nothing_else(text: str) -> None:
    geocoder = Geocoder()

    async def use(server: Server, clock: Clock) -> None:
        answer = await server.ask(ASK, {"text": text})
        assert "errors" not in answer

    talk(geocoder, use)
    for url in geocoder.asked:
        assert (url.scheme, url.host, url.path) == ("https", "data.geopf.fr", "/geocodage/search")
        assert sorted(url.params.keys()) == ["autocomplete", "lat", "limit", "lon", "q"]
        assert (url.params["lat"], url.params["limit"]) == ("47.2184", "20")
        assert len(url.params["q"]) <= 200
        assert url.params["q"].replace(" ", "").isalnum()


@given(st.text(max_size=200))
def test_any_text_becomes_a_short_key_that_can_be_taken_apart_again(text: str) -> None:
    key = question(comparable(text), (47.0, -1.0))
    asked = Asked(collection())
    asyncio.run(Geocoding(url="https://geo.example").one(key).fetch(asked))
    [(url, params, _)] = asked.calls
    assert params.get("q", "") == comparable(text)
    assert (params["lat"], params["lon"]) == ("47.00000", "-1.00000")
    assert url == f"https://geo.example/{'search' if 'q' in params else 'reverse'}"
    assert len(key) < 230


@pytest.mark.parametrize(
    "text",
    ["12, bd St-Aignan Nantes", "12 Boulevard SAINT AIGNAN  Nantes", "12 bld. st’aignan nantes"],
)
def test_what_means_the_same_is_asked_once(text: str) -> None:
    assert comparable(text) == "12 boulevard saint aignan nantes"


def test_the_last_word_may_be_the_beginning_of_another() -> None:
    assert comparable("rue st") == "rue st"
    assert comparable("av. de la Rép") == "avenue de la rep"
    assert comparable("?!…") == ""


def test_equal_searches_share_one_call_for_days() -> None:
    geocoder = Geocoder()

    async def use(server: Server, clock: Clock) -> None:
        for text in ("Rue Crébillon", "RUE CREBILLON", " r. crébillon "):
            answer = await server.ask(ASK, {"text": text})
            assert answer["data"] == {"addresses": [{"label": "Rue Crébillon"}]}
            clock.advance(86_400)
        assert len(geocoder.asked) == 1

    talk(geocoder, use)


def test_what_is_not_found_is_asked_for_again_soon() -> None:
    geocoder = Geocoder()
    geocoder.features = ()

    async def use(server: Server, clock: Clock) -> None:
        ask = {"text": "rue neuve"}
        for wait, calls in ((0, 1), (NOTHING_S - 1, 1), (2, 2)):
            clock.advance(wait)
            assert (await server.ask(ASK, ask))["data"] == {"addresses": []}
            assert len(geocoder.asked) == calls
        geocoder.features = (feature("Rue Neuve"),)
        clock.advance(NOTHING_S + 1)
        for _ in range(2):  # and from then on it is known for days
            assert (await server.ask(ASK, ask))["data"] == {"addresses": [{"label": "Rue Neuve"}]}
            clock.advance(86_400)
        assert len(geocoder.asked) == 3

    talk(geocoder, use)


def test_around_a_point_only_and_neighbours_share_the_call() -> None:
    far = feature("Rue du Port")
    far["geometry"] = {"type": "Point", "coordinates": [-1.5536, 47.2284]}
    geocoder = Geocoder(feature("Rue Crébillon"), far)

    async def use(server: Server, clock: Clock) -> None:
        for lat, within, found in ((47.2180, 500, 1), (47.2181, 2000, 2)):
            near = f"near: {{lat: {lat}, lon: -1.5533, within: {within}}}"
            answer = await server.ask(f'{{ addresses(text: "rue", {near}) {{ label }} }}')
            assert len(answer["data"]["addresses"]) == found
        [url] = geocoder.asked
        assert (url.params["lat"], url.params["lon"]) == ("47.22000", "-1.55000")

    talk(geocoder, use)


def test_the_nearest_address_is_asked_for_by_its_point() -> None:
    town = feature("Nantes", type="municipality")
    geocoder = Geocoder(town, feature("10 Rue Crébillon", type="housenumber"))

    async def use(server: Server, clock: Clock) -> None:
        answer = await server.ask("{ address(lat: 47.2132201, lon: -1.5611) { label kind } }")
        assert answer["data"]["address"] == {"label": "10 Rue Crébillon", "kind": "HOUSE_NUMBER"}
        [url] = geocoder.asked
        assert url.path == "/geocodage/reverse"
        assert url.params == httpx.QueryParams(limit=20, lat="47.21322", lon="-1.56110")
        geocoder.features = (town,)
        answer = await server.ask("{ address(lat: 47, lon: -1.5) { label } }")
        assert answer == {"data": {"address": None}, "extensions": answer["extensions"]}

    talk(geocoder, use)


def test_the_geocoder_says_what_is_wrong() -> None:
    said = b'{"code": 400, "detail": ["q: too short"], "message": "Failed parsing query"}'
    assert GEOCODING.complaint(said) == "Failed parsing query: q: too short"
    assert GEOCODING.complaint(b"<h1>Bad gateway</h1>") == "<h1>Bad gateway</h1>"


# The reader


def test_one_match() -> None:
    found = matched(type="housenumber", name="10 Rue Crébillon", score=1.00001)
    assert (found.kind.name, found.score) == ("HOUSE_NUMBER", 1.0)
    assert (found.address.street, found.address.insee) == ("10 Rue Crébillon", "44109")
    assert matched(type="municipality", name="Nantes").address.street is None


@pytest.mark.parametrize("about", [{"score": 0.49}, {"citycode": "94080"}, {"citycode": "75119"}])
def test_guesses_and_what_is_elsewhere_are_left_out(about: dict[str, Any]) -> None:
    assert matched(**about) is None


@pytest.mark.parametrize(
    "about", [{"label": None}, {"score": "much"}, {"type": "planet"}, {"citycode": None}]
)
def test_what_cannot_be_read_is_dropped(about: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        matched(**about)


@pytest.mark.parametrize(
    ("code", "city", "found"),
    [
        ("75119", "75056", "75056"),
        ("69388", "69123", "69123"),
        ("13216", "13055", "13055"),
        ("75119", "75119", "75119"),  # a city file may list arrondissements
        ("69266", "69123", None),  # Villeurbanne
        ("13200", "44109", None),
    ],
)
def test_an_arrondissement_is_of_its_commune(code: str, city: str, found: str | None) -> None:
    assert commune(code, {city: "Here"}) == found
    assert commune(code, {}) == code


@settings(max_examples=200)
@given(broken(collection(feature("Rue Crébillon"), "nothing", feature("Rue de Paris"))))
def test_nothing_that_comes_back_breaks_it(body: bytes) -> None:
    for row in read(GEOCODING, body) or ():
        try:
            address_match(Row(NANTES, row, BINDING.fields))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            continue  # dropped and counted

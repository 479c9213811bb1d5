"""Air: which days are asked for, whose index is whose, and what is shown at night."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

import cities
from sources.air import AirReading, air_reading
from sources.protocols.wfs import Wfs
from sources.row import Row
from tests.asked import Asked, broken, read
from tests.conftest import NOW, Clock, Server, serving

NANTES = cities.load()["nantes"]
BINDING = NANTES.bindings["air"]
WFS = Wfs(**BINDING.options)
METROPOLIS = {"code_zone": "244400404", "type_zone": "EPCI", "lib_zone": "Nantes Métropole"}


def feature(**about: Any) -> dict[str, Any]:
    known = {
        "date_maj": "2026-11-23T14:05:00.767Z",
        "date_ech": "2026-11-24",
        "code_zone": "44109",
        "type_zone": "commune",
        "code_qual": 2,
        "lib_qual": "Moyen",
        "coul_qual": "#50ccaa",
        "code_o3": 1,
        "code_no2": 2,
        "source": "Air Pays de la Loire",
    }
    point = {"type": "Point", "coordinates": [-1.55, 47.21]}
    return {"type": "Feature", "geometry": point, "properties": {**known, **about}}


def layer(*features: Any, matched: int | None = None) -> bytes:
    count = len(features) if matched is None else matched
    answer = {"type": "FeatureCollection", "features": features, "numberMatched": count}
    return json.dumps(answer).encode()


def reading(**about: Any) -> AirReading | None:
    [row] = WFS.rows(layer(feature(**about)))
    return air_reading(Row(NANTES, row, BINDING.fields))


# The protocol


def asked_at(now: datetime, wfs: Wfs = WFS) -> str:
    asked = Asked(layer(feature()))
    asked.now = now
    asyncio.run(wfs.fetch(asked))
    [(_, params, _)] = asked.calls
    assert params["typeNames"] == "ind:ind_atmo"
    assert params["outputFormat"] == "application/json"
    return str(params.get("CQL_FILTER", ""))


def test_a_day_is_always_asked_for_as_it_is_in_the_city() -> None:
    evening = asked_at(datetime(2026, 7, 29, 21, 59, tzinfo=UTC))
    assert evening.startswith("(date_ech='2026-07-29' OR date_ech='2026-07-30') AND (code_zone IN")
    midnight = asked_at(datetime(2026, 7, 29, 22, 0, tzinfo=UTC))
    assert midnight.startswith("(date_ech='2026-07-30' OR date_ech='2026-07-31')")
    assert "'44109'" in evening
    assert '"' not in evening


def test_without_a_day_or_a_filter_all_is_asked_for() -> None:
    bare = Wfs(url="https://maps.example/ows", layer="ind:ind_atmo")
    assert asked_at(NOW, bare) == ""
    assert asked_at(NOW, bare.model_copy(update={"day": "d", "days": 1})) == "(d='2026-11-24')"


@pytest.mark.parametrize(
    "option", [{"day": "date_ech='x' OR 1"}, {"days": 0}, {"timezone": "Nantes"}, {"layers": "x"}]
)
def test_options_that_cannot_be(option: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Wfs(url="https://maps.example/ows", layer="x", **option)


def test_an_empty_layer_is_no_answer_unless_it_may_be() -> None:
    with pytest.raises(ValueError, match="no feature"):
        list(WFS.rows(layer()))
    assert list(WFS.model_copy(update={"may_be_empty": True}).rows(layer())) == []


def test_a_part_of_the_layer_is_no_answer() -> None:
    with pytest.raises(ValueError, match="1 features of 2"):
        list(WFS.rows(layer(feature(), matched=2)))


def test_what_geoserver_says_in_xml_is_told() -> None:
    report = (
        b'<?xml version="1.0"?><ows:ExceptionReport version="2.0.0">\n'
        b'<ows:Exception exceptionCode="InvalidParameterValue">\n'
        b"<ows:ExceptionText>Illegal property name:\n day</ows:ExceptionText>"
    )
    assert WFS.complaint(report) == "Illegal property name: day"
    with pytest.raises(ValueError, match="Illegal property name: day"):
        list(WFS.rows(report))
    assert WFS.complaint(b"nothing known") == "nothing known"


@settings(max_examples=200)
@given(broken(layer(feature(), 7, feature(code_zone=None))))
def test_nothing_that_comes_back_breaks_it(body: bytes) -> None:
    for row in read(WFS, body) or ():
        try:
            air_reading(Row(NANTES, row, BINDING.fields))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            continue  # dropped and counted


# The reader


def test_one_reading() -> None:
    found = reading()
    assert found is not None
    air = found.air
    assert (air.insee, air.commune_name, air.label) == ("44109", "Nantes", "Moyen")
    assert [one and one.name for one in (air.index, air.o3, air.no2, air.pm10)] == [
        "MODERATE",
        "GOOD",
        "MODERATE",
        None,
    ]
    assert str(air.updated_at) == "2026-11-23 15:05:00.767000+01:00"


@pytest.mark.parametrize(
    ("code", "name"),
    [(0, None), (1, "GOOD"), (6, "EXTREMELY_POOR"), (7, "EVENT"), (8, None), ("", None)],
)
def test_every_level(code: Any, name: str | None) -> None:
    found = reading(code_qual=code)
    assert found is not None
    assert (found.air.index and found.air.index.name) == name


def test_what_is_none_of_the_citys_is_left_out() -> None:
    assert reading(code_zone="33063") is None
    assert reading(**METROPOLIS) is not None
    for missing in ("code_zone", "date_ech"):
        with pytest.raises(ValueError):
            reading(**{missing: None})
    strange = reading(coul_qual="url(javascript:1)")
    assert strange is not None
    assert strange.air.color is None


# Through the front door


class Layer:
    """The features it is told to have."""

    def __init__(self, *features: Any) -> None:
        self.features = features

    def __call__(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(layer(*self.features)))


def talk(upstream: Layer, use: Any) -> None:
    async def main() -> None:
        async with serving(httpx.MockTransport(upstream)) as server:
            await use(server, server.clock)

    asyncio.run(main())


def test_a_commune_has_its_own_index_or_else_that_of_the_metropolis() -> None:
    tomorrow = feature(date_ech="2026-11-25", code_qual=1)
    older = feature(date_maj="2026-11-22T14:05:00Z", code_qual=6)
    upstream = Layer(feature(), older, feature(**METROPOLIS, code_qual=3), tomorrow)

    async def use(server: Server, clock: Clock) -> None:
        answer = await server.ask(
            '{ ours: air(commune: "44109") { date index communeName } '
            'theirs: air(commune: "44143") { date index communeName insee } '
            'later: air(from: "2026-11-25", days: 1) { insee index } '
            'elsewhere: air(commune: "33063") { date } all: air { insee } }'
        )
        assert answer["data"] == {
            "ours": [
                {"date": "2026-11-24", "index": "MODERATE", "communeName": "Nantes"},
                {"date": "2026-11-25", "index": "GOOD", "communeName": "Nantes"},
            ],
            "theirs": [
                {
                    "date": "2026-11-24",
                    "index": "DEGRADED",
                    "communeName": "Rezé",
                    "insee": "44143",
                }
            ],
            "later": [{"insee": "44109", "index": "GOOD"}],
            "elsewhere": [],
            "all": answer["data"]["all"],
        }
        assert len(answer["data"]["all"]) == 24 + 1

    talk(upstream, use)


def test_at_night_yesterdays_forecast_of_today_is_shown() -> None:
    """The layer is empty from midnight to four."""
    upstream = Layer(feature(), feature(date_ech="2026-11-25", code_qual=4, lib_qual="Mauvais"))
    ask = '{ air(commune: "44109", days: 1) { date label } }'

    async def use(server: Server, clock: Clock) -> None:
        clock.now = datetime(2026, 11, 24, 22, 50, tzinfo=UTC)
        assert (await server.ask(ask))["data"]["air"] == [{"date": "2026-11-24", "label": "Moyen"}]
        upstream.features = ()
        for minutes in (20, 60, 60, 60):
            clock.advance(60 * minutes)
            answer = await server.ask(ask)
            assert answer["data"]["air"] == [{"date": "2026-11-25", "label": "Mauvais"}]
        assert answer["extensions"]["sources"][0]["state"] == "STALE"

    talk(upstream, use)

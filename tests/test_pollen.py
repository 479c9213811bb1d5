"""Pollen: by commune and day, for those who have an account."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

import cities
from sandbox.app import create_app
from sandbox.world import World
from schema.pollen import PollenTaxon
from sources.pollen import pollen
from sources.row import Row
from tests.conftest import Clock, serving

CITIES = Path(__file__).parent / "cities"
QUERY = """{ pollen(commune: "44109") { date insee index alert responsible updatedAt publisher
  taxa { taxon index concentration } } }"""
ACCOUNT = "someone@exemple.fr:a:secret"


class Line(httpx.AsyncBaseTransport):
    """The line to the sandbox, and what went over it."""

    def __init__(self, clock: Clock) -> None:
        self._outside = httpx.ASGITransport(create_app(World(clock)))
        self.requests: list[httpx.Request] = []
        self.cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.cut:
            raise httpx.ConnectError("nobody there", request=request)
        return await self._outside.handle_async_request(request)


def asked(data: Path, *queries: str, hours: float = 0) -> tuple[list[Any], Line]:
    async def main() -> tuple[list[Any], Line]:
        clock = Clock()
        clock.advance(hours * 3_600)
        line = Line(clock)
        given = {"upstream": "http://sandbox", "cities": CITIES, "city": "estuaire", "data": data}
        async with serving(line, clock, **given) as server:
            return [await server.ask(query) for query in queries], line

    return asyncio.run(main())


@pytest.fixture
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCHE_KEY_ESTUAIRE_POLLEN", ACCOUNT)


@pytest.mark.usefixtures("_account")
def test_today_and_in_the_afternoon_tomorrow(tmp_path: Path) -> None:
    [morning, again], line = asked(tmp_path, QUERY, QUERY.replace("{ date", "{ day: date"))
    [today] = morning["data"]["pollen"]
    assert (today["date"], today["insee"]) == ("2026-11-24", "44109")
    assert [one["taxon"] for one in today["taxa"]][:2] == ["RAGWEED", "MUGWORT"]
    worst = [one["taxon"] for one in today["taxa"] if one["index"] == today["index"]]
    assert today["responsible"] == worst
    assert today["updatedAt"] == "2026-11-23T13:05:00+01:00"
    assert "errors" not in again
    assert [request.method for request in line.requests] == ["POST", "GET"]  # once for both

    [afternoon], _ = asked(tmp_path, QUERY, hours=4)
    days = [one["date"] for one in afternoon["data"]["pollen"]]
    assert days == ["2026-11-24", "2026-11-25"]


@pytest.mark.usefixtures("_account")
def test_a_day_that_is_over_is_not_told_although_it_is_all_there_is(tmp_path: Path) -> None:
    async def main() -> list[Any]:
        clock = Clock()
        clock.advance(4 * 3_600)  # 14:05
        line = Line(clock)
        given = {"cities": CITIES, "city": "estuaire", "data": tmp_path}
        async with serving(line, clock, upstream="http://sandbox", **given) as server:
            before = await server.ask(QUERY)
            line.cut = True
            clock.advance(12 * 3_600)
            return [before, await server.ask(QUERY)]

    before, after = asyncio.run(main())
    assert [one["date"] for one in before["data"]["pollen"]] == ["2026-11-24", "2026-11-25"]
    assert [one["date"] for one in after["data"]["pollen"]] == ["2026-11-25"]


@pytest.mark.parametrize(
    ("said", "taxa"),
    [
        ("BETULA GRAMINEE", [PollenTaxon.BIRCH, PollenTaxon.GRASSES]),
        ("Graminées", [PollenTaxon.GRASSES]),
        ("PARIETARIA", []),
        (None, []),
    ],
)
def test_the_plants_it_comes_from(said: str | None, taxa: list[PollenTaxon]) -> None:
    estuaire = cities.load(CITIES)["estuaire"]
    raw = {"date_ech": "2026-11-24", "code_zone": "44109", "code_qual": 7, "conc_boul": -1}
    raw |= {"pollen_resp": said}
    found = pollen(Row(estuaire, raw, estuaire.bindings["pollen"].fields))
    assert found.responsible == taxa
    assert found.index is None  # there is no such level
    assert {one.concentration for one in found.taxa} == {None}


@pytest.mark.usefixtures("_account")
def test_the_account_goes_to_the_way_in_and_nowhere_else(tmp_path: Path) -> None:
    _, line = asked(tmp_path, QUERY)
    login, data = line.requests
    assert json.loads(login.content) == {"username": "someone@exemple.fr", "password": "a:secret"}
    assert "secret" not in str(data.url) + str(data.headers) + data.content.decode()
    assert data.headers["authorization"] == "Bearer jeton-d-un-jour"


def test_without_an_account_it_is_refused(tmp_path: Path) -> None:
    [answer], _ = asked(tmp_path, QUERY)
    [error] = answer["errors"]
    assert answer["data"] == {"pollen": None}
    assert error["extensions"]["code"] == "REFUSED"


@pytest.mark.parametrize("commune", ["", "4410", "44109/../..", "44109%22", "٤٤١٠٩"])
def test_a_commune_is_a_code(tmp_path: Path, commune: str) -> None:
    [answer], line = asked(tmp_path, QUERY.replace("44109", commune))
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": ["commune"]}
    assert not line.requests


def test_most_cities_have_no_account(graphql: Any) -> None:
    [error] = graphql(QUERY)["errors"]
    assert error["extensions"]["code"] == "NOT_OFFERED"

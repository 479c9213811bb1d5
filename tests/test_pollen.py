"""Pollen: by commune and day, for those who have an account."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.world import World
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

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
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

"""What the nation offers all cities: the same questions in Nantes and in Bordeaux."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.faults import fault
from sandbox.world import World
from tests.conftest import Clock, serving

TODAY = """query ($city: String!, $text: String!) {
  addresses(city: $city, text: $text, first: 1) { label address { insee } }
  calendar(city: $city, from: "2027-02-13", days: 8) { publicHoliday schoolHoliday }
  air(city: $city) { date insee index publisher }
}"""


def asked(clock: Clock, variables: dict[str, Any], *faults: tuple[str, str]) -> Any:
    async def main() -> Any:
        broken = [(name, fault(kind)) for name, kind in faults]
        outside = httpx.ASGITransport(create_app(World(clock), faults=broken))
        async with serving(outside, clock, upstream="http://sandbox") as server:
            return await server.ask(TODAY, variables)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("city", "text", "label", "resumes", "publisher"),
    [
        ("nantes", "rue crébillon", "Rue Crébillon 44000 Nantes", 1, "Air Pays de la Loire"),
        (
            "bordeaux",
            "r. ste-catherine",
            "Rue Sainte-Catherine 33000 Bordeaux",
            8,
            "Atmo Nouvelle-Aquitaine",
        ),
    ],
)
def test_both_cities_answer(city: str, text: str, label: str, resumes: int, publisher: str) -> None:
    clock = Clock()
    clock.now = datetime(2026, 11, 24, 16, tzinfo=UTC)

    answer = asked(clock, {"city": city, "text": text})

    assert "errors" not in answer
    data = answer["data"]
    assert [one["label"] for one in data["addresses"]] == [label]
    on_holiday = [one["schoolHoliday"] == "Vacances d'Hiver" for one in data["calendar"]]
    assert sum(on_holiday) == resumes  # zone B's begin on the 20th, zone A's on the 13th
    assert {one["publisher"] for one in data["air"]} == {publisher}
    assert {one["date"] for one in data["air"]} == {"2026-11-24", "2026-11-25"}


def test_at_night_there_is_no_air_unless_some_was_read_before() -> None:
    clock = Clock()
    clock.now = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)

    answer = asked(clock, {"city": "nantes", "text": "rue"})

    assert answer["data"]["air"] is None
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "CHANGED"


@pytest.mark.parametrize(
    ("kind", "code"),
    [("429:5", "REFUSED"), ("wrong_columns", "CHANGED"), ("html", "CHANGED"), ("403", "REFUSED")],
)
def test_on_a_bad_day_of_one_the_others_answer(kind: str, code: str) -> None:
    answer = asked(Clock(), {"city": "nantes", "text": "rue"}, ("addresses", kind), ("air", kind))

    assert answer["data"]["addresses"] is answer["data"]["air"] is None
    assert len(answer["data"]["calendar"]) == 8
    assert {one["extensions"]["code"] for one in answer["errors"]} == {code}

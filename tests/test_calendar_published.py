"""Calendar, as the nation publishes it: days off of all, and of schools, as clients are told."""

import asyncio
import json
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

import cities
from sources.calendar import SchoolHolidays, public_holiday, school_holidays
from sources.protocols.jours_feries import JoursFeries
from sources.row import Row
from tests.asked import Asked, broken, read
from tests.conftest import down, serving

NANTES = cities.load()["nantes"]
SCHOOL = NANTES.bindings["calendar.school"]
HOLIDAYS = JoursFeries(**NANTES.bindings["calendar"].options)
DAYS = json.dumps({"2026-12-25": "Jour de Noël", "2027-01-01": "1er janvier"}).encode()
WEEK = "{ calendar(%s) { date publicHoliday schoolHoliday schoolDay } }"


def period(**about: Any) -> SchoolHolidays | None:
    known = {
        "description": "Vacances de la Toussaint",
        "start_date": "2026-10-16T22:00:00+00:00",
        "end_date": "2026-11-01T23:00:00+00:00",
        "population": "-",
        "location": "Nantes",
    }
    return school_holidays(Row(NANTES, {**known, **about}, SCHOOL.fields))


def test_midnights_in_paris_are_written_in_utc_and_the_end_is_the_day_classes_resume() -> None:
    assert period() == SchoolHolidays(date(2026, 10, 17), 16, "Vacances de la Toussaint")


def test_a_bridge_ends_as_it_starts_and_lasts_a_day() -> None:
    at = "2027-05-06T22:00:00+00:00"
    bridge = period(description="Pont de l'Ascension", start_date=at, end_date=at)
    assert bridge == SchoolHolidays(date(2027, 5, 7), 1, "Pont de l'Ascension")


@pytest.mark.parametrize(
    ("about", "there"),
    [
        ({"population": "Élèves"}, True),
        ({"population": None}, True),
        ({"population": "Enseignants"}, False),
        ({"description": "Rentrée scolaire des élèves"}, False),
        ({"description": "Prérentrée des enseignants"}, False),
    ],
)
def test_whose_holidays_they_are(about: dict[str, Any], there: bool) -> None:
    assert (period(**about) is not None) is there


@pytest.mark.parametrize(
    "about",
    [
        {"description": None},
        {"start_date": "2026-10-17"},
        {"end_date": "2026-10-15T22:00:00+00:00"},
        {"end_date": "2036-10-15T22:00:00+00:00"},
    ],
)
def test_what_cannot_be_is_dropped(about: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        period(**about)


def test_public_holidays_are_one_object_of_days() -> None:
    asked = Asked(DAYS)
    body = asyncio.run(HOLIDAYS.fetch(asked))
    [(url, params, _)] = asked.calls
    assert (url, params) == ("https://calendrier.api.gouv.fr/jours-feries/metropole.json", {})
    found = [public_holiday(Row(NANTES, row, {})) for row in HOLIDAYS.rows(body)]
    assert [(one.date, one.name) for one in found] == [
        (date(2026, 12, 25), "Jour de Noël"),
        (date(2027, 1, 1), "1er janvier"),
    ]
    for row in ({"date": "soon", "name": "x"}, {"date": "2026-12-25", "name": None}):
        with pytest.raises(ValueError):
            public_holiday(Row(NANTES, row, {}))


@settings(max_examples=200)
@given(broken(DAYS))
def test_nothing_that_comes_back_breaks_it(body: bytes) -> None:
    for row in read(HOLIDAYS, body) or ():
        try:
            public_holiday(Row(NANTES, row, {}))
        except ValueError:
            continue  # dropped and counted


# Through the front door


def test_days_around_a_public_holiday_in_term(graphql: Any) -> None:
    answer = graphql(WEEK % 'from: "2027-05-05", days: 5')
    said = [tuple(one.values())[1:] for one in answer["data"]["calendar"]]
    assert said == [
        (None, None, True),
        ("Ascension", None, False),
        (None, "Pont de l'Ascension", False),
        ("8 mai", None, False),
        (None, None, False),
    ]


def test_today_is_the_first_day_unless_told(graphql: Any) -> None:
    days = graphql("{ calendar { date } }")["data"]["calendar"]
    assert [one["date"] for one in days] == [f"2026-11-{n}" for n in range(24, 31)]


def test_beyond_what_is_published_nobody_knows(graphql: Any) -> None:
    answer = graphql(WEEK % 'from: "2030-09-10", days: 1')
    assert answer["data"]["calendar"] == [
        {"date": "2030-09-10", "publicHoliday": None, "schoolHoliday": None, "schoolDay": None}
    ]


def test_each_source_fails_alone(graphql: Any, replay: Any) -> None:
    replay.broken["calendar.school"] = down
    answer = graphql(WEEK % 'from: "2026-12-25", days: 1')
    assert answer["data"]["calendar"] == [
        {
            "date": "2026-12-25",
            "publicHoliday": "Jour de Noël",
            "schoolHoliday": None,
            "schoolDay": None,
        }
    ]
    assert {one["extensions"]["source"] for one in answer["errors"]} == {"nantes/calendar.school"}


def test_a_city_without_either_has_no_calendar(tmp_path: Any) -> None:
    (tmp_path / "here.toml").write_text('name = "Here"\ntimezone = "Europe/Paris"\n')

    async def main() -> Any:
        upstream = httpx.MockTransport(down)
        async with serving(upstream, cities=tmp_path, city="here") as server:
            return await server.ask(
                "{ calendar { date } air { date } address(lat: 1, lon: 1) { id } }"
            )

    answer = asyncio.run(main())
    assert answer["data"] == {"calendar": None, "air": None, "address": None}
    assert {one["extensions"]["code"] for one in answer["errors"]} == {"NOT_OFFERED"}

"""Calendar: public holidays, school holidays, and names of periods that speak of them."""

from datetime import date, timedelta
from threading import get_ident

import pytest

from cities import load
from sources import calendar
from sources.calendar import Calendar

NANTES = Calendar.of(load()["nantes"])
TERM, AUTUMN, SUMMER = date(2026, 11, 23), date(2026, 10, 20), date(2026, 7, 20)


@pytest.mark.parametrize(
    ("zone", "first", "last", "name"),
    [
        ("B", date(2026, 10, 17), date(2026, 11, 1), "Vacances de la Toussaint"),
        ("B", date(2026, 12, 19), date(2027, 1, 3), "Vacances de Noël"),
        ("B", date(2027, 2, 20), date(2027, 3, 7), "Vacances d'hiver"),
        ("B", date(2027, 5, 7), date(2027, 5, 7), "Pont de l'Ascension"),
        ("B", date(2027, 7, 3), date(2027, 9, 1), "Vacances d'été"),
        ("C", date(2027, 2, 6), date(2027, 2, 21), "Vacances d'hiver"),
        ("C", date(2027, 4, 3), date(2027, 4, 18), "Vacances de printemps"),
    ],
)
def test_school_holidays_are_those_of_the_ministry(
    zone: str, first: date, last: date, name: str
) -> None:
    calendar = Calendar("FR", None, zone)
    around = [first + timedelta(days=n) for n in range(-1, (last - first).days + 2)]
    names = [calendar.school_holiday(day) for day in around]
    assert names == [None, *[name] * (len(around) - 2), None]


def test_what_is_not_known_of_schools() -> None:
    assert NANTES.knows_school(date(2028, 8, 31))
    assert not NANTES.knows_school(date(2028, 9, 1))
    nowhere = Calendar("FR", None, None)
    assert not nowhere.knows_school(TERM)
    assert nowhere.school_holiday(AUTUMN) is None
    assert not nowhere.agrees("vacances scolaires", AUTUMN)
    assert not nowhere.agrees("période scolaire", TERM)
    assert nowhere.agrees("Horaires annuels", AUTUMN)


def test_public_holidays() -> None:
    assert NANTES.public_holiday(date(2026, 5, 1)) == "Fête du Travail"
    assert NANTES.public_holiday(date(2026, 4, 5)) is None  # Easter Sunday is a Sunday
    assert NANTES.public_holiday(date(2026, 4, 3)) is None
    assert Calendar("FR", "57", "B").public_holiday(date(2026, 4, 3)) == "Vendredi saint"
    assert NANTES.public_holiday(date.max) is None
    with pytest.raises(ValueError, match="subdivision"):
        Calendar("FR", "nowhere", "B").public_holiday(TERM)


@pytest.mark.parametrize(
    ("period", "agrees_with"),
    [
        (None, {TERM, AUTUMN, SUMMER}),
        ("Horaires d'été", {TERM, AUTUMN, SUMMER}),  # summer, not its holidays
        ("Vacances scolaires", {AUTUMN, SUMMER}),
        ("petites vacances", {AUTUMN}),
        ("Petites vacances (hors été)", {AUTUMN}),
        ("Vacances scolaires (hors été)", {AUTUMN}),
        ("Grandes vacances", {SUMMER}),
        ("Vacances d'Été", {SUMMER}),
        ("vac scol Toussaint 2026", {AUTUMN}),
        ("vac scol fev 2020", set()),
        ("Période scolaire", {TERM}),
        ("2022 horaires période scol", {TERM}),
        ("Hors période scolaire", {AUTUMN, SUMMER}),
        ("hors vacances", {TERM}),
        ("Période scolaire (hors vacances)", {TERM}),
        ("Hors vacances d'été", {TERM, AUTUMN}),
        ("Période scolaire et petites vacances", {TERM, AUTUMN}),
    ],
)
def test_periods_named_after_school(period: str | None, agrees_with: set[date]) -> None:
    assert {day for day in (TERM, AUTUMN, SUMMER) if NANTES.agrees(period, day)} == agrees_with


@pytest.mark.anyio
async def test_it_is_loaded_beside_the_event_loop_and_once(monkeypatch) -> None:
    monkeypatch.setattr(calendar, "loaded", set())
    threads = []

    def public_holidays(country: str, region: str | None, year: int) -> dict[date, str]:
        threads.append(get_ident())
        return {}

    monkeypatch.setattr(calendar, "_public_holidays", public_holidays)
    assert await NANTES.ready(TERM) is NANTES
    assert await NANTES.ready(TERM) is NANTES
    assert len(threads) == 1
    assert get_ident() not in threads

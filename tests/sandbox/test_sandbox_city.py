"""The city itself: on any day its pools, menus and schools are alive and as odd as the real."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from sandbox.days import WEEK, public_holidays, school_holidays
from sandbox.upstreams.menus import menus
from sandbox.upstreams.pools import hours, pools
from sandbox.upstreams.schools import schools

DAYS = [
    date(2026, 11, 24),  # term
    date(2026, 8, 3),  # summer
    date(2026, 12, 24),  # Christmas
    date(2027, 5, 6),  # Ascension and its bridge
    date(2031, 3, 4),  # a year without a school calendar
]
TUESDAY, SUMMER, CHRISTMAS, ASCENSION, FAR = DAYS
Row = dict[str, Any]


def on(rows: list[Row], pool: str, day: date) -> list[Row]:
    """The rows that hold for a pool on a day: its exceptions if it has any, else its week."""
    mine = [row for row in rows if row["idobj"] == pool]
    exceptions = [row for row in mine if row["date_exception"] == day.isoformat()]
    return exceptions or [
        row
        for row in mine
        if row["jour"] == WEEK[day.weekday()]
        and row["date_debut"] <= day.isoformat() <= row["date_fin"]
    ]


def test_pools_are_the_seventeen_of_the_metropolis() -> None:
    rows: list[Row] = pools(TUESDAY, 1)
    assert len({row["idobj"] for row in rows}) == 17
    assert all(isinstance(row["idobj"], str) for row in rows)
    assert {row["plongeoir"] for row in rows} == {"OUI", "NON"}
    assert {"ST-HERBLAIN", "SAINT-HERBLAIN"} <= {row["commune"] for row in rows}
    assert any(row["tel"] is None for row in rows)


@pytest.mark.parametrize("day", DAYS)
def test_some_pool_is_open_all_day(day: date) -> None:
    rows: list[Row] = hours(day, 1)
    monday = day - timedelta(days=day.weekday())
    for offset in range(7):
        [slot] = on(rows, "110", monday + timedelta(days=offset))
        assert slot["heure_debut"] <= "10:00" < "18:00" <= slot["heure_fin"]


@pytest.mark.parametrize("day", DAYS)
def test_one_pool_is_closed_all_week(day: date) -> None:
    rows: list[Row] = hours(day, 1)
    monday = day - timedelta(days=day.weekday())
    for offset in range(7):
        [closing] = on(rows, "112", monday + timedelta(days=offset))
        assert closing["type_horaire"] == "Fermeture"
        assert closing["heure_debut"] is closing["heure_fin"] is closing["jour"] is None


@pytest.mark.parametrize("day", DAYS)
def test_one_pool_closes_at_midnight_on_fridays(day: date) -> None:
    slots = [row for row in hours(day, 1) if row["heure_fin"] == "23:59"]
    assert {(row["idobj"], row["jour"]) for row in slots} == {("844", "vendredi")}


@pytest.mark.parametrize("day", DAYS)
def test_one_pool_opens_an_extra_sunday(day: date) -> None:
    [extra] = [row for row in hours(day, 1) if row["nom_periode"] == "Ouverture exceptionnelle"]
    sunday = date.fromisoformat(str(extra["date_exception"]))
    assert sunday >= day
    assert sunday.weekday() == 6
    assert extra["heure_debut"] == "09:00"


def test_hours_have_several_slots_and_periods_that_overlap() -> None:
    rows: list[Row] = hours(TUESDAY, 1)
    assert len(on(rows, "1846", TUESDAY)) == 3
    assert len({row["nom_periode"] for row in on(rows, "114", date(2026, 11, 29))}) == 2
    armistice = [row for row in rows if row["date_exception"] == "2026-11-11"]
    assert {row["type_horaire"] for row in armistice} == {"Ouverture", "Fermeture"}


@pytest.mark.parametrize("day", DAYS)
def test_hours_change_with_the_school_calendar(day: date) -> None:
    open_pools = {row["idobj"] for row in hours(day, 1) if row["type_horaire"] == "Ouverture"}
    assert len(open_pools) >= 16
    kinds = {school_holidays(d.year).get(d, "") for d in (day, day + timedelta(days=60))}
    names = {row["nom_periode"] for row in hours(day, 1)}
    assert all(name in names for name in kinds if name)


def test_menus_span_eight_weeks_without_weekends() -> None:
    days = {date.fromisoformat(str(row["date"])) for row in menus(TUESDAY, 1)}
    assert min(days) == date(2026, 11, 2), "the autumn holidays end on 1 November"
    assert max(days) == date(2026, 12, 18)
    weekdays = Counter(day.weekday() for day in days)
    assert weekdays.keys() == {0, 1, 2, 3, 4}
    assert weekdays[2] < weekdays[1]
    assert menus(SUMMER, 1) == []


def test_menus_are_written_by_hand() -> None:
    served = [str(row["repas"]) for row in (*menus(TUESDAY, 1), *menus(TUESDAY, 2))]
    for habit in (
        "<em>Menu végétarien</em>",
        "végatarien",
        "<br />-<br /></em>",
        "<br />-</p>",
        "<p> </p><p><em>",
        "<em>*Viande bovine française",
        "<br />ou </em>",
        "<strong>Férié</strong>",
        '"coleslaw"',
    ):
        assert any(habit in html for html in served), habit
    kinds = Counter(row["type_menu"] for row in menus(TUESDAY, 1))
    assert kinds["Menu standard"] > kinds["Menu allergique"] > 5


def test_a_bridge_is_a_menu() -> None:
    by_day = {row["date"]: str(row["repas"]) for row in menus(ASCENSION, 1)}
    assert "Ascension" in by_day["2027-05-06"]
    assert by_day["2027-05-07"] == "<p><strong>Pont de l'ascension</strong></p>"


def test_menus_and_hours_of_a_year_without_a_school_calendar() -> None:
    assert menus(FAR, 1)
    assert public_holidays(2031)


def test_schools_in_all_the_columns_of_the_directory() -> None:
    rows: list[Row] = schools(TUESDAY, 1)
    assert {len(row) for row in rows} == {71}
    metropolis = [row for row in rows if "47.1" < str(row["latitude"]) < "47.35"]
    assert len(metropolis) >= 40
    assert {row["restauration"] for row in rows} == {0, 1, None}
    assert {row["statut_public_prive"] for row in rows} == {"Public", "Privé"}
    assert {row["type_etablissement"] for row in rows} == {"Ecole", "Collège", "Lycée"}
    assert [row["position"] for row in rows].count(None) == 1
    assert [row["etat"] for row in rows].count("A FERMER") == 1
    assert {row["code_departement"] for row in rows} == {"044", "033", "035", "049"}
    uais = Counter(row["identifiant_de_l_etablissement"] for row in rows)
    assert sorted(uais.values())[-2:] == [1, 2]
    assert all(len(uai) == 8 and uai[:7].isdigit() and uai[7].isalpha() for uai in uais)
    assert any(row["ecole_maternelle"] == row["ecole_elementaire"] == 1 for row in rows)

"""Real opening hours: Nantes' museums and libraries of 2022, with facts read off by hand."""

import csv
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest

from cities import Column, load
from sources.collection import Collection
from sources.pools import PoolSlot
from sources.reading import read_all, readers
from sources.schedule import WeeklySchedule, schedules

EXPORT = (
    Path(__file__).parents[1].parent
    / "shared/samples/nantes/ods-piscines-horaires"
    / "equipements-culturels-nantes-horaires_2022.csv"
)
pytestmark = pytest.mark.skipif(not EXPORT.exists(), reason="no captures here")

NANTES = load()["nantes"]
FIELDS = {
    "place": "Identifiant de l'équipement",
    "weekday": "Jour de la semaine",
    "opens": "Heure de début",
    "closes": "Heure de fin",
    "from": "Date de début",
    "until": "Date de fin",
    "period": "Période",
    "exception": "Date de l'exception",
    "kind": "Type d'horaire",
}
MIRROR, LIBRARY, BREIL, PRINTING, TOYS = "5079", "17", "11", "133", "8060326"


@pytest.fixture(scope="module")
def slots() -> Collection[PoolSlot]:
    fields = {name: Column(column=column) for name, column in FIELDS.items()}
    binding = NANTES.bindings["pools.hours"].model_copy(update={"fields": fields})
    with EXPORT.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    items, dropped = read_all(readers[PoolSlot], rows, NANTES, binding)
    return Collection(binding, tuple(items), dropped, at("2022-11-23T12:00"))


@pytest.fixture(scope="module")
def places(slots: Collection[PoolSlot]) -> Mapping[str, WeeklySchedule]:
    return slots.derived(schedules(NANTES))


def shown(place: WeeklySchedule, day: str) -> str | None:
    hours = place.on(date.fromisoformat(day))
    spans = " ".join(f"{span.from_}-{span.to}" for span in hours.time_spans)
    return None if hours.closed is None else spans


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NANTES.zone)


def test_every_row_is_read(slots: Collection[PoolSlot]) -> None:
    assert (len(slots.items), slots.dropped) == (713, 0)
    assert sum(1 for s in slots.items if s.opens is None) == 267
    assert sum(1 for s in slots.items if s.exception) == 319
    assert len({s.place for s in slots.items}) == 23


def test_what_the_rule_of_one_whole_period_rests_on(slots: Collection[PoolSlot]) -> None:
    periods = {(s.place, s.from_, s.until) for s in slots.items if s.exception is None}
    assert len(periods) == 65
    assert not [
        (one, other)
        for one in periods
        for other in periods
        if one[0] == other[0] and one != other and one[1] <= other[1] <= one[2]
    ]
    names = {(s.place, s.period) for s in slots.items if s.exception is None}
    assert {(s.place, s.period) for s in slots.items if s.exception} <= names


def test_a_library(places: Mapping[str, WeeklySchedule]) -> None:
    library = places[LIBRARY]
    assert shown(library, "2022-02-06") == "14:00-18:00"  # the first Sunday of the month
    assert library.on(date(2022, 2, 6)).reason == "Horaires exceptionnels"
    assert shown(library, "2022-02-13") == ""
    assert library.on(date(2022, 2, 13)).reason is None
    assert shown(library, "2022-02-08") == "12:00-20:00"
    assert shown(library, "2022-04-17") == ""
    assert library.on(date(2022, 4, 17)).reason == "Fermeture exceptionnelle"
    assert library.on(date(2022, 5, 1)).public_holiday == "Fête du Travail"
    assert library.open_at(at("2022-02-06T14:00")) is True
    assert library.open_at(at("2022-02-06T18:00")) is False
    assert library.opens_at(at("2022-04-16T20:00")) == at("2022-04-19T12:00")


def test_the_water_mirror_never_closes_but_when_it_does(
    places: Mapping[str, WeeklySchedule],
) -> None:
    mirror = places[MIRROR]
    assert mirror.open_at(at("2022-01-15T23:59")) is True
    assert mirror.open_at(at("2022-03-27T03:00")) is True
    assert mirror.closes_at(at("2022-01-15T12:00")) is None
    assert mirror.closes_at(at("2022-06-21T10:00")) == at("2022-06-22T00:00")
    assert mirror.opens_at(at("2022-06-21T10:00")) == at("2022-06-25T00:00")
    assert mirror.on(date(2026, 11, 23)).period == "horaires annuels bis"


def test_the_heat_plan_opens_a_library_in_its_holidays(
    places: Mapping[str, WeeklySchedule],
) -> None:
    breil = places[BREIL]
    assert shown(breil, "2022-08-08") is None
    assert shown(breil, "2022-08-09") == "11:00-15:00"
    assert breil.on(date(2022, 8, 9)).period == "Dispositif Fortes Chaleurs Août 2022"
    assert shown(breil, "2022-08-11") == ""
    assert shown(breil, "2022-08-16") == "14:00-18:00"
    assert breil.open_at(at("2022-07-12T15:00")) is None
    assert breil.opens_at(at("2022-07-12T15:00")) == at("2022-08-09T11:00")


def test_summer_takes_saturdays_from_a_museum(places: Mapping[str, WeeklySchedule]) -> None:
    museum = places[PRINTING]
    assert shown(museum, "2022-06-25") == "10:00-12:00 14:00-17:30"
    assert shown(museum, "2022-07-02") == ""
    assert shown(museum, "2022-08-16") == "10:00-12:00 14:00-17:30"  # whatever the period's name


def test_dates_win_over_names(places: Mapping[str, WeeklySchedule]) -> None:
    toys = places[TOYS]
    assert shown(toys, "2022-02-05") == "10:00-12:30 13:30-18:30"
    assert toys.on(date(2022, 2, 5)).period == "2022 horaires période scol"
    assert shown(toys, "2022-02-12") == ""
    assert toys.on(date(2022, 2, 8)).period == "vac scol fev 2020"

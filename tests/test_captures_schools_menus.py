"""Schools and menus as really published: 69 menus of Nantes, 613 schools of Val-de-Marne.

Run with `-rP` to see what was read, what was dropped, and why.
"""

import csv
import datetime as dt
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

import cities
from schema.menus import Menu, MenuVariant
from schema.schools import School, SchoolLevel, SchoolSector
from sources.menus import menu
from sources.row import Row
from sources.schools import school

T = TypeVar("T")

SAMPLES = Path(__file__).parents[1].parent / "shared/samples"
CANTEENS = SAMPLES / "nantes/ods-cantines/244400404_menus-cantines-scolaires-nantes.csv"
DIRECTORY = SAMPLES / "standards/education/annuaire-education.fresnes-94.ecoles.json"
NANTES = cities.load()["nantes"]

# The file has the portal's labels, the API its technical names.
LABELS = {"Type de menu": "type_menu", "Commune": "commune", "Date": "date", "Repas": "repas"}


def read_rows(
    service: str, read: Callable[[Row], T | None], rows: Iterable[Mapping[str, Any]]
) -> tuple[list[T], Counter[str]]:
    """What was read, and how many rows had which fate."""
    fates: Counter[str] = Counter()
    found: list[T] = []
    for raw in rows:
        try:
            item = read(Row(NANTES, raw, NANTES.bindings[service].fields))
        except ValueError as error:
            fates[f"dropped: {error}"] += 1
            continue
        fates["no such thing" if item is None else "read"] += 1
        if item is not None:
            found.append(item)
    for fate, count in fates.most_common():
        sys.stdout.write(f"{service:8} {count:4} {fate}\n")
    return found, fates


@pytest.fixture(scope="module")
def canteens() -> list[dict[str, str]]:
    if not CANTEENS.exists():
        pytest.skip("no captures here")
    with CANTEENS.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return [{LABELS.get(name, name): value for name, value in row.items()} for row in rows]


@pytest.fixture(scope="module")
def menus(canteens: list[dict[str, str]]) -> tuple[list[Menu], Counter[str]]:
    return read_rows("menus", menu, canteens)


@pytest.fixture(scope="module")
def schools() -> tuple[list[School], Counter[str]]:
    if not DIRECTORY.exists():
        pytest.skip("no captures here")
    return read_rows("schools", school, json.loads(DIRECTORY.read_text("utf-8")))


def of_day(menus: list[Menu], day: str, variant: MenuVariant = MenuVariant.STANDARD) -> Menu:
    date = dt.date.fromisoformat(day)
    (found,) = [one for one in menus if one.date == date and one.variant is variant]
    return found


def names(found: Menu) -> list[str]:
    return [dish.name for course in found.courses for dish in course.dishes]


def days(menus: Iterable[Menu]) -> list[str]:
    return sorted(f"{one.date:%m-%d}" for one in menus)


def test_every_menu_is_read_but_two_holidays(menus: tuple[list[Menu], Counter[str]]) -> None:
    found, fates = menus
    assert fates == {"read": 67, "no such thing": 2}
    assert Counter(one.variant for one in found) == {
        MenuVariant.STANDARD: 47,
        MenuVariant.ALLERGY: 20,
    }
    assert not {"05-26", "05-27"} & set(days(found))  # Ascension day and the day after
    assert {one.commune for one in found} == {"44109"}
    assert len({one.id for one in found}) == 67


def test_no_markup_mark_or_empty_course_is_left(menus: tuple[list[Menu], Counter[str]]) -> None:
    for one in menus[0]:
        assert 3 <= len(one.courses) <= 5, one.date
        for name in names(one):
            assert name[0].isupper(), name
            assert not set("<>*°\\\xa0()") & set(name), name
        assert not any(note.startswith(("*", "°", "(")) for note in one.notes)


def test_no_word_is_lost(canteens: list[dict[str, str]]) -> None:
    announced = {"Menu", "végétarien", "végatarien", "ou"}  # fields and structure say these
    for raw in canteens:
        found = menu(Row(NANTES, raw, NANTES.bindings["menus"].fields))
        if found is None:
            continue
        dishes = [dish for course in found.courses for dish in course.dishes]
        notes = [note for dish in dishes for note in dish.notes]
        said = " ".join([*names(found), *notes, *found.notes, found.title or ""])
        written = re.findall(r"\w+", re.sub(r"<[^>]*>", " ", raw["repas"]))
        assert set(written) - set(re.findall(r"\w+", said)) <= announced, found.date


def test_vegetarian_days(menus: tuple[list[Menu], Counter[str]]) -> None:
    def said(variant: MenuVariant) -> str:
        found = [one for one in menus[0] if one.variant is variant and one.vegetarian]
        return " ".join(days(found))

    assert said(MenuVariant.ALLERGY) == "03-29 04-07 04-28 05-05 05-10"
    assert said(MenuVariant.STANDARD) == (
        "03-28 04-05 04-11 04-13 04-22 04-26 05-03 05-06 05-09 05-11 05-20 05-23 05-24 05-31 06-03"
    )
    assert {one.vegetarian for one in menus[0]} == {True, None}
    for one in menus[0]:
        assert not one.vegetarian or not one.notes or "Viande" not in " ".join(one.notes)


def test_titles(menus: tuple[list[Menu], Counter[str]]) -> None:
    assert {f"{one.date:%m-%d}": one.title for one in menus[0] if one.title} == {
        "03-29": "Plat végétarien",
        "05-13": "Repas froid",
        "05-18": "Repas froid",
        "05-24": "Repas froid végétarien",
    }


def test_one_plain_day(menus: tuple[list[Menu], Counter[str]]) -> None:
    found = of_day(menus[0], "2022-05-16")
    assert names(found) == [
        "Tarte au fromage",
        "Filet de poisson au beurre blanc",
        "Purée de brocolis",
        "Morbier",
        "Salade de fruits frais bio",
    ]
    fruit = found.courses[4].dishes[0]
    assert (fruit.labels, fruit.notes) == (["bio"], ["ananas, pommes, orange, kiwi"])


def test_one_day_with_everything(menus: tuple[list[Menu], Counter[str]]) -> None:
    found = of_day(menus[0], "2022-03-31")
    assert names(found) == [
        "Piémontaise du Perray",
        "Rôti de porc BBC ou rôti de dinde",
        "Ratatouille",
        "Edam bio",
        "Banane",
    ]
    assert found.courses[0].dishes[0].notes == ["pommes de terre bio, tomates, maïs, mayonnaise"]
    assert found.courses[1].dishes[0].labels == ["BBC"]
    assert found.courses[1].dishes[0].notes == found.notes
    assert found.notes == ["Filière Bleu/Blanc/Coeur", "Viande de volaille française"]


def test_the_one_choice(menus: tuple[list[Menu], Counter[str]]) -> None:
    choices = [one for one in menus[0] if any(len(course.dishes) > 1 for course in one.courses)]
    assert days(choices) == ["04-12"]
    assert [dish.name for dish in choices[0].courses[1].dishes] == [
        "Saucisse de Toulouse bio des Pays de la Loire",
        "Saucisses de volaille",
    ]


def test_labels(menus: tuple[list[Menu], Counter[str]]) -> None:
    dishes = [dish for one in menus[0] for course in one.courses for dish in course.dishes]
    claimed = Counter(label for dish in dishes for label in dish.labels)
    assert claimed.keys() == {"bio", "AOP", "AOC", "BBC", "pêche durable"}
    assert (claimed["AOP"], claimed["AOC"], claimed["BBC"], claimed["pêche durable"]) == (
        4,
        1,
        7,
        1,
    )
    assert claimed["bio"] == sum("bio" in dish.name.split() for dish in dishes)


def test_every_school_is_read(schools: tuple[list[School], Counter[str]]) -> None:
    found, fates = schools
    assert fates == {"read": 613}  # two are to close, and still open
    assert Counter(one.level for one in found) == {
        SchoolLevel.NURSERY: 306,
        SchoolLevel.ELEMENTARY: 270,
        SchoolLevel.PRIMARY: 37,
    }
    assert Counter(one.canteen for one in found) == {True: 612, False: 1}
    assert all(one.position and one.email and one.address.postcode for one in found)
    assert sum(one.phone is None for one in found) == 1
    assert {one.website for one in found} == {None}
    assert len({one.id for one in found}) == 613


def test_the_schools_of_fresnes(schools: tuple[list[School], Counter[str]]) -> None:
    fresnes = [one for one in schools[0] if one.address.insee == "94034"]
    assert Counter((one.level, one.sector) for one in fresnes) == {
        (SchoolLevel.NURSERY, SchoolSector.PUBLIC): 5,
        (SchoolLevel.ELEMENTARY, SchoolSector.PUBLIC): 5,
        (SchoolLevel.PRIMARY, SchoolSector.PUBLIC): 1,
    }
    (doisneau,) = [one for one in fresnes if one.uai == "0940176F"]
    assert (doisneau.name, doisneau.phone) == ("Ecole élémentaire Robert Doisneau", "0172045505")
    assert (doisneau.level, doisneau.sector) == (SchoolLevel.ELEMENTARY, SchoolSector.PUBLIC)
    assert doisneau.address.street == "Allée du Puits"
    second_lines = [one for one in schools[0] if ", " in (one.address.street or "")]
    assert second_lines == []  # all five repeat the street or the commune, or are post boxes

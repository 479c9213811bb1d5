"""Canteens: the menus of Angers as the SCDL has them, a row for each dish, canteen and day.

Column names are in small letters, as the portal makes them, and some are nobody's standard.
Habits kept: courses go by the city's own names, labels are flags beside the standard's list, a
list is JSON or a text with semicolons, an enumeration ends in a blank, one canteen feeds
grown-ups, one serves something else, and of some nobody says which school they belong to.
"""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from sandbox.datasets import Dataset, Field, Row
from sandbox.days import days, public_holidays, school_holidays
from sandbox.lots import draw, pick
from sandbox.tables import read

WEDNESDAY = 2


class Canteen(NamedTuple):
    """Its name, its id and what kind of id that is, who eats there, and which menu."""

    name: str
    number: str
    number_kind: str
    kind: str
    menu: str


CANTEENS = (
    Canteen("ECOLE GASNIER", "0490101A", "EN", "élémentaire", "standard"),
    Canteen("ECOLE ROSTAND", "0490102B", "EN", "élémentaire", "standard"),
    Canteen("ECOLE HUGO", "R17", "autre", "élémentaire", "vegetarian"),
    Canteen("RESTAURANT ADMINISTRATIF", "R90", "autre", "administration", "standard"),
)
COURSES = {
    "starter": "entrée",
    "main": "plat",
    "side": "accompagnement",
    "dairy": "produit laitier",
    "fruit": "dessert",
}
ALLERGENS = {
    "dairy": ["lait"],
    "main": ["céréales contenant du gluten", "oeufs"],
}
TEXT = (
    *("menucollnom", "menurestaurantnom", "menurestaurantid", "menurestaurantidtype"),
    *("menurestauranttype", "menurestaurantconvive", "menurepastype", "menuplattype"),
    *("menuplatnom", "menuplatsiqo", "menuplatregime", "menuplatallergene"),
    *("menuplatlabelabio", "menuplatlabelaop", "menuplatlabelaoc"),
)
FACETS = ("menurestaurantnom", "menuplattype")


def rows(today: date, seed: int) -> list[Row]:
    """Last week, this one and the next four."""
    monday = today - timedelta(days=today.weekday())
    open_days = [
        day
        for day in days(monday - timedelta(days=7), monday + timedelta(days=34))
        if day.weekday() < 5 and day.weekday() != WEDNESDAY
        if day not in public_holidays(day.year) and day not in school_holidays(day.year)
    ]
    return [dish for day in open_days for one in CANTEENS for dish in dishes(day, one, seed)]


def dishes(day: date, canteen: Canteen, seed: int) -> Iterator[Row]:
    """One canteen's meal, a row a dish; now and then there are two desserts."""
    every: Row = dict.fromkeys(field.name for field in CANTEEN_MENUS.fields)
    for course, called in COURSES.items():
        choices = [
            dish["dish"]
            for dish in read("dishes")
            if dish["course"] == course and dish["for"] in ("all", canteen.menu)
        ]
        served = [pick(choices, seed, day, course, canteen.menu)]
        if course == "fruit" and draw(seed, day, "two desserts") < 0.3:
            served.append(pick(choices, seed, day, "another", canteen.menu))
        for written in served:
            dish = re.sub(r"<[^>]*>|[*°]+", "", written.partition("<br")[0])
            organic = "bio" in dish
            yield every | {
                "menucollnom": "Ville d'Angers",
                "menurestaurantnom": canteen.name,
                "menurestaurantinsee": "49007",
                "menurestaurantid": canteen.number,
                "menurestaurantidtype": canteen.number_kind,
                "menurestauranttype": canteen.kind,
                "menurestaurantconvive": "scolaire" if canteen.kind == "élémentaire" else "adultes",
                "menudate": day.isoformat(),
                "menurepastype": "déjeuner",
                "menuplattype": called,
                "menuplatnom": dish,
                "menuplatsiqo": '["agriculture biologique"]' if organic else None,
                "menuplatlabelabio": "X" if organic else " ",
                "menuplatlabelaop": "X" if "AOP" in dish else None,
                "menuplatregime": "sans viande ; sans porc "
                if canteen.menu == "vegetarian"
                else None,
                "menuplatallergene": json.dumps(ALLERGENS[course], ensure_ascii=False)
                if course in ALLERGENS
                else None,
            }


CANTEEN_MENUS = Dataset(
    "scdl_menus_restauration_scolaire_angers",
    "SCDL Menus de la restauration scolaire",
    "angers.menus",
    (
        Field("menudate", "menuDate", "date", facet=True),
        Field("menurestaurantinsee", "menuRestaurantInsee"),
        *(Field(name, name, facet=name in FACETS) for name in TEXT),
    ),
    rows,
    host="data.angers.fr",
)

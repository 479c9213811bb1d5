"""Menu dishes: canteen menus as the SCDL has them, one row per dish, canteen and meal.

https://schema.data.gouv.fr/scdl/menus-collectifs/

Its header has had four generations: `menuNomPlat` until 0.7, `menu_nom_plat` in 0.9,
`menuNomPlat` with `menuPlatSiqo` in 1.2.0, `menuPlatNom` since; Opendatasoft writes all of them
in small letters. So columns are known by their letters alone, and a city file need name only
those of its own. Lists are JSON, or texts with `;`; enumerations come with capitals and stray
blanks.

The same menu in many canteens is one `Menu` that names them all.
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from schema.menus import Canteen, Course, Dish, Meal, Menu, MenuVariant
from schema.nodes import node_id
from sources.lines import NOTHING
from sources.menu_labels import LABELS, labels
from sources.names import fold
from sources.row import FALSE, Row

# Our words, and what the generations of the standard call them, by their letters alone.
HEADERS = {
    "date": "menudate",
    "meal": "menurepastype menutyperepas",
    "canteen": "menurestaurantnom menurestnom",
    "canteen_id": "menurestaurantid menurestid",
    "canteen_id_type": "menurestaurantidtype menurestidtype",
    "canteen_type": "menurestauranttype menuresttype",
    "insee": "menurestaurantinsee menurestinsee",
    "eaters": "menurestaurantconvive menurestconvive",
    "course": "menuplattype menutypeplat",
    "dish": "menuplatnom menunomplat",
    "marks": "menuplatsiqo menusiqoplat",
    "label": "menuplatlabel menulabelplat",
    "notes": "menuplatprecision menuprecisionplat menuprecplat",
    "diets": "menuplatregime menuregimeplat menuregplat",
    "allergens": "menuplatallergene menuallergeneplat",
    # Not of the standard: flags, each for one mark.
    "bio": "menuplatlabelabio",
    "aop": "menuplatlabelaop",
    "aoc": "menuplatlabelaoc",
}
COLUMNS = " ".join(HEADERS)
WORDS = {name: word for word, names in HEADERS.items() for name in names.split()}

MEALS = {
    "petit dejeuner": Meal.BREAKFAST,
    "dejeuner": Meal.LUNCH,
    "gouter": Meal.SNACK,
    "collation": Meal.SNACK,
    "diner": Meal.DINNER,
}
# Courses in the order they are eaten, by how their names begin.
COURSES = (
    *("entree", "plat", "garniture", "accompagnement", "legume"),
    *("produit laitier", "laitage", "fromage", "dessert", "fruit", "pain"),
)
# Canteens where no children eat.
FOR_ADULTS = {"universite", "centre de formation", "administration", "residence senior", "ehpad"}
FOR_ADULTS |= {"repas a domicile", "restaurant d entreprise"}
VEGETARIAN = {"vegetarien", "vegetalien", "vegan", "sans viande", "sans viande ni poisson"}
UAI = re.compile(r"[0-9]{7}[A-Z]")
MOST_ITEMS = 32  # of a list in a cell


class DishMenu(Menu):
    """A menu out of a table that has its dishes, one a row."""


def dish_menu(row: Row) -> DishMenu | None:
    """A menu of a single dish; None where no children eat, ValueError without date or dish."""
    row = _standard(row)
    date, name = row.find_day("date"), row.text("dish")
    if date is None:
        raise ValueError("no date")
    if fold(row.find_text("canteen_type") or "") in FOR_ADULTS:
        return None
    meal = MEALS.get(fold(row.find_text("meal") or "dejeuner"), Meal.OTHER)
    course = (row.find_text("course") or "").capitalize()
    eaters = row.find_text("eaters") or "Menu"
    canteen = _canteen(row)
    insee = row.find_text("insee")
    where = (canteen.uai or canteen.name) if canteen else insee or ""
    return DishMenu(
        id=node_id("Menu", row.city.slug, f"{date}:{meal.value}:{fold(eaters)}:{where}"),
        commune=insee,
        date=date,
        meal=meal,
        variant=MenuVariant.STANDARD,
        variant_name=eaters,
        vegetarian=None,
        title=None,
        courses=[Course(name=course or None, dishes=[_dish(row, name)])],
        notes=[],
        canteens=[canteen] if canteen else [],
    )


def merged(menus: list[DishMenu]) -> list[DishMenu]:
    """Whole menus: the dishes of one meal together, and the canteens that serve the same."""
    meals: dict[str, list[DishMenu]] = {}
    for one in menus:
        meals.setdefault(one.id, []).append(one)
    alike: dict[str, DishMenu] = {}
    for rows in meals.values():
        menu = rows[0]
        menu.courses = _courses(course for one in rows for course in one.courses)
        dishes = [dish for course in menu.courses for dish in course.dishes]
        menu.vegetarian = all(map(_vegetarian, dishes)) or None
        about = (menu.date, menu.meal, menu.variant_name, menu.commune, menu.courses)
        same = alike.setdefault(repr(about), menu)
        if same is not menu:
            same.canteens += menu.canteens
            same.id = min(same.id, menu.id)  # whichever row comes first
    for menu in alike.values():
        menu.canteens.sort(key=lambda canteen: fold(canteen.name))
    return list(alike.values())


def _standard(row: Row) -> Row:
    """The same row by our words, whichever generation of the header it has."""
    named = {_word(name): value for name, value in row.raw.items() if value not in (None, "")}
    named.pop("", None)
    return Row(row.city, {**row.raw, **named}, row.fields, row.binding)


@lru_cache(maxsize=1_024)
def _word(column: str) -> str:
    return WORDS.get(re.sub(r"[^a-z0-9]", "", column.lower()), "")


def _canteen(row: Row) -> Canteen | None:
    name, found = row.find_text("canteen"), (row.find_text("canteen_id") or "").upper()
    of_a_school = fold(row.find_text("canteen_id_type") or "en") == "en" and UAI.fullmatch(found)
    if name is None and not of_a_school:
        return None
    return Canteen(name=name or found, uai=found if of_a_school else None)


def _dish(row: Row, name: str) -> Dish:
    notes = [text for text in (row.find_text("label"), row.find_text("notes")) if text]
    marks = [mark for mark in ("bio", "aop", "aoc") if _flagged(row.find(mark))]
    return Dish(
        name=name,
        labels=labels(name, *notes, *_items(row.find("marks")), *marks),
        notes=[text for text in notes if text not in LABELS],
        diets=_items(row.find("diets")),
        allergens=_items(row.find("allergens")) or None,
    )


def _flagged(value: Any) -> bool:
    return value is not None and str(value).strip().casefold() not in FALSE | NOTHING


def _items(value: Any) -> list[str]:
    """The members of a list cell, each once, as the standard writes them: in small letters."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = value.strip("[] ").replace('"', "")
    parts = value if isinstance(value, list) else re.split("[;,|]", str(value or ""))
    texts = (" ".join(str(part).split()).lower() for part in parts[:MOST_ITEMS])
    return list(dict.fromkeys(text for text in texts if text not in NOTHING))


def _courses(found: Iterable[Course]) -> list[Course]:
    """Dishes by their course, in the order they are eaten; each dish once, whatever the rows'
    order, which a portal does not keep."""
    courses: dict[str, Course] = {}
    for course in found:
        same = courses.setdefault(fold(course.name or ""), course)
        names = {dish.name for dish in same.dishes}
        same.dishes += [dish for dish in course.dishes if dish.name not in names]
    for course in courses.values():
        course.dishes.sort(key=lambda dish: fold(dish.name))
    return [courses[name] for name in sorted(courses, key=lambda name: (_turn(name), name))]


def _turn(course: str) -> int:
    return next((i for i, word in enumerate(COURSES) if course.startswith(word)), len(COURSES))


def _vegetarian(dish: Dish) -> bool:
    return any(fold(diet) in VEGETARIAN for diet in dish.diets)

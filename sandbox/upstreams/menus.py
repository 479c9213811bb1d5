"""Menus: what the school canteens serve, eight weeks of it, as HTML written by hand.

One menu for the whole city, without course names. An empty course is `-`, a holiday is a menu in
bold, and the same thing is never written twice the same way.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.datasets import Dataset, Field, Row
from sandbox.days import days, public_holidays, school_holidays
from sandbox.lots import draw, pick
from sandbox.tables import read

COURSES = ("starter", "main", "side", "dairy", "fruit")
WEDNESDAY = 2
FOOTNOTES = {
    "*": "*Viande bovine française",
    "**": "**Viande de volaille française",
    "°": "°Filière Bleu/Blanc/Cœur",
}
# What people typed before and after the five courses of a menu.
PLAIN = ("<p>{}</p>", "<p>{}<br />-</p>", "<p>{} <br />-<br /></p>")
VEGETARIAN = (
    "<p><em>Menu végétarien</em></p><p>-<br />{}</p>",
    "<p><em>Menu végétarien</em><br />-<br />{}</p>",
    "<p><em>Menu végatarien<br /><br />-<br /></em>{}<br />-</p>",
    "<p>Menu végétarien<br />-<br />{}<br />-</p>",
)
NOTED = ("<p><em>{}</em></p>", "<p> </p><p><em>{}<br /></em></p>", "<p>{}</p>")


def menus(today: date, seed: int) -> list[Row]:
    """Four past weeks, this one and the next three."""
    monday = today - timedelta(days=today.weekday())
    first, last = monday - timedelta(days=28), monday + timedelta(days=27)
    return [row for day in days(first, last) for row in menus_of(day, seed)]


def menus_of(day: date, seed: int) -> Iterator[Row]:
    """The menus of a day: none at weekends, in school holidays, and on some Wednesdays."""
    weekday, holiday = day.weekday(), school_holidays(day.year).get(day, "")
    bridge = holiday.startswith("Pont")
    closed = weekday > 4 or (weekday == WEDNESDAY and day.isocalendar().week % 2)
    if closed or (holiday and not bridge):
        return
    if name := public_holidays(day.year).get(day):
        yield menu(day, 1, f"<p><strong>Férié</strong></p><p><strong>{name}</strong></p>")
    elif bridge:
        yield menu(day, 1, "<p><strong>Pont de l'ascension</strong></p>")
    else:
        yield menu(day, 1, meal(day, "standard", seed))
        if weekday != WEDNESDAY and draw(seed, "allergy", day) < 0.6:
            yield menu(day, 2, meal(day, "allergy", seed))


def menu(day: date, number: int, html: str) -> Row:
    """A row: 1 is the standard menu, 2 the allergy menu."""
    return {
        "identifiant": number,
        "type_menu": ("Menu standard", "Menu allergique")[number - 1],
        "commune": "Nantes",
        "date": day.isoformat(),
        "repas": html,
    }


def meal(day: date, kind: str, seed: int) -> str:
    """The HTML of a menu; about two standard menus a week are vegetarian."""
    key = (seed, day, kind)
    vegetarian = kind == "standard" and draw(*key, "vegetarian") < 0.4
    kinds = ("all", "vegetarian") if vegetarian else ("all", kind)
    served = "<br />".join(
        pick(
            [
                dish["dish"]
                for dish in read("dishes")
                if dish["course"] == course and dish["for"] in kinds
            ],
            *key,
            course,
        )
        for course in COURSES
    )
    html = pick(VEGETARIAN if vegetarian else PLAIN, *key, "html").format(served)
    marks = re.findall(r"\*\*|\*|°", served)
    notes = "<br />".join(FOOTNOTES[mark] for mark in FOOTNOTES if mark in marks)
    return html + (pick(NOTED, *key, "notes").format(notes) if notes else "")


MENUS = Dataset(
    "244400404_menus-cantines-scolaires-nantes",
    "Menus des cantines scolaires de Nantes",
    "menus",
    (
        Field("identifiant", "Identifiant du type de menu", "int"),
        Field("type_menu", "Type de menu", facet=True),
        Field("commune", "Commune", facet=True),
        Field("date", "Date", "date", facet=True),
        Field("repas", "Repas"),
    ),
    menus,
)

"""Menus: what children eat at school, read from what the kitchen typed.

Nantes publishes one HTML text per day and variant, written by hand. Courses are
lines without a name, `-` is a course that is not served, `*` and `°` point to
footnotes, ingredients follow their dish in parentheses, and a closed day stands
where its food would be. An `ou` that begins or ends a line is a choice; one
within a line stays in the name, for where it would be cut is a guess.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import takewhile

from schema.menus import Course, Dish, Meal, Menu, MenuVariant
from schema.nodes import node_id
from sources.menu_dishes import COLUMNS, DishMenu, dish_menu, merged
from sources.menu_html import Line, lines
from sources.menu_labels import labels
from sources.names import fold
from sources.places import commune
from sources.reading import reads
from sources.row import Row

Footnotes = Sequence[tuple[str, str]]  # mark and text

MARKS = "*°"
MARK = re.compile(r"\*+|°+")
FOOTNOTE = re.compile(r"(\*+|°+)([^*°]+)")
COMPOSITION = re.compile(r"\((.+)\)")

# Announcements that the kitchen forgot to emphasise, and days without a meal.
ANNOUNCED = re.compile(r"(menu|repas|plat vegetarien)\b")
CLOSED = re.compile(r"((jour )?ferie|vacances|greve|fermee?|fermeture|(pas|pont) d(e|u|es)?)\b")
VARIANTS = {"menu standard": MenuVariant.STANDARD, "menu allergique": MenuVariant.ALLERGY}


@reads(Menu, "date variant commune meal_html")
def menu(row: Row) -> Menu | None:
    """A day's menu; None for a day without any, ValueError for a text that cannot be read."""
    date, html = row.find_day("date"), row.find("meal_html")
    if date is None or not isinstance(html, str):
        raise ValueError("no date" if date is None else "no meal_html")
    variant_name = row.text("variant")
    variant = VARIANTS.get(fold(variant_name), MenuVariant.OTHER)
    place, insee = commune(row.city, row.find_text("commune") or "")
    where = insee or place or None

    written = lines(html)
    footnotes = [
        (mark, text.strip())
        for line in written
        if line.text[0] in MARKS
        for mark, text in FOOTNOTE.findall(line.text)
        if _worded(text)
    ]
    body = [line for line in written if line.text[0] not in MARKS]
    announced = [line.text for line in takewhile(_announces, body)]
    courses = _courses([line.text for line in body[len(announced) :]], footnotes)
    if not _served(announced, courses):
        return None

    title = ", ".join(_unmarked(text) for text in announced if not _only_vegetarian(text))
    other = fold(variant_name) if variant is MenuVariant.OTHER else variant.value
    return Menu(
        id=node_id("Menu", row.city.slug, f"{date}:{other}:{where or ''}"),
        commune=where,
        date=date,
        meal=Meal.LUNCH,
        variant=variant,
        variant_name=variant_name,
        vegetarian=any(map(_vegetarian, announced)) or None,
        title=title or None,
        courses=courses,
        notes=list(dict.fromkeys(text for _, text in footnotes)),
    )


@reads(DishMenu, COLUMNS, part="dishes", whole=merged)
def menu_of_a_dish(row: Row) -> DishMenu | None:
    """What one row says of a menu: a dish of it."""
    return dish_menu(row)


def _announces(line: Line) -> bool:
    words = fold(line.text)
    return _worded(line.text) and bool(
        line.emphasised or ANNOUNCED.match(words) or CLOSED.match(words)
    )


def _served(announced: Sequence[str], courses: Sequence[Course]) -> bool:
    """Whether there is a meal; ValueError where several lines announce one that is not there."""
    if any(CLOSED.match(fold(text)) for text in announced):
        return len(courses) > 1  # a single line below `Férié` says which day, not which dish
    if len(announced) > 1 and not courses:
        raise ValueError("announcements, and no dish")
    return bool(courses)


def _vegetarian(announcement: str) -> bool:
    """Whether it says so of the whole meal, as `Plat végétarien` does not; spelling may slip."""
    words = fold(announcement).split()
    said = get_close_matches("vegetarien", words, 1, 0.85)
    return bool(said) and (len(words) == 1 or "menu" in words or "repas" in words)


def _only_vegetarian(announcement: str) -> bool:
    return _vegetarian(announcement) and len(fold(announcement).split()) <= 2


def _courses(texts: Iterable[str], footnotes: Footnotes) -> list[Course]:
    courses: list[Course] = []
    either = False  # an `ou` that ended the line before
    for text in filter(_worded, texts):
        if courses and (within := COMPOSITION.fullmatch(text)):
            courses[-1].dishes[-1].notes += [_unmarked(within[1]), *_explained(text, footnotes)]
            continue
        words = text.split()
        begins, ends = words[0].casefold() == "ou", words[-1].casefold() == "ou"
        name = " ".join(words[begins : len(words) - ends])
        if not _worded(name):
            pass
        elif courses and (begins or either):
            courses[-1].dishes.append(_dish(name, footnotes))
        else:
            courses.append(Course(name=None, dishes=[_dish(name, footnotes)]))
        either = ends
    return courses


def _dish(text: str, footnotes: Footnotes) -> Dish:
    name, notes = _unmarked(text), _explained(text, footnotes)
    return Dish(name=name, labels=labels(name, *notes), notes=notes)


def _explained(text: str, footnotes: Footnotes) -> list[str]:
    """The footnotes that the marks of a text point to."""
    marks = set(MARK.findall(text))
    return [note for mark, note in footnotes if mark in marks]


def _unmarked(text: str) -> str:
    """A text without its marks, nor the dash of a list."""
    apart = re.sub(r"[*°]+(?=\w)", " ", text)
    return " ".join(re.sub(r"\s?[*°]+", "", apart).strip(" -–—•").split())


def _worded(text: str) -> bool:
    return any(map(str.isalnum, text))

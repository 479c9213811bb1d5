"""The reader of menus: every habit of the kitchen's hand, and any text at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cities
from schema.menus import Meal, Menu, MenuVariant
from sources.menu_html import MAX_CHARACTERS, Line, lines
from sources.menus import menu
from sources.row import Row

NANTES = cities.load()["nantes"]
RAW = {"date": "2026-10-05", "type_menu": "Menu standard", "commune": "Nantes"}


def read(html: Any, **raw: Any) -> Menu | None:
    return menu(Row(NANTES, RAW | {"repas": html} | raw, NANTES.bindings["menus"].fields))


def served(html: Any, **raw: Any) -> Menu:
    found = read(html, **raw)
    assert found is not None
    return found


def names(found: Menu) -> list[list[str]]:
    return [[dish.name for dish in course.dishes] for course in found.courses]


def test_a_whole_menu() -> None:
    found = served(
        "<p><strong><em>Repas froid</em></strong></p>"
        "<p>-<br />Taboulé maison<br /><em>(semoule, tomates, menthe)</em><br />"
        "Rôti de porc* ou de dinde** <br />Comté AOP<br />"
        "Crème BBC° <em>bio de Vendée</em><br />-</p>"
        "<p><em>*Viande de porc française</em><br />"
        "<em>**Viande de volaille française<br />°Filière Bleu/Blanc/Coeur<br /></em></p>"
    )
    assert (found.date.isoformat(), found.meal, found.commune) == (
        "2026-10-05",
        Meal.LUNCH,
        "44109",
    )
    assert (found.variant, found.variant_name) == (MenuVariant.STANDARD, "Menu standard")
    assert (found.title, found.vegetarian) == ("Repas froid", None)
    assert [course.name for course in found.courses] == [None] * 4
    assert [(d.name, d.labels, d.notes) for course in found.courses for d in course.dishes] == [
        ("Taboulé maison", [], ["semoule, tomates, menthe"]),
        (
            "Rôti de porc ou de dinde",
            [],
            ["Viande de porc française", "Viande de volaille française"],
        ),
        ("Comté AOP", ["AOP"], []),
        ("Crème BBC bio de Vendée", ["bio", "BBC"], ["Filière Bleu/Blanc/Coeur"]),
    ]
    assert found.notes == [
        "Viande de porc française",
        "Viande de volaille française",
        "Filière Bleu/Blanc/Coeur",
    ]


@pytest.mark.parametrize(
    ("announcement", "title", "vegetarian"),
    [
        ("<p><em>Menu végétarien</em></p><p>-<br />", None, True),
        ("<p><em>Menu végétarien</em><br /><br />-<br />", None, True),
        ("<p><em>Menu végatarien<br /><br />-<br /></em>", None, True),
        ("<p>MENU VEGETARIEN<br />", None, True),
        ("<p><strong>Végétarien</strong><br />", None, True),
        ("<p><em>Repas froid végétarien</em></p><p>-<br />", "Repas froid végétarien", True),
        ("<p><b>Repas froid</b></p><p><i>Menu végétarien</i><br />", "Repas froid", True),
        ("<p>Repas froid</p><p>", "Repas froid", None),
        ("<p><strong>Semaine du goût</strong><br />", "Semaine du goût", None),
        ("<p><strong>Grève : repas froid</strong><br />", "Grève : repas froid", None),
        # One dish of several is vegetarian, and sardines are served before it.
        ("<p><em>Plat végétarien</em><br />-</p><p>", "Plat végétarien", None),
        ("<p>", None, None),
    ],
)
def test_announcements(announcement: str, title: str | None, vegetarian: bool | None) -> None:
    found = served(f"{announcement}Radis<br />Lasagnes végétariennes<br /><em>Poire</em></p>")
    assert (found.title, found.vegetarian) == (title, vegetarian)
    assert names(found) == [["Radis"], ["Lasagnes végétariennes"], ["Poire"]]


@pytest.mark.parametrize(
    "html",
    [
        "<p><strong>Férié</strong></p><p><strong>Lundi de Pâques</strong></p>",
        "<p>Férié<br />Lundi de Pâques</p>",
        "<p><strong>Pont de l'ascension</strong></p>",
        "Vacances",
        "GRÈVE",
        "<p><em>Journée pédagogique</em></p>",
        "<p>Pas d'école</p>",
        "<p>-<br />-</p>",
        "<p>\xa0</p>",
        "",
    ],
)
def test_a_day_without_a_meal_is_no_menu(html: str) -> None:
    assert read(html) is None


def test_a_cheese_is_no_holiday() -> None:
    assert names(served("Pont-l'évêque<br />Poire")) == [["Pont-l'évêque"], ["Poire"]]


def test_a_choice_is_one_course_and_an_ou_within_a_line_one_dish() -> None:
    found = served(
        "Saucisse <em>bio de Vendée<br />ou </em>Saucisse de volaille*<br />"
        "Rôti de porc BBC° ou rôti de dinde*<br /><br />* Volaille française"
    )
    assert names(found) == [
        ["Saucisse bio de Vendée", "Saucisse de volaille"],
        ["Rôti de porc BBC ou rôti de dinde"],
    ]
    assert [d.notes for d in found.courses[0].dishes] == [[], ["Volaille française"]]
    assert found.courses[1].dishes[0].labels == ["BBC"]


@pytest.mark.parametrize(
    "html", ["Porc<br />ou poulet", "Porc<br />OU<br />poulet", "Porc ou<br /><br />poulet"]
)
def test_where_an_ou_may_stand(html: str) -> None:
    assert names(served(f"Radis<br />{html}<br />Ouassous<br />ou -")) == [
        ["Radis"],
        ["Porc", "poulet"],
        ["Ouassous"],
    ]


def test_a_mark_that_nothing_explains_still_leaves_the_name() -> None:
    found = served("Veau*aux olives<br />Crêpe (au thon*), salade *<br />(riz, thon*)<br />Kiwi°")
    assert names(found) == [["Veau aux olives"], ["Crêpe (au thon), salade"], ["Kiwi"]]
    assert found.courses[1].dishes[0].notes == ["riz, thon"]
    assert found.notes == []


def test_footnotes_on_one_line_and_twice_the_same() -> None:
    found = served("Porc*<br />Dinde**<br />*Porc français **Dinde française<br />*Porc français")
    assert found.notes == ["Porc français", "Dinde française"]
    assert found.courses[1].dishes[0].notes == ["Dinde française"]


@pytest.mark.parametrize(
    ("dish", "labels"),
    [
        ("Carottes BIO", ["bio"]),
        ("Biscuit biologique", ["bio"]),
        ("Biscotte", []),
        ("Cantal aoc et noix AOP", ["AOP", "AOC"]),
        ("Jambon IGP Label Rouge", ["IGP", "Label rouge"]),
        ("Œuf Bleu-Blanc-Cœur", ["BBC"]),
        ("Colin MSC, pêche durable", ["MSC", "pêche durable"]),
        ("Pomme haute valeur environnementale", ["Haute valeur environnementale"]),
        ("Parmentier*<br />*Poisson pêche durable", ["pêche durable"]),
        ("Taboulé<br />(menthe bio)", []),  # one ingredient is not the dish
    ],
)
def test_labels_are_those_the_text_claims(dish: str, labels: list[str]) -> None:
    found = served(dish).courses[0].dishes[0]
    assert found.labels == labels
    assert found.name == dish.partition("<br")[0].rstrip("*")


def test_text_is_tidied_and_never_reworded() -> None:
    found = served(
        r"<ul><li>Petits pois à l\'indienne</li><li>- Filet &agrave; la  sauce&nbsp; mouclade</li>"
        "<li>Oeufs&shy;\x00 \u200bdurs<sup>*</sup></li></ul>"
    )
    assert names(found) == [
        ["Petits pois à l'indienne"],
        ["Filet à la sauce mouclade"],
        ["Oeufs durs"],
    ]


def test_variants_communes_and_ids() -> None:
    def about(**raw: str | None) -> tuple[Any, ...]:
        found = served("Radis", **raw)
        return found.variant, found.variant_name, found.commune, found.id

    standard, allergy = about(), about(type_menu="Menu allergique")
    other, elsewhere = about(type_menu="Menu sans porc"), about(commune="saint herblain ")
    assert allergy[:2] == (MenuVariant.ALLERGY, "Menu allergique")
    assert other[:2] == (MenuVariant.OTHER, "Menu sans porc")
    assert elsewhere[2] == "44162"
    assert about(commune="Brest")[2] == "Brest"
    assert about(commune=None)[2] is None
    assert len({standard[3], allergy[3], other[3], elsewhere[3]}) == 4
    assert about()[3] == standard[3]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ({"html": None}, "no meal_html"),
        ({"html": ["Radis"]}, "no meal_html"),
        ({"date": "demain"}, "no date"),
        ({"type_menu": None}, "no variant"),
        ({"html": "Radis<br />" * MAX_CHARACTERS}, "characters"),
        ({"html": "Radis<script>alert(1)</script>"}, "script"),
        ({"html": "Radis &lt;img src=x&gt;"}, "markup"),
        ({"html": "Radis<br /Poulet<br />Riz"}, "does not end"),
        ({"html": "Radis<br"}, "does not end"),
        ({"html": "<b>Repas froid</b><br /><b>Semaine du goût</b>"}, "no dish"),
    ],
)
def test_what_cannot_be_read_says_why(raw: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(**{"html": "Radis"} | raw)


def test_emphasis_is_of_whole_lines_and_ends_with_its_paragraph() -> None:
    assert lines("<p><em>Un</p><p>Deux <em>trois</em></p>*<!-- quatre --><i>*cinq</i>") == [
        Line("Un", True),
        Line("Deux trois", False),
        Line("**cinq", True),
    ]


def test_of_a_text_that_was_refused_nothing_is_left() -> None:
    with pytest.raises(ValueError, match="menu"):
        lines("one &lt; two <b><script>")
    assert lines("three") == [Line("three", emphasised=False)]


def said(found: Menu) -> list[str]:
    dishes = [dish for course in found.courses for dish in course.dishes]
    return [
        *(dish.name for dish in dishes),
        *(text for dish in dishes for text in dish.notes + dish.labels),
        *found.notes,
        *([found.title] if found.title else []),
    ]


TYPED = "<p> </p> <br> <br/> <em> </em> <b> * ** ° ( ) - ou Menu végétarien Férié Radis bio &nbsp;"
BROKEN = "< > <a /> <script> <!-- --> <![CDATA[ ]]> &lt; &gt; &#0; \\ ' \x00 \ud800 \u200b"
KITCHEN = st.lists(st.sampled_from(TYPED.split()) | st.text(max_size=3)).map(" ".join)
HOSTILE = st.lists(st.sampled_from(f"{TYPED} {BROKEN}".split())).map("".join)


@given(st.one_of(st.text(), KITCHEN, HOSTILE))
def test_any_text_is_a_menu_none_or_a_value_error(html: str) -> None:
    try:
        found = read(html)
    except ValueError:
        return
    if found is None:
        return
    assert all(course.dishes for course in found.courses)
    for text in said(found):
        assert text == " ".join(text.split()) != ""
        assert not set("<>\x00") & set(text)
        text.encode()
    for course in found.courses:
        assert not any(set("*°") & set(dish.name) for dish in course.dishes)


WORDS = st.text("abcdéèêœàçüÉ", min_size=1, max_size=12)
DISHES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


@given(st.lists(DISHES, min_size=1, max_size=12), st.sampled_from(["<br>", "<br />", "</p><p>"]))
def test_no_dish_of_a_plain_list_is_lost(dishes: list[str], between: str) -> None:
    assert names(served("<p>" + between.join(dishes) + "</p>")) == [[dish] for dish in dishes]

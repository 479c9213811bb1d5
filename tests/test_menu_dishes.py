"""Menus with a row per dish (SCDL): every generation of the header, every habit of its cells."""

import json
from collections.abc import Mapping
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest

import cities
from schema.menus import Dish, Meal
from sources.menu_dishes import HEADERS, WORDS, DishMenu, merged
from sources.menus import menu_of_a_dish
from sources.protocols.csv import Csv
from sources.reading import read_all, readers
from sources.row import Row

ANGERS = cities.load()["angers"]
BINDING = ANGERS.bindings["menus.dishes"]
SCHEMAS = Path(__file__).parents[1].parent / "shared/samples/standards/schemas"

# One and the same row, as each generation has it.
NOW = {
    "menuRestaurantNom": "École Gasnier",
    "menuRestaurantId": "0490101a",
    "menuRestaurantIdType": "EN",
    "menuRestaurantType": "élémentaire",
    "menuRestaurantInsee": "49007",
    "menuRestaurantConvive": "enfants",
    "menuDate": "2026-11-24",
    "menuRepasType": "déjeuner",
    "menuPlatType": "plat principal",
    "menuPlatNom": "Dhal de lentilles",
    "menuPlatSiqo": '["agriculture biologique", "label rouge"]',
    "menuPlatRegime": '["végétarien","sans porc "]',
    "menuPlatAllergene": '["lait","fruits à coques"]',
}
RENAMED = {
    "menuRepasType": "menuTypeRepas",
    "menuPlatType": "menuTypePlat",
    "menuPlatNom": "menuNomPlat",
}
IN_1_2_0 = {RENAMED.get(name, name): value for name, value in NOW.items()} | {
    "menuPlatSiqo": "agriculture biologique;label rouge",
    "menuPlatRegime": "végétarien;sans porc ",
    "menuPlatAllergene": "lait;fruits à coques",
}
IN_0_9 = {
    "menu_rest_nom": "École Gasnier",
    "menu_rest_id": "0490101A",
    "menu_rest_id_type": "EN",
    "menu_rest_type": "élémentaire",
    "menu_rest_insee": "49007",
    "menu_rest_convive": "enfants",
    "menu_date": "2026-11-24",
    "menu_type_repas": "Déjeuner",
    "menu_type_plat": "Plat principal",
    "menu_nom_plat": "Dhal de lentilles",
    "menu_siqo_plat": "Agriculture Biologique;Label Rouge",
    "menu_reg_plat": "Végétarien;Sans porc",
}
IN_0_7 = {RENAMED.get(name, name): value for name, value in NOW.items()}
for new, old in {
    "menuPlatSiqo": "menuSiqoPlat",
    "menuPlatRegime": "menuRegimePlat",
    "menuPlatAllergene": "menuAllergenePlat",
}.items():
    IN_0_7[old] = IN_0_7.pop(new)
AT_OPENDATASOFT = {name.lower(): value for name, value in NOW.items()} | {
    "menuplatallergene": ["lait", "fruits à coques"],
    "menuplatsiqo": None,
    "menuplatlabelabio": "X",
    "menuplatlabelaop": " ",
    "menuplatlabel": "Label Rouge",
}


def read(raw: Mapping[str, Any]) -> DishMenu | None:
    return menu_of_a_dish(Row(ANGERS, raw, BINDING.fields, BINDING))


def dish(**raw: Any) -> Dish:
    found = read(NOW | raw)
    assert found is not None
    return found.courses[0].dishes[0]


@pytest.mark.parametrize("raw", [IN_0_7, IN_0_9, IN_1_2_0, NOW, AT_OPENDATASOFT])
def test_every_generation_says_the_same(raw: Mapping[str, Any]) -> None:
    found = read(raw)

    assert found is not None
    assert (found.date.isoformat(), found.meal, found.commune) == (
        "2026-11-24",
        Meal.LUNCH,
        "49007",
    )
    assert [(one.name, one.uai) for one in found.canteens] == [("École Gasnier", "0490101A")]
    [course] = found.courses
    assert course.name == "Plat principal"
    [only] = course.dishes
    assert (only.name, only.labels) == ("Dhal de lentilles", ["bio", "Label rouge"])
    assert only.diets == ["végétarien", "sans porc"]
    declared = None if raw is IN_0_9 else ["lait", "fruits à coques"]  # 0.9 has no such column
    assert only.allergens == declared


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, None),
        ("", None),
        ("[]", None),
        ("-", None),
        ('["lait"', ["lait"]),  # JSON that was cut off
        ("Lait ; OEUFS;lait", ["lait", "oeufs"]),
        ("[" * 5_000, None),
        (7, ["7"]),
    ],
)
def test_a_list_in_a_cell(cell: Any, expected: list[str] | None) -> None:
    assert dish(menuPlatAllergene=cell).allergens == expected


@pytest.mark.parametrize(
    ("number", "kind", "uai"),
    [
        ("0490101A", "EN", "0490101A"),
        ("0490101A", "", "0490101A"),
        ("0490101A", "Autre", None),
        ("21490007800012", "SIRET", None),
        ("R17", "EN", None),
        ("", "Sans", None),
    ],
)
def test_a_canteen_is_a_schools_where_it_says_so(number: str, kind: str, uai: str | None) -> None:
    found = read(NOW | {"menuRestaurantId": number, "menuRestaurantIdType": kind})

    assert found is not None
    assert [one.uai for one in found.canteens] == [uai]


@pytest.mark.parametrize(
    "kind", ["EHPAD", "Administration", "restaurant d'entreprise", "Université"]
)
def test_where_no_children_eat_is_left_out(kind: str) -> None:
    assert read(NOW | {"menuRestaurantType": kind}) is None


@pytest.mark.parametrize("missing", ["menuDate", "menuPlatNom"])
def test_a_row_without_date_or_dish_is_dropped(missing: str) -> None:
    with pytest.raises(ValueError, match="no "):
        read({name: value for name, value in NOW.items() if name != missing})


def test_the_meals() -> None:
    meals = {
        said: found.meal
        for said in ("petit-déjeuner", "Goûter", "collation", "dîner", "pique-nique", "")
        if (found := read(NOW | {"menuRepasType": said}))
    }
    assert list(meals.values()) == [
        Meal.BREAKFAST,
        Meal.SNACK,
        Meal.SNACK,
        Meal.DINNER,
        Meal.OTHER,
        Meal.LUNCH,
    ]


def rows(canteen: str, *dishes: tuple[str, str]) -> list[dict[str, Any]]:
    about = NOW | {"menuRestaurantNom": canteen, "menuRestaurantIdType": "sans"}
    return [about | {"menuPlatType": kind, "menuPlatNom": name} for kind, name in dishes]


def test_canteens_that_serve_the_same_share_a_menu_whatever_the_order_of_rows() -> None:
    same = (("dessert", "Kiwi"), ("entrée", "Radis"), ("dessert", "Banane"))
    every = [*rows("B", *same), *rows("A", *same[::-1]), *rows("C", ("entrée", "Soupe"))]
    orders = [list(some) for some in islice(permutations(every), 0, 5_040, 101)]
    found = [read_all(readers[DishMenu], some, ANGERS, BINDING) for some in orders]

    for menus, dropped in found:
        assert dropped == 0
        both, other = sorted(menus, key=lambda menu: -len(menu.canteens))
        assert [one.name for one in both.canteens] == ["A", "B"]
        assert [(c.name, [d.name for d in c.dishes]) for c in both.courses] == [
            ("Entrée", ["Radis"]),
            ("Dessert", ["Banane", "Kiwi"]),
        ]
        assert [one.name for one in other.canteens] == ["C"]
    assert len({tuple(sorted(menu.id for menu in menus)) for menus, _ in found}) == 1


def test_a_menu_is_vegetarian_where_every_dish_of_it_is() -> None:
    plain = {**NOW, "menuPlatNom": "Pain", "menuPlatRegime": ""}
    for some, expected in (([NOW], True), ([NOW, plain], None)):
        [menu] = merged([found for raw in some if (found := read(raw))])
        assert menu.vegetarian is expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_file_as_communes_publish_it(encoding: str, separator: str) -> None:
    lines = [
        separator.join('"' + str(cell).replace('"', '""') + '"' for cell in some)
        for some in (NOW, NOW.values())
    ]
    speaks = Csv(
        url="https://commune.example/menus.csv",
        separator=separator,  # type: ignore[arg-type]
        encoding="latin-1" if encoding == "latin-1" else "utf-8",
    )
    body = "\r\n".join(lines).encode(encoding)

    [menu], dropped = read_all(readers[DishMenu], speaks.rows(body), ANGERS, BINDING)

    assert dropped == 0
    assert menu.courses[0].dishes[0].allergens == ["lait", "fruits à coques"]


@pytest.mark.skipif(not SCHEMAS.exists(), reason="no captures here")
@pytest.mark.parametrize(
    ("version", "lacking"), [("0.9.0", {"allergens"}), ("1.2.0", set()), ("1.2.3", set())]
)
def test_the_headers_are_those_of_the_published_schemas(version: str, lacking: set[str]) -> None:
    schema = json.loads((SCHEMAS / f"scdl-menus-collectifs-{version}.schema.json").read_text())
    known = {
        WORDS[plain]
        for field in schema["fields"]
        if (plain := "".join(filter(str.isalnum, field["name"].lower()))) in WORDS
    }
    assert set(HEADERS) - known - lacking == {"bio", "aop", "aoc"}

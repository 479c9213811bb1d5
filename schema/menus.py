"""Menus: what children eat at school, as the kitchens announce it."""

import datetime as dt
from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import CityArgument, DaysArgument, FromArgument, some_days
from schema.cost import about, as_many_as
from schema.key import Info, Key
from schema.nodes import Node, lookups


@strawberry.enum(description="Which meal of the day.")
class Meal(Enum):
    BREAKFAST = strawberry.enum_value("BREAKFAST", description="Petit-déjeuner.")
    LUNCH = strawberry.enum_value("LUNCH", description="Déjeuner.")
    SNACK = strawberry.enum_value("SNACK", description="Goûter ou collation.")
    DINNER = strawberry.enum_value("DINNER", description="Dîner.")
    OTHER = strawberry.enum_value("OTHER", description="Another one, such as a picnic.")


@strawberry.enum(description="For whom a menu is cooked.")
class MenuVariant(Enum):
    STANDARD = strawberry.enum_value("STANDARD", description="For everyone.")
    ALLERGY = strawberry.enum_value(
        "ALLERGY",
        description="The kitchen's menu for children with allergies. "
        "Which allergens it leaves out is not published: ask the school.",
    )
    OTHER = strawberry.enum_value("OTHER", description="Another one; see `variantName`.")


@strawberry.type(description="One thing on the plate.")
class Dish:
    name: str = strawberry.field(description="As the kitchen words it, without its footnote marks.")
    labels: list[str] = strawberry.field(
        description="Quality marks that the kitchen claims for it, or for a part of it: "
        "`bio`, `AOP`, `Label rouge`, `BBC` (Bleu-Blanc-Cœur)."
    )
    notes: list[str] = strawberry.field(
        description="What it is made of, and what its marks stand for, in the kitchen's words."
    )
    diets: list[str] = strawberry.field(
        default_factory=list,
        description="Diets that the kitchen says it suits: `végétarien`, `sans porc`.",
    )
    allergens: list[str] | None = strawberry.field(
        default=None,
        description="Allergens that the kitchen declares: `lait`, `fruits à coques`. "
        "Null where it declares none, which does not mean that there are none: ask the school.",
    )


@strawberry.type(description="One course of a meal.")
class Course:
    name: str | None = strawberry.field(
        description="Starter, main course…; null where the source only gives the order."
    )
    dishes: list[Dish] = strawberry.field(
        description="Its dish, or the dishes to choose from.", directives=[about(2)]
    )


@strawberry.type(description="Where a menu is served.")
class Canteen:
    name: str = strawberry.field(description="As the kitchen calls it.")
    uai: str | None = strawberry.field(
        description="National id of the school that it belongs to; null where nobody says."
    )


@strawberry.federation.type(keys=["id"], description="One meal of one day.")
class Menu(Node):
    commune: strawberry.Private[str | None]
    date: dt.date = strawberry.field(description="The day it is eaten.")
    meal: Meal = strawberry.field(description="Which meal of the day.")
    variant: MenuVariant = strawberry.field(description="For whom it is cooked.")
    variant_name: str = strawberry.field(description="The variant as the source calls it.")
    vegetarian: bool | None = strawberry.field(
        description="True where the whole menu is announced as vegetarian; "
        "null where nothing is said."
    )
    title: str | None = strawberry.field(
        description="What the kitchen announces above the courses: `Repas froid`."
    )
    courses: list[Course] = strawberry.field(
        description="In the order they are eaten.", directives=[about(5)]
    )
    notes: list[str] = strawberry.field(description="Footnotes, in the kitchen's words.")
    canteens: list[Canteen] = strawberry.field(
        default_factory=list,
        description="Where it is served; none where one menu is for all of the commune's.",
        directives=[about(5)],
    )


class MenuWith(Key[Menu | None]):
    city: str
    id: str


class MenusIn(Key[list[Menu]]):
    """A city's menus of some days; from today in the city where `start` is None."""

    city: str
    start: dt.date | None
    days: int
    variants: tuple[MenuVariant, ...]


class MenusOf(Key[list[Menu]]):
    """The menus of one school's canteen, as far as they are published."""

    city: str
    school_id: str
    start: dt.date | None
    days: int
    variants: tuple[MenuVariant, ...]


VariantsArgument = Annotated[
    list[MenuVariant], strawberry.argument(description="Only menus cooked for these.")
]

lookups["Menu"] = MenuWith


@strawberry.type
class Query:
    @strawberry.field(
        description="A city's canteen menus, day by day; days without any are left out.",
        directives=[as_many_as("days")],
    )
    async def menus(
        self,
        info: Info,
        city: CityArgument = None,
        from_: FromArgument = None,
        days: DaysArgument = 7,
        variants: VariantsArgument = (MenuVariant.STANDARD,),  # type: ignore[assignment]
    ) -> list[Menu] | None:
        some_days(days, from_)
        key = MenusIn(info.context.city(city), from_, days, tuple(variants))
        return await info.context.load(key)

"""Schools: where children learn, from nursery school to the lycée."""

from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    CommuneArgument,
    DaysArgument,
    FirstArgument,
    FromArgument,
    HowManyArgument,
    LastArgument,
    NameArgument,
    Near,
    WithinArgument,
    one_of,
    some_days,
)
from schema.cost import PAGED, as_many_as
from schema.key import Info, Key
from schema.menus import Menu, MenusOf, MenuVariant, VariantsArgument
from schema.nodes import lookup, lookups
from schema.paging import Page, Window, window
from schema.places import Address, Place
from schema.stops import Stop


@strawberry.enum(description="What a school teaches.")
class SchoolLevel(Enum):
    NURSERY = strawberry.enum_value("NURSERY", description="École maternelle, ages 3 to 5.")
    ELEMENTARY = strawberry.enum_value("ELEMENTARY", description="École élémentaire, ages 6 to 10.")
    PRIMARY = strawberry.enum_value("PRIMARY", description="École primaire: both of these.")
    LOWER_SECONDARY = strawberry.enum_value(
        "LOWER_SECONDARY", description="Collège, ages 11 to 14."
    )
    UPPER_SECONDARY = strawberry.enum_value("UPPER_SECONDARY", description="Lycée, ages 15 to 17.")
    OTHER = strawberry.enum_value("OTHER", description="Special and further education.")


@strawberry.enum(description="Who runs a school.")
class SchoolSector(Enum):
    PUBLIC = strawberry.enum_value("PUBLIC", description="The state and its communes.")
    PRIVATE = strawberry.enum_value("PRIVATE", description="Others, mostly under contract.")


@strawberry.federation.type(keys=["id", "uai"], description="A school.")
class School(Place):
    uai: str = strawberry.field(description="Its national id: seven digits and a letter.")
    level: SchoolLevel = strawberry.field(description="What it teaches.")
    sector: SchoolSector | None = strawberry.field(description="Public or private, if known.")
    address: Address = strawberry.field(description="Where its entrance is.")
    phone: str | None = strawberry.field(description="Ten digits.")
    email: str | None = strawberry.field(description="The school's own mailbox.")
    website: str | None = strawberry.field(description="Its site, with `https://` or `http://`.")
    canteen: bool | None = strawberry.field(
        description="Whether children can have lunch there; null where nobody says."
    )

    @strawberry.field(
        description="Its canteen's menus, day by day; none where none are published for it.",
        directives=[as_many_as("days")],
    )
    async def menus(
        self,
        info: Info,
        from_: FromArgument = None,
        days: DaysArgument = 7,
        variants: VariantsArgument = (MenuVariant.STANDARD,),  # type: ignore[assignment]
    ) -> list[Menu] | None:
        some_days(days, from_)
        return await info.context.load(MenusOf(self.city, self.uai, from_, days, tuple(variants)))

    @strawberry.field(
        description="Stops within walking distance, nearest first.",
        directives=[as_many_as("first")],
    )
    async def stops(
        self, info: Info, within: WithinArgument = 400, first: HowManyArgument = 5
    ) -> list[Stop] | None:
        return await self.nearest(info, "Stop", within, first)


class SchoolWith(Key[School | None]):
    city: str
    id: str


class SchoolsIn(Key[Page[School]]):
    city: str
    name: str | None
    commune: str | None
    level: SchoolLevel | None
    sector: SchoolSector | None
    near: Near | None
    window: Window


lookups["School"] = SchoolWith


@strawberry.type
class Query:
    @strawberry.field(description="A school by its id or its UAI; null if there is none.")
    async def school(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        uai: Annotated[str | None, strawberry.argument(description="Its national id.")] = None,
        city: CityArgument = None,
    ) -> School | None:
        one_of([("id", id), ("uai", uai)])
        if id is not None:
            key: Key[School | None] = lookup(id, "id", "School")
        else:
            key = SchoolWith(info.context.city(city), str(uai).upper())
        return await info.context.load(key)

    @strawberry.field(
        description="A city's schools: near a point, nearest first; else in alphabetical order.",
        directives=[PAGED],
    )
    async def schools(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        commune: CommuneArgument = None,
        level: Annotated[
            SchoolLevel | None,
            strawberry.argument(
                description="Only those that teach this: `NURSERY` finds primary schools, too."
            ),
        ] = None,
        sector: Annotated[
            SchoolSector | None, strawberry.argument(description="Only public, or only private.")
        ] = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[School] | None:
        asked = window(first, after, last, before)
        city = info.context.city(city)
        return await info.context.load(SchoolsIn(city, name, commune, level, sector, near, asked))

"""Waste: when which bin is emptied at an address, and what goes where."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Annotated

import strawberry

from schema.addresses import LONGEST, SHORTEST, AddressMatch
from schema.arguments import CityArgument, bounded
from schema.calendar import CalendarDay
from schema.cost import LIVE, about, as_many_as
from schema.key import Info, Key

MOST_DATES, MOST_ADVICE = 20, 50


@strawberry.enum(description="What is collected together.")
class WasteStream(Enum):
    HOUSEHOLD = strawberry.enum_value("HOUSEHOLD", description="What is left after sorting.")
    RECYCLING = strawberry.enum_value("RECYCLING", description="Packaging and paper.")
    GLASS = strawberry.enum_value("GLASS", description="Bottles and jars.")
    GARDEN = strawberry.enum_value("GARDEN", description="Grass, leaves and branches.")
    FOOD = strawberry.enum_value("FOOD", description="What can be composted of the kitchen's.")
    BULKY = strawberry.enum_value("BULKY", description="What fits into no bin.")


@strawberry.enum(description="A day of the week.")
class Weekday(Enum):
    MONDAY = strawberry.enum_value(0, description="Monday.")
    TUESDAY = strawberry.enum_value(1, description="Tuesday.")
    WEDNESDAY = strawberry.enum_value(2, description="Wednesday.")
    THURSDAY = strawberry.enum_value(3, description="Thursday.")
    FRIDAY = strawberry.enum_value(4, description="Friday.")
    SATURDAY = strawberry.enum_value(5, description="Saturday.")
    SUNDAY = strawberry.enum_value(6, description="Sunday.")


@strawberry.enum(description="In which weeks; they are counted as ISO 8601 has it.")
class Weeks(Enum):
    EVERY = strawberry.enum_value("EVERY", description="Every week.")
    EVEN = strawberry.enum_value("EVEN", description="Weeks with an even number.")
    ODD = strawberry.enum_value("ODD", description="Weeks with an odd number.")


@strawberry.enum(description="How sure it is that this is so at the address.")
class Certainty(Enum):
    CERTAIN = strawberry.enum_value("CERTAIN", description="The source says so of this address.")
    POSSIBLE = strawberry.enum_value(
        "POSSIBLE",
        description="It is so in a part of the street or around there, and it cannot be told "
        "whether of this address: see `appliesTo`.",
    )


@dataclass(frozen=True, slots=True)
class Days:
    """On which days: weekdays (Monday is 0) of which weeks."""

    weekdays: tuple[int, ...]
    weeks: Weeks = Weeks.EVERY

    def on(self, day: date) -> bool:
        """Whether that is one of them."""
        odd = day.isocalendar().week % 2 == 1
        fits = self.weeks is Weeks.EVERY or (self.weeks is Weeks.ODD) == odd
        return fits and day.weekday() in self.weekdays


@strawberry.type(description="One stream of waste at an address, as far as the source tells.")
class WasteCollection:
    city: strawberry.Private[str]
    today: strawberry.Private[date]
    days: strawberry.Private[Days | None]
    stream: WasteStream = strawberry.field(description="What is collected.")
    certainty: Certainty = strawberry.field(description="How sure it is.")
    as_given: str = strawberry.field(
        description="The days in the source's own words: all there is where `weekdays` is null."
    )
    applies_to: str | None = strawberry.field(
        description="Which house numbers of the street it is for, in the source's own words; "
        "null for the whole street or area."
    )
    notes: str | None = strawberry.field(description="What else the source says about the days.")
    drop_off: bool = strawberry.field(
        description="It is not collected at the door: one takes it to a column or container."
    )

    @strawberry.field(
        description="The days of the week; null where they cannot be read out of `asGiven`, "
        "empty where nothing is collected at the door.",
        directives=[about(3)],
    )
    def weekdays(self) -> list[Weekday] | None:
        if self.days is None:
            return [] if self.drop_off else None
        return [Weekday(day) for day in self.days.weekdays]

    @strawberry.field(description="In which weeks; null where the days cannot be read.")
    def weeks(self) -> Weeks | None:
        return None if self.days is None else self.days.weeks

    @strawberry.field(
        description="The next days it falls on, today included. Whether a collection is moved on a "
        "public holiday the source does not say: ask each day for its `publicHoliday`.",
        directives=[as_many_as("first")],
    )
    def next_dates(
        self,
        first: Annotated[int, strawberry.argument(description="How many, 0 to 20.")] = 3,
    ) -> list[CalendarDay]:
        bounded(first, 0, MOST_DATES, "first")
        if self.days is None:
            return []
        weeks = (2 * first + 2) * 7  # an even week may follow two odd ones
        coming = (self.today + timedelta(days=n) for n in range(weeks))
        found = [day for day in coming if self.days.on(day)]
        return [CalendarDay(city=self.city, date=day) for day in found[:first]]


@strawberry.type(description="What is collected at an address, and when.")
class WasteCollections:
    address: AddressMatch = strawberry.field(description="The address that was found.")
    streams: list[WasteCollection] = strawberry.field(
        description="What is collected there; a stream comes several times where it cannot be told "
        "which one is meant. Empty where the source knows nothing of the street.",
        directives=[about(3)],
    )


@strawberry.type(description="Where one thing goes when it is thrown away.")
class SortingAdvice:
    folded: strawberry.Private[str]  # its name, comparable
    name: str = strawberry.field(description="What it is: `Arrosoir`.")
    goes_to: str = strawberry.field(description="Where it goes: `En déchèterie ou écopoint`.")
    comment: str | None = strawberry.field(description="What else is to be known.")


class CollectionsAt(Key[WasteCollections | None]):
    """What is collected at the address that matches a text best; None if there is none."""

    city: str
    address: str


class SortingGuideFor(Key[list[SortingAdvice]]):
    """The things whose names have all words of a text, best first."""

    city: str
    text: str
    first: int


@strawberry.type
class Query:
    @strawberry.field(
        description="When waste is collected at an address; null if there is no such address.",
        directives=[LIVE],
    )
    async def collections(
        self,
        info: Info,
        address: Annotated[
            str, strawberry.argument(description="Number, street and commune; 3 to 200 characters.")
        ],
        city: CityArgument = None,
    ) -> WasteCollections | None:
        bounded(len(address.strip()), SHORTEST, LONGEST, "address")
        return await info.context.load(CollectionsAt(info.context.city(city), address))

    @strawberry.field(
        description="Where things go when they are thrown away, best matches first; accents, case, "
        "plurals and small slips of the pen do not count.",
        directives=[as_many_as("first")],
    )
    async def sorting_guide(
        self,
        info: Info,
        text: Annotated[
            str, strawberry.argument(description="What it is: `bouteilles`; up to 100 characters.")
        ],
        first: Annotated[int, strawberry.argument(description="At most so many, 0 to 50.")] = 10,
        city: CityArgument = None,
    ) -> list[SortingAdvice] | None:
        bounded(len(text), 0, 100, "text")
        bounded(first, 0, MOST_ADVICE, "first")
        return await info.context.load(SortingGuideFor(info.context.city(city), text, first))

"""Calendar: which days are holidays, for all or for schools."""

import datetime as dt

import strawberry

from schema.arguments import CityArgument, DaysArgument, FromArgument, some_days
from schema.cost import as_many_as
from schema.key import Info, Key


@strawberry.type(description="One day, and what is special about it.")
class CalendarDay:
    city: strawberry.Private[str]
    date: dt.date = strawberry.field(description="The day.")

    @strawberry.field(
        description="What is celebrated, if all have the day off: `Lundi de Pâques`; else null."
    )
    async def public_holiday(self, info: Info) -> str | None:
        return await info.context.load(PublicHolidayOn(self.city, self.date))

    @strawberry.field(
        description="The school holidays it is part of: `Vacances de Noël`; null in term, "
        "and where they are not published yet: see `schoolDay`."
    )
    async def school_holiday(self, info: Info) -> str | None:
        return await info.context.load(SchoolHolidayOn(self.city, self.date))

    @strawberry.field(
        description="Whether pupils have classes: no weekend, no public holiday, no school "
        "holidays; on Wednesdays not in every school. Null where it is not published yet."
    )
    async def school_day(self, info: Info) -> bool | None:
        return await info.context.load(SchoolDayOn(self.city, self.date))


class DaysIn(Key[list[CalendarDay]]):
    """Some days in a city; from today there where `start` is None."""

    city: str
    start: dt.date | None
    days: int


class PublicHolidayOn(Key[str | None]):
    city: str
    day: dt.date


class SchoolHolidayOn(Key[str | None]):
    city: str
    day: dt.date


class SchoolDayOn(Key[bool | None]):
    city: str
    day: dt.date


@strawberry.type
class Query:
    @strawberry.field(
        description="A city's days, one by one, with public and school holidays.",
        directives=[as_many_as("days")],
    )
    async def calendar(
        self,
        info: Info,
        from_: FromArgument = None,
        days: DaysArgument = 7,
        city: CityArgument = None,
    ) -> list[CalendarDay] | None:
        some_days(days, from_)
        return await info.context.load(DaysIn(info.context.city(city), from_, days))

"""Calendar: the days of a city, each by what is published of it."""

from collections.abc import Mapping
from datetime import date, timedelta

from resolvers.loaders import Loaders, answers
from schema.calendar import (
    CalendarDay,
    DaysIn,
    PublicHolidayOn,
    SchoolDayOn,
    SchoolHolidayOn,
)
from sources.calendar import PublicHoliday, SchoolHolidays
from sources.collection import Collection

SATURDAY = 5


@answers(DaysIn)
async def days_in(ask: Loaders, key: DaysIn) -> list[CalendarDay]:
    if not ask.sources.offers(SchoolHolidays, key.city):
        ask.sources.binding(PublicHoliday, key.city)  # NotOffered, if neither is
    first = key.start or ask.today(key.city)
    return [CalendarDay(city=key.city, date=first + timedelta(days=n)) for n in range(key.days)]


@answers(PublicHolidayOn)
async def public_holiday_on(ask: Loaders, key: PublicHolidayOn) -> str | None:
    found = (await ask.collection(PublicHoliday, key.city)).by(_date).get(key.day)
    return None if found is None else found.name


@answers(SchoolHolidayOn)
async def school_holiday_on(ask: Loaders, key: SchoolHolidayOn) -> str | None:
    return (await ask.collection(SchoolHolidays, key.city)).derived(_by_day).get(key.day)


@answers(SchoolDayOn)
async def school_day_on(ask: Loaders, key: SchoolDayOn) -> bool | None:
    if key.day.weekday() >= SATURDAY:
        return False
    holidays = await ask.collection(SchoolHolidays, key.city)
    if key.day in holidays.derived(_by_day):
        return False
    if await ask.load(PublicHolidayOn(key.city, key.day)) is not None:
        return False
    first, last = holidays.derived(_known)
    return True if first < key.day < last else None


def _known(holidays: Collection[SchoolHolidays]) -> tuple[date, date]:
    """The first and the last day off that is published: in between, all that is not is term."""
    days = holidays.derived(_by_day)
    return min(days, default=date.max), max(days, default=date.min)


def _by_day(holidays: Collection[SchoolHolidays]) -> Mapping[date, str]:
    """Every day off, with its name; of two, that of the holidays which began first."""
    found: dict[date, str] = {}
    for one in sorted(holidays.items, key=_first):
        for n in range(one.days):
            found.setdefault(one.first + timedelta(days=n), one.name)
    return found


def _first(holidays: SchoolHolidays) -> date:
    return holidays.first


def _date(holiday: PublicHoliday) -> date:
    return holiday.date

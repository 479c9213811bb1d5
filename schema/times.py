"""Times: instants, days and hours, and when a place is open.

Instants carry their offset; days and hours are the city's own. How opening
hours are worked out from what a city publishes is no business of the schema:
a `Schedule` knows, and the fields of `Opens` ask it.
"""

import datetime as dt
from datetime import date, datetime, timedelta
from typing import Any, NewType, Protocol

import strawberry
from strawberry.types.scalar import ScalarDefinition

from schema.arguments import DaysArgument, FromArgument, some_days
from schema.cost import about, as_many_as
from schema.key import Info, Key

LocalTime = NewType("LocalTime", str)


def _instant(text: Any) -> datetime:
    value = datetime.fromisoformat(_string(text))
    if value.tzinfo is None:
        raise ValueError("an instant needs an offset, such as 2026-11-23T08:00:00+01:00")
    return value


def _day(text: Any) -> date:
    if len(_string(text)) != len("2026-11-23"):  # fromisoformat would take `20261123` too
        raise ValueError("a day is written 2026-11-23")
    return date.fromisoformat(text)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a string is expected")
    return value


def _duration(value: timedelta) -> str:
    """ISO 8601, to the second: PT1M30S, -PT20S, PT0S."""
    seconds = round(value.total_seconds())
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if n]
    return ("-" if seconds < 0 else "") + "PT" + ("".join(parts) or "0S")


def output_only(_: Any) -> Any:
    raise ValueError("this scalar is never an argument")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="OffsetDateTime",
        description="An instant with its offset from UTC: `2026-11-23T08:00:00+01:00`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=lambda value: value.isoformat(timespec="seconds"),
        parse_value=_instant,
    ),
    date: strawberry.scalar(
        name="LocalDate",
        description="A day of the city's own calendar: `2026-11-23`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=lambda value: value.isoformat(),
        parse_value=_day,
    ),
    LocalTime: strawberry.scalar(
        name="LocalTime",
        description="A time of the city's own day, to the minute: `08:30`; its end is `24:00`.",
        specified_by_url="https://www.iso.org/iso-8601-date-and-time-format.html",
        serialize=lambda value: value,
        parse_value=output_only,
    ),
    timedelta: strawberry.scalar(
        name="Duration",
        description="A length of time: `PT1M30S`; `-PT20S` is early.",
        specified_by_url="https://www.iso.org/iso-8601-date-and-time-format.html",
        serialize=_duration,
        parse_value=output_only,
    ),
}


@strawberry.type(description="A time of day from which, and until which.")
class TimeSpan:
    from_: LocalTime = strawberry.field(name="from", description="When it opens.")
    to: LocalTime = strawberry.field(description="When it closes; `24:00` is the end of the day.")


@strawberry.type(description="One day's opening hours.")
class DayHours:
    date: dt.date = strawberry.field(description="The day.")
    time_spans: list[TimeSpan] = strawberry.field(
        description="When it is open, in order.", directives=[about(3)]
    )
    closed: bool | None = strawberry.field(
        description="Closed all day; null where the source publishes nothing for this day."
    )
    reason: str | None = strawberry.field(
        description="Why it is closed or its hours are not the usual ones: the source's words, "
        "or `Fermeture exceptionnelle` and `Horaires exceptionnels` where it gives none."
    )
    period: str | None = strawberry.field(
        description="The period whose hours these are, as the source calls it."
    )
    public_holiday: str | None = strawberry.field(
        description="The public holiday that falls on this day, if any."
    )


class Schedule(Protocol):
    """A place's opening hours, in its own time-zone."""

    def today(self, now: datetime) -> date: ...
    def on(self, day: date) -> DayHours: ...

    def open_at(self, now: datetime) -> bool | None:
        """Whether it is open; None if nothing is published for that day."""

    def opens_at(self, now: datetime) -> datetime | None:
        """When it next opens after `now`, within what is published."""

    def closes_at(self, now: datetime) -> datetime | None:
        """When it next closes after `now`: of the present opening, else of the next."""

    def changes_at(self, now: datetime) -> datetime:
        """Until when all of that stays so: the next opening, closing or midnight."""


@strawberry.interface(description="A place that keeps opening hours.")
class Opens:
    def opening(self) -> Key[Schedule | None]:
        """The key that finds this place's schedule."""
        raise TypeError(f"{type(self).__name__} does not say how its opening hours are found")

    async def _schedule(self, info: Info) -> Schedule | None:
        """For what is told of now."""
        schedule = await info.context.load(self.opening())
        if schedule is not None:
            info.context.changes_at(schedule.changes_at(info.context.now))
        return schedule

    @strawberry.field(description="Whether it is open now; null where no hours are published.")
    async def open_now(self, info: Info) -> bool | None:
        schedule = await self._schedule(info)
        return None if schedule is None else schedule.open_at(info.context.now)

    @strawberry.field(description="When it next opens; null where that is not published.")
    async def opens_at(self, info: Info) -> datetime | None:
        schedule = await self._schedule(info)
        return None if schedule is None else schedule.opens_at(info.context.now)

    @strawberry.field(description="When it next closes; null where that is not published.")
    async def closes_at(self, info: Info) -> datetime | None:
        schedule = await self._schedule(info)
        return None if schedule is None else schedule.closes_at(info.context.now)

    @strawberry.field(
        description="Opening hours day by day; null where none are published.",
        directives=[as_many_as("days")],
    )
    async def hours(
        self, info: Info, from_: FromArgument = None, days: DaysArgument = 7
    ) -> list[DayHours] | None:
        some_days(days, from_)
        schedule = await self._schedule(info)
        if schedule is None:
            return None
        start = from_ or schedule.today(info.context.now)
        return [schedule.on(start + timedelta(days=n)) for n in range(days)]

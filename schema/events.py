"""Events: what is on in the city, when and where, and whether it takes place."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time
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
    LastArgument,
    NameArgument,
    Near,
    bounded,
    some_days,
)
from schema.cost import PAGED, about, as_many_as
from schema.key import Info, Key
from schema.nodes import lookup, lookups
from schema.paging import MAX_PAGE, Page, Window, window
from schema.places import Place


@strawberry.enum(description="Whether something takes place as announced.")
class EventStatus(Enum):
    SCHEDULED = strawberry.enum_value("SCHEDULED", description="It does, as far as anyone says.")
    RESCHEDULED = strawberry.enum_value(
        "RESCHEDULED", description="It does, at another time than first announced."
    )
    MOVED_ONLINE = strawberry.enum_value("MOVED_ONLINE", description="It does, but only online.")
    FULL = strawberry.enum_value("FULL", description="It does, and no place is left.")
    POSTPONED = strawberry.enum_value(
        "POSTPONED", description="It does not at this time; another is to be announced."
    )
    CANCELED = strawberry.enum_value("CANCELED", description="It does not.")


@strawberry.type(description="One time at which an event takes place.")
class EventOccurrence:
    over_at: strawberry.Private[datetime]  # in UTC: its end, or that of its day
    start: datetime = strawberry.field(description="When it starts; midnight if it is all day.")
    end: datetime | None = strawberry.field(
        description="When it ends, which may be the next day; null where nobody says."
    )
    all_day: bool = strawberry.field(description="Whether only its day is told, and no hours.")
    status: EventStatus = strawberry.field(description="Whether it takes place.")


@strawberry.federation.type(
    keys=["id"], description="Something that is on in the city, once or many times."
)
class Event(Place):
    local_id: strawberry.Private[str]
    every: strawberry.Private[Sequence[EventOccurrence]]  # by when they are over; never none
    folded_themes: strawberry.Private[frozenset[str]]  # comparable
    summary: str | None = strawberry.field(description="What it is, in a sentence or two.")
    description: str | None = strawberry.field(
        description="All that is said about it, as plain text with line breaks."
    )
    venue: str | None = strawberry.field(description="The place's name: `Stereolux`.")
    themes: list[str] = strawberry.field(
        description="What it is about and what kind it is, in the source's words.",
        directives=[about(3)],
    )
    audience: str | None = strawberry.field(description="Whom it is for, as the source says.")
    age_min: int | None = strawberry.field(description="From which age on, in years.")
    age_max: int | None = strawberry.field(description="Up to which age, in years.")
    free_of_charge: bool | None = strawberry.field(
        description="Whether it costs nothing; null where nobody says, or only to some."
    )
    price: str | None = strawberry.field(description="What it costs, as the source says.")
    accessibility: list[str] = strawberry.field(
        description="For whom it is made accessible, in the source's words.", directives=[about(2)]
    )
    wheelchair_accessible: bool | None = strawberry.field(
        description="Can be attended in a wheelchair; null where nobody says."
    )
    image: str | None = strawberry.field(description="The address of a picture of it.")
    url: str | None = strawberry.field(description="Its page.")
    booking_url: str | None = strawberry.field(description="A page where one registers or books.")

    def accessible(self) -> bool | None:
        return self.wheelchair_accessible

    def leaves_map_at(self) -> datetime:
        return self.every[-1].over_at

    def coming(self, since: datetime) -> Sequence[EventOccurrence]:
        """The occurrences that are not over at an instant."""
        return self.every[bisect_right(self.every, since, key=lambda one: one.over_at) :]

    @strawberry.field(description="The occurrence that is on or comes next; null if it is over.")
    def next_occurrence(self, info: Info) -> EventOccurrence | None:
        found = self.coming(info.context.now)
        if not found:
            return None
        info.context.changes_at(found[0].over_at)
        return found[0]

    @strawberry.field(
        description="When it takes place, soonest first, but for what is over.",
        directives=[as_many_as("first")],
    )
    def occurrences(
        self,
        info: Info,
        from_: Annotated[
            date | None,
            strawberry.argument(name="from", description="Since this day; now if left out."),
        ] = None,
        first: Annotated[int, strawberry.argument(description="At most so many; 0 to 100.")] = 10,
    ) -> list[EventOccurrence]:
        bounded(first, 0, MAX_PAGE, "first")
        if from_ is not None:
            midnight = datetime.combine(from_, time(), self.every[0].start.tzinfo)
            return list(self.coming(midnight)[:first])
        found = self.coming(info.context.now)[:first]
        info.context.changes_at(*(one.over_at for one in found[:1]))
        return list(found)

    @strawberry.field(description="The last day on which it takes place.")
    def last_day(self) -> dt.date:
        return max(one.start for one in self.every).date()


class EventWith(Key[Event | None]):
    city: str
    id: str


class EventsIn(Key[Page[Event]]):
    """What takes place within some days, from today where `start` is None."""

    city: str
    start: date | None
    days: int
    name: str | None
    commune: str | None
    near: Near | None
    free_of_charge: bool | None
    theme: str | None
    window: Window


lookups["Event"] = EventWith


@strawberry.type
class Query:
    @strawberry.field(description="An event by its id; null if there is none.")
    async def event(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> Event | None:
        key: Key[Event | None] = lookup(id, "id", "Event")
        return await info.context.load(key)

    @strawberry.field(
        description="What is on in a city within some days, what starts first before the rest; "
        "with what was canceled, since people may not know.",
        directives=[PAGED],
    )
    async def events(
        self,
        info: Info,
        city: CityArgument = None,
        from_: FromArgument = None,
        days: DaysArgument = 31,
        name: NameArgument = None,
        commune: CommuneArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        free_of_charge: Annotated[
            bool | None,
            strawberry.argument(
                description="Only those known to cost nothing, or only those not known so."
            ),
        ] = None,
        theme: Annotated[
            str | None,
            strawberry.argument(
                description="Only those of one of the source's `themes`; accents and case "
                "do not count."
            ),
        ] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[Event] | None:
        some_days(days, from_)
        asked = window(first, after, last, before)
        slug = info.context.city(city)
        key = EventsIn(slug, from_, days, name, commune, near, free_of_charge, theme, asked)
        return await info.context.load(key)

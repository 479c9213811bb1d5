"""Pools: where to swim, when it is open, how full it is, and how to get there."""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    CommuneArgument,
    FirstArgument,
    HowManyArgument,
    LastArgument,
    NameArgument,
    Near,
    WithinArgument,
)
from schema.cost import PAGED, about, as_many_as
from schema.key import Info, Key
from schema.nodes import lookup, lookups
from schema.paging import Page, Window, window
from schema.places import Address, Place
from schema.stops import Stop
from schema.times import Opens, Schedule

STALE_AFTER = timedelta(minutes=15)  # how long a count is news


@strawberry.type(description="How many people are in one part of a pool.")
class PoolZone:
    place: strawberry.Private[str]
    name: str | None = strawberry.field(description="What the source calls it: `Bassin 25 m`.")
    current: int | None = strawberry.field(
        description="People in it; null, which is not 0, where the counter makes no sense, "
        "or has not told for 15 minutes."
    )
    capacity: int | None = strawberry.field(description="How many it may hold at one time.")
    updated_at: datetime | None = strawberry.field(description="When it last told, as it says.")


@strawberry.type(description="How many people are in a pool.")
class PoolAttendance:
    current: int | None = strawberry.field(
        description="People in all of its zones; null where one of them does not tell."
    )
    capacity: int | None = strawberry.field(
        description="How many all of its zones may hold; null where one of them does not tell."
    )
    zones: list[PoolZone] = strawberry.field(
        description="Its parts, each with a counter of its own.", directives=[about(3)]
    )
    updated_at: datetime | None = strawberry.field(description="When the oldest count was told.")


@strawberry.federation.type(keys=["id"], description="A public swimming pool.")
class Pool(Place, Opens):
    local_id: strawberry.Private[str]
    short_name: str | None = strawberry.field(description="What people call it.")
    address: Address = strawberry.field(description="Where its entrance is.")
    phone: str | None = strawberry.field(description="As the city writes it.")
    website: str | None = strawberry.field(description="Its page, with `https://` or `http://`.")
    notes: str | None = strawberry.field(description="What else the city says about it.")
    sports_pool: bool | None = strawberry.field(description="Has lanes to swim in.")
    leisure_pool: bool | None = strawberry.field(description="Has a leisure pool.")
    teaching_pool: bool | None = strawberry.field(description="Has a pool for learners.")
    paddling_pool: bool | None = strawberry.field(description="Has a pool for toddlers.")
    slide: bool | None = strawberry.field(description="Has a slide.")
    diving_board: bool | None = strawberry.field(description="Has a diving board.")
    wheelchair_accessible: bool | None = strawberry.field(
        description="Can be used in a wheelchair; null where nobody says."
    )

    def accessible(self) -> bool | None:
        return self.wheelchair_accessible

    def opening(self) -> Key[Schedule | None]:
        return PoolOpening(self.city, self.local_id)

    @strawberry.field(
        description="How many people are in it now; null where nobody counts them.",
    )
    async def attendance(self, info: Info) -> PoolAttendance | None:
        return await info.context.load(AttendanceAt(self.city, self.local_id))

    @strawberry.field(
        description="Stops within walking distance, nearest first.",
        directives=[as_many_as("first")],
    )
    async def stops(
        self, info: Info, within: WithinArgument = 400, first: HowManyArgument = 5
    ) -> list[Stop] | None:
        return await self.nearest(info, "Stop", within, first)


class PoolWith(Key[Pool | None]):
    city: str
    id: str


class PoolOpening(Key[Schedule | None]):
    city: str
    id: str


class AttendanceAt(Key[PoolAttendance | None]):
    city: str
    id: str


class PoolsIn(Key[Page[Pool]]):
    city: str
    name: str | None
    commune: str | None
    near: Near | None
    open_now: bool | None
    window: Window


lookups["Pool"] = PoolWith


@strawberry.type
class Query:
    @strawberry.field(description="A pool by its id; null if there is none.")
    async def pool(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> Pool | None:
        key: Key[Pool | None] = lookup(id, "id", "Pool")
        return await info.context.load(key)

    @strawberry.field(
        description="A city's pools: near a point, nearest first; else in alphabetical order.",
        directives=[PAGED],
    )
    async def pools(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        commune: CommuneArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        open_now: Annotated[
            bool | None,
            strawberry.argument(
                description="Only those open now, or only those not known to be. "
                "Needs the opening hours' source."
            ),
        ] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[Pool] | None:
        asked = window(first, after, last, before)
        return await info.context.load(
            PoolsIn(info.context.city(city), name, commune, near, open_now, asked)
        )

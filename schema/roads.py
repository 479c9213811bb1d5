"""Roads: how traffic flows, what disturbs it, and when a bridge is closed to it."""

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    DaysArgument,
    FirstArgument,
    FromArgument,
    LastArgument,
    NameArgument,
    Near,
    some_days,
)
from schema.cost import PAGED, about
from schema.key import Info, Key
from schema.nodes import Node, lookups
from schema.paging import Page, Window, window
from schema.patterns import GeoJson, Polyline
from schema.places import Position

STALE_AFTER = timedelta(minutes=15)  # how long a measure is news; they are taken every minute


@strawberry.enum(description="How traffic flows, in the words of DATEX II.")
class TrafficStatus(Enum):
    FREE_FLOW = strawberry.enum_value("FREE_FLOW", description="Nothing slows it down.")
    HEAVY = strawberry.enum_value("HEAVY", description="It is dense, and flows.")
    CONGESTED = strawberry.enum_value("CONGESTED", description="It is slow, and queues.")
    IMPOSSIBLE = strawberry.enum_value("IMPOSSIBLE", description="It does not move.")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="Nobody says, or not lately.")


@strawberry.federation.type(
    keys=["id"], description="A piece of a road, in one direction, on which traffic is measured."
)
class RoadSegment(Node):
    local_id: strawberry.Private[str]
    folded: strawberry.Private[str]  # its name, comparable
    told_status: strawberry.Private[TrafficStatus]  # as measured, however long ago
    told_speed_kmh: strawberry.Private[float | None]
    told_travel_time: strawberry.Private[timedelta | None]
    name: str | None = strawberry.field(
        description="What the source calls it; null where it has no name there."
    )
    area: str | None = strawberry.field(
        description="The commune, or the part of the city, as the source says."
    )
    position: Position | None = strawberry.field(description="A point on it, or about its middle.")
    length_m: int | None = strawberry.field(description="Metres that it is long.")
    measured_at: datetime | None = strawberry.field(description="When it was last measured.")
    points: Polyline | None = strawberry.field(
        description="Where it runs; null where that is not one unbroken line."
    )
    geo_json: GeoJson | None = strawberry.field(
        description="Where it runs, as a GeoJSON LineString or MultiLineString."
    )

    def live_between(self) -> tuple[datetime, ...]:
        """From when until when its measure is news; no instants if there is none."""
        if self.measured_at is None:
            return ()
        return self.measured_at - STALE_AFTER, self.measured_at + STALE_AFTER

    def live_at(self, now: datetime) -> bool:
        """Whether it was measured, and lately."""
        news = self.live_between()
        return bool(news) and news[0] <= now <= news[1]

    def status_at(self, now: datetime) -> TrafficStatus:
        return self.told_status if self.live_at(now) else TrafficStatus.UNKNOWN

    @strawberry.field(description="How traffic flows.")
    def traffic_status(self, info: Info) -> TrafficStatus:
        info.context.changes_at(*self.live_between())
        return self.status_at(info.context.now)

    @strawberry.field(
        description="Kilometres per hour; null where nobody measures it, or not for 15 minutes."
    )
    def speed_kmh(self, info: Info) -> float | None:
        info.context.changes_at(*self.live_between())
        return self.told_speed_kmh if self.live_at(info.context.now) else None

    @strawberry.field(
        description="How long it takes to drive along it; null where nobody measures it, "
        "or not for 15 minutes."
    )
    def travel_time(self, info: Info) -> timedelta | None:
        info.context.changes_at(*self.live_between())
        return self.told_travel_time if self.live_at(info.context.now) else None


@strawberry.federation.type(
    keys=["id"], description="Something that disturbs traffic, as it is announced to drivers."
)
class RoadEvent(Node):
    local_id: strawberry.Private[str]
    headline: str = strawberry.field(description="What it is and where, in a few words.")
    description: str | None = strawberry.field(
        description="All that is said about it, as plain text with line breaks."
    )
    area: str | None = strawberry.field(description="The part of the city, as the source says.")
    announced_on: date | None = strawberry.field(description="The day it was announced.")


@strawberry.federation.type(
    keys=["id"], description="A time in which a lift bridge is closed to traffic."
)
class BridgeClosure(Node):
    local_id: strawberry.Private[str]
    vessel: str | None = strawberry.field(
        description="The ship that passes, or what else it is for, as the source says."
    )
    reason: str | None = strawberry.field(description="The kind of closure, as the source says.")
    total: bool | None = strawberry.field(
        description="Whether nobody can cross at all; null where nobody says."
    )
    start: datetime = strawberry.field(description="When it closes to traffic.")
    end: datetime = strawberry.field(description="When it opens again; it may be the next day.")

    @strawberry.field(description="Whether it is closed now.")
    def active(self, info: Info) -> bool:
        info.context.changes_at(self.start, self.end)
        return self.start <= info.context.now < self.end


class RoadSegmentWith(Key[RoadSegment | None]):
    city: str
    id: str


class RoadEventWith(Key[RoadEvent | None]):
    city: str
    id: str


class BridgeClosureWith(Key[BridgeClosure | None]):
    city: str
    id: str


class RoadSegmentsIn(Key[Page[RoadSegment]]):
    city: str
    name: str | None
    near: Near | None
    status: tuple[TrafficStatus, ...] | None
    window: Window


class RoadEventsIn(Key[Page[RoadEvent]]):
    city: str
    window: Window


class BridgeClosuresIn(Key[list[BridgeClosure]]):
    """Those not over within some days, from now where `start` is None."""

    city: str
    start: date | None
    days: int


lookups["RoadSegment"] = RoadSegmentWith
lookups["RoadEvent"] = RoadEventWith
lookups["BridgeClosure"] = BridgeClosureWith


@strawberry.type
class Query:
    @strawberry.field(
        description="How traffic flows on a city's roads: near a point, nearest first; "
        "else in alphabetical order.",
        directives=[PAGED],
    )
    async def road_segments(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        status: Annotated[
            list[TrafficStatus] | None,
            strawberry.argument(description="Only where traffic flows so; all if left out."),
        ] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[RoadSegment] | None:
        asked = window(first, after, last, before)
        wanted = None if status is None else tuple(status)
        key = RoadSegmentsIn(info.context.city(city), name, near, wanted, asked)
        return await info.context.load(key)

    @strawberry.field(
        description="What disturbs traffic in a city, the latest announced first.",
        directives=[PAGED],
    )
    async def road_events(
        self,
        info: Info,
        city: CityArgument = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[RoadEvent] | None:
        asked = window(first, after, last, before)
        return await info.context.load(RoadEventsIn(info.context.city(city), asked))

    @strawberry.field(
        description="When a city's lift bridge is closed to traffic within some days, "
        "the present closure first.",
        directives=[about(10)],
    )
    async def bridge_closures(
        self,
        info: Info,
        from_: FromArgument = None,
        days: DaysArgument = 31,
        city: CityArgument = None,
    ) -> list[BridgeClosure] | None:
        some_days(days, from_)
        return await info.context.load(BridgeClosuresIn(info.context.city(city), from_, days))

"""Trips: one vehicle's way from its first stop to its last, on one day."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.accessibility import WheelchairBoarding
from schema.cost import about
from schema.key import Info, Key
from schema.routes import Route, RouteWith

if TYPE_CHECKING:
    from schema.stops import Stop


@strawberry.type(description="A trip at one of its stops, as planned.")
class TripStop:
    stop: Annotated["Stop", strawberry.lazy("schema.stops")] | None = strawberry.field(
        description="Where; null if the network does not list it any more."
    )
    arrival_at: datetime = strawberry.field(description="When it arrives.")
    departure_at: datetime = strawberry.field(description="When it leaves.")
    boarding: bool = strawberry.field(description="Whether passengers may board here.")
    alighting: bool = strawberry.field(description="Whether passengers may get off here.")


@strawberry.type(description="One vehicle's way from its first stop to its last, on one day.")
class Trip:
    city: strawberry.Private[str]
    route_id: strawberry.Private[str]
    gtfs_id: str = strawberry.field(description="Its id in the network's own GTFS feed.")
    service_date: date = strawberry.field(
        description="The day it belongs to in the timetable: after midnight, the day before."
    )
    headsign: str | None = strawberry.field(description="Where it goes.")
    short_name: str | None = strawberry.field(description="Its number, where it has one.")
    direction_id: int | None = strawberry.field(description="0 one way, 1 the other (GTFS).")
    wheelchair_accessible: WheelchairBoarding = strawberry.field(
        description="Whether it takes a wheelchair; never guessed."
    )
    stops: list[TripStop] = strawberry.field(
        description="Its stops in order, as planned.", directives=[about(30)]
    )

    @strawberry.field(description="The line it runs on.")
    async def route(self, info: Info) -> Route | None:
        return await info.context.load(RouteWith(self.city, self.route_id))


class TripOn(Key[Trip | None]):
    """A trip of the timetable on one day; `start_time_s` tells its runs of a day apart."""

    city: str
    id: str
    day: date
    start_time_s: int

"""Vehicles: where the buses and trams of a line are at the moment."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from schema.alerts import RoutesCalled, StopsCalled
from schema.arguments import CityArgument
from schema.cost import LIVE, about
from schema.departures import OccupancyStatus
from schema.key import Info, Key
from schema.nodes import lookup
from schema.places import Position
from schema.routes import Route, VehiclesOn
from schema.stops import Stop


@strawberry.enum(description="What a vehicle does at its stop (GTFS-Realtime).")
class VehicleStopStatus(Enum):
    INCOMING_AT = strawberry.enum_value("INCOMING_AT", description="It is about to arrive there.")
    STOPPED_AT = strawberry.enum_value("STOPPED_AT", description="It stands there.")
    IN_TRANSIT_TO = strawberry.enum_value("IN_TRANSIT_TO", description="It is on its way there.")


@strawberry.type(description="Where one vehicle was seen last.")
class VehiclePosition:
    city: strawberry.Private[str]
    line: strawberry.Private[str | None]
    place: strawberry.Private[str | None]
    vehicle_id: str = strawberry.field(description="What the network calls it, for some hours.")
    label: str | None = strawberry.field(description="What riders see written on it.")
    position: Position = strawberry.field(description="Where it was.")
    heading: float | None = strawberry.field(description="Degrees clockwise from north.")
    speed: float | None = strawberry.field(description="Metres per second.")
    updated_at: datetime | None = strawberry.field(description="When it was there.")
    trip_id: str | None = strawberry.field(description="The trip it runs, by its GTFS id.")
    stop_status: VehicleStopStatus | None = strawberry.field(
        description="What it does at `stop`; null where nobody says."
    )
    occupancy: OccupancyStatus | None = strawberry.field(
        description="How full it is; null where nobody says."
    )

    @strawberry.field(description="The line it runs on; null if the network does not list it.")
    async def route(self, info: Info) -> Route | None:
        found = await info.context.load(RoutesCalled(self.city, (self.line,)))
        return found[0] if found else None

    @strawberry.field(description="The stop it stands at or comes to next; null if unknown.")
    async def stop(self, info: Info) -> Stop | None:
        found = await info.context.load(StopsCalled(self.city, (self.place,)))
        return found[0] if found else None


class VehiclesIn(Key[list[VehiclePosition]]):
    city: str


@strawberry.type
class Query:
    @strawberry.field(
        description="Where a city's vehicles are, or those of one line; "
        "those unheard of for ten minutes are left out.",
        directives=[LIVE, about(200)],
    )
    async def vehicles(
        self,
        info: Info,
        city: CityArgument = None,
        route: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this line, by its id.")
        ] = None,
    ) -> list[VehiclePosition] | None:
        key: Key[list[VehiclePosition]] = VehiclesIn(info.context.city(city))
        if route is not None:
            line: Any = lookup(route, "route", "Route")
            key = VehiclesOn(line.city, line.id)
        return await info.context.load(key)

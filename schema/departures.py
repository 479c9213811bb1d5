"""Departures: what leaves from a stop next, as planned and as it really is."""

from datetime import datetime, timedelta
from enum import Enum

import strawberry

from schema.accessibility import WheelchairBoarding
from schema.key import Info, Key
from schema.routes import Route, RouteOfLine, RouteWith
from schema.trips import Trip, TripOn


@strawberry.enum(
    description="What real time says of a planned departure (OpenTripPlanner's words)."
)
class RealtimeState(Enum):
    SCHEDULED = strawberry.enum_value("SCHEDULED", description="Nothing: it is as planned.")
    UPDATED = strawberry.enum_value("UPDATED", description="When it will really leave.")
    CANCELED = strawberry.enum_value("CANCELED", description="The trip does not run.")
    ADDED = strawberry.enum_value(
        "ADDED", description="The timetable has no such trip, or not here."
    )
    SKIPPED = strawberry.enum_value("SKIPPED", description="The trip runs, but does not stop here.")


@strawberry.enum(description="How full a vehicle is (GTFS-Realtime).")
class OccupancyStatus(Enum):
    EMPTY = strawberry.enum_value("EMPTY", description="Hardly anyone aboard.")
    MANY_SEATS_AVAILABLE = strawberry.enum_value("MANY_SEATS_AVAILABLE", description="Many seats.")
    FEW_SEATS_AVAILABLE = strawberry.enum_value("FEW_SEATS_AVAILABLE", description="Few seats.")
    STANDING_ROOM_ONLY = strawberry.enum_value("STANDING_ROOM_ONLY", description="One can stand.")
    CRUSHED_STANDING_ROOM_ONLY = strawberry.enum_value(
        "CRUSHED_STANDING_ROOM_ONLY", description="One can hardly stand."
    )
    FULL = strawberry.enum_value("FULL", description="Nobody else fits in.")
    NOT_ACCEPTING_PASSENGERS = strawberry.enum_value(
        "NOT_ACCEPTING_PASSENGERS", description="Nobody is let in."
    )


@strawberry.type(description="One vehicle leaving one stop.")
class Departure:
    city: strawberry.Private[str]
    stop_id: strawberry.Private[str]
    destination_id: strawberry.Private[str | None]
    line: strawberry.Private[str]
    headsign: str | None = strawberry.field(description="Where it goes, as shown on its front.")
    scheduled_at: datetime | None = strawberry.field(
        description="When it was to leave; null where nobody had planned it."
    )
    expected_at: datetime = strawberry.field(
        description="When it will leave as far as is known: predicted if `realtime`, "
        "else as planned."
    )
    realtime: bool = strawberry.field(
        description="Whether `expectedAt` is a prediction that is still fresh."
    )
    at_stop: bool = strawberry.field(description="Whether the vehicle stands at the stop.")
    platform_code: str | None = strawberry.field(
        description="The platform's sign, where there is one."
    )
    updated_at: datetime | None = strawberry.field(
        description="When the network made this prediction; null for the timetable's own times."
    )
    realtime_state: RealtimeState = strawberry.field(
        default=RealtimeState.SCHEDULED, description="What real time says of it."
    )
    wheelchair_accessible: WheelchairBoarding = strawberry.field(
        default=WheelchairBoarding.NO_INFORMATION,
        description="Whether one can board here in a wheelchair: the quay and the trip must both "
        "say so, and of a trip what its vehicle says goes first; never guessed.",
    )
    occupancy: OccupancyStatus | None = strawberry.field(
        default=None, description="How full it is; null where the network does not say."
    )
    trip_key: strawberry.Private[TripOn | None] = None
    route_id: strawberry.Private[str | None] = None
    known_route: strawberry.Private[Route | None] = None  # where it had been read already

    @strawberry.field(description="How late it is (early if negative); null unless `realtime`.")
    def delay(self) -> timedelta | None:
        if not self.realtime or self.scheduled_at is None:
            return None
        return self.expected_at - self.scheduled_at

    @strawberry.field(description="The line it runs on; null if the network does not list it.")
    def route(self, info: Info) -> Route | None:
        # Most answers want it of every departure, and waiting for what is known takes long.
        if self.known_route is not None:
            return self.known_route
        if self.route_id is not None:
            return info.context.load(RouteWith(self.city, self.route_id))  # type: ignore[return-value]
        return info.context.load(RouteOfLine(self.city, self.line))  # type: ignore[return-value]

    @strawberry.field(description="The trip it is part of; null if the timetable has none such.")
    async def trip(self, info: Info) -> Trip | None:
        return None if self.trip_key is None else await info.context.load(self.trip_key)


class DeparturesAt(Key[list[Departure]]):
    """The next departures of a stop, or of all the quays of a station.

    From `start` (the request's own instant if None) and for so many seconds;
    of some routes only, by their GTFS ids, if `routes` names any.
    """

    city: str
    stop_id: str
    first: int
    start: datetime | None = None
    time_range_s: int = 86_400
    routes: tuple[str, ...] | None = None
    omit_canceled: bool = True

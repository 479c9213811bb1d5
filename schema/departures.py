"""Departures: what leaves from a stop next, as planned and as it really is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import strawberry

from schema.key import Info, Key
from schema.routes import Route, RouteOfLine


@strawberry.type(description="One vehicle leaving one stop.")
class Departure:
    city: strawberry.Private[str]
    stop_id: strawberry.Private[str]
    destination_id: strawberry.Private[str | None]
    line: strawberry.Private[str]
    headsign: str | None = strawberry.field(description="Where it goes, as shown on its front.")
    scheduled_at: datetime | None = strawberry.field(
        description="When the timetable has it leave; null for a trip that is not in it."
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

    @strawberry.field(description="How late it is (early if negative); null unless `realtime`.")
    def delay(self) -> timedelta | None:
        if not self.realtime or self.scheduled_at is None:
            return None
        return self.expected_at - self.scheduled_at

    @strawberry.field(description="The line it runs on; null if the network does not list it.")
    async def route(self, info: Info) -> Route | None:
        return await info.context.load(RouteOfLine(self.city, self.line))


@dataclass(frozen=True)
class DeparturesAt(Key[list[Departure]]):
    """The next departures of a stop, or of all the quays of a station."""

    city: str
    stop_id: str
    first: int

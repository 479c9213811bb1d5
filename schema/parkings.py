"""Parkings: where to leave a car, whether there is room, what it costs, and how to go on."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
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

STALE_AFTER = timedelta(minutes=15)  # Nantes says so of its own; Bordeaux' are a few minutes old


@strawberry.enum(description="Whether one can drive in.")
class VehicleParkingState(Enum):
    OPEN = strawberry.enum_value("OPEN", description="It is open to all.")
    FULL = strawberry.enum_value("FULL", description="It is open, and its sign says it is full.")
    SUBSCRIBERS_ONLY = strawberry.enum_value(
        "SUBSCRIBERS_ONLY", description="It is open to those who have a subscription."
    )
    CLOSED = strawberry.enum_value("CLOSED", description="It is closed.")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="Nobody says, or not lately.")


@strawberry.type(description="Spaces by kind; null, which is not 0, where nobody says.")
class VehicleParkingSpaces:
    car_spaces: int | None = strawberry.field(description="For cars, in all.")
    wheelchair_accessible_car_spaces: int | None = strawberry.field(
        default=None, description="For disabled people."
    )
    electric_car_spaces: int | None = strawberry.field(
        default=None, description="For electric cars, with a charger."
    )
    bicycle_spaces: int | None = strawberry.field(default=None, description="For bicycles.")


@strawberry.type(description="What so long a stay costs.")
class VehicleParkingFare:
    duration: timedelta = strawberry.field(description="How long.")
    price_eur: float = strawberry.field(description="Euros, as the source has it.")


@strawberry.federation.type(keys=["id"], description="A car park, or park and ride.")
class VehicleParking(Place):
    status: strawberry.Private[VehicleParkingState]  # as the source says, however long ago
    counted: strawberry.Private[bool]  # whether it counts its cars, and tells
    free_spaces: strawberry.Private[int | None]  # as the source says, however long ago
    vehicle_parking_id: str = strawberry.field(description="Its id in the source.")
    address: Address | None = strawberry.field(description="Where its entrance is.")
    park_and_ride: bool | None = strawberry.field(
        description="Whether it is for going on by public transport; null where nobody says."
    )
    capacity: VehicleParkingSpaces = strawberry.field(description="Spaces there are.")
    max_height_m: float | None = strawberry.field(description="Metres that a vehicle may be high.")
    free_of_charge: bool | None = strawberry.field(
        description="Whether it costs nothing; null where nobody says."
    )
    fares: list[VehicleParkingFare] = strawberry.field(
        description="What it costs, the shortest stay first; none where nobody says.",
        directives=[about(8)],
    )
    night_fare_eur: float | None = strawberry.field(description="What a night costs, in euros.")
    note: str | None = strawberry.field(description="What else the source says about it.")
    website: str | None = strawberry.field(description="Its page, with `https://` or `http://`.")
    updated_at: datetime | None = strawberry.field(description="When it last told, as it says.")

    def live_between(self) -> tuple[datetime, ...]:
        if not self.counted or self.updated_at is None:
            return ()
        return self.updated_at - STALE_AFTER, self.updated_at + STALE_AFTER

    def live_at(self, now: datetime) -> bool:
        """Whether it has told how many spaces are free, and lately."""
        news = self.live_between()
        return bool(news) and news[0] <= now <= news[1]

    def free_at(self, now: datetime) -> int | None:
        """Free spaces; None for unknown."""
        return self.free_spaces if self.live_at(now) else None

    @strawberry.field(description="Whether one can drive in.")
    def state(self, info: Info) -> VehicleParkingState:
        info.context.changes_at(*self.live_between())
        if self.counted and not self.live_at(info.context.now):
            return VehicleParkingState.UNKNOWN
        return self.status

    @strawberry.field(
        description="Free spaces; null, which is not 0, where nobody counts them, "
        "or has not told for 15 minutes."
    )
    def availability(self, info: Info) -> VehicleParkingSpaces | None:
        info.context.changes_at(*self.live_between())
        free = self.free_at(info.context.now)
        return None if free is None else VehicleParkingSpaces(car_spaces=free)

    @strawberry.field(description="Whether it has told within 15 minutes how it is.")
    def realtime(self, info: Info) -> bool:
        info.context.changes_at(*self.live_between())
        return self.live_at(info.context.now)

    def available_at(self, now: datetime) -> bool | None:
        free = self.free_at(now)
        return None if free is None else self.status is VehicleParkingState.OPEN and free > 0

    @strawberry.field(
        description="Stops within walking distance, nearest first.",
        directives=[as_many_as("first")],
    )
    async def stops(
        self, info: Info, within: WithinArgument = 400, first: HowManyArgument = 5
    ) -> list[Stop] | None:
        return await self.nearest(info, "Stop", within, first)


class VehicleParkingWith(Key[VehicleParking | None]):
    city: str
    id: str


class VehicleParkingsIn(Key[Page[VehicleParking]]):
    city: str
    name: str | None
    near: Near | None
    available: bool | None
    park_and_ride: bool | None
    window: Window


lookups["VehicleParking"] = VehicleParkingWith


@strawberry.type
class Query:
    @strawberry.field(description="A car park by its id; null if there is none.")
    async def vehicle_parking(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> VehicleParking | None:
        key: Key[VehicleParking | None] = lookup(id, "id", "VehicleParking")
        return await info.context.load(key)

    @strawberry.field(
        description="A city's car parks: near a point, nearest first; else in alphabetical order.",
        directives=[PAGED],
    )
    async def parkings(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        available: Annotated[
            bool | None,
            strawberry.argument(
                description="Only those open to all with free spaces, or only those not known so."
            ),
        ] = None,
        park_and_ride: Annotated[
            bool | None,
            strawberry.argument(
                description="Only those for going on by public transport, or only the others."
            ),
        ] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[VehicleParking] | None:
        asked = window(first, after, last, before)
        key = VehicleParkingsIn(
            info.context.city(city), name, near, available, park_and_ride, asked
        )
        return await info.context.load(key)

"""Bikes: where to pick up a shared bike, and where to leave it."""

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
from schema.places import Place
from schema.stops import Stop

SILENT_AFTER = timedelta(hours=1)


@strawberry.enum(description="What a vehicle looks like (GBFS).")
class FormFactor(Enum):
    BICYCLE = strawberry.enum_value("BICYCLE", description="A bicycle.")
    CARGO_BICYCLE = strawberry.enum_value("CARGO_BICYCLE", description="A bicycle for loads.")
    CAR = strawberry.enum_value("CAR", description="A car.")
    MOPED = strawberry.enum_value("MOPED", description="A moped.")
    SCOOTER = strawberry.enum_value("SCOOTER", description="A kick scooter of either kind.")
    SCOOTER_STANDING = strawberry.enum_value(
        "SCOOTER_STANDING", description="A kick scooter to stand on."
    )
    SCOOTER_SEATED = strawberry.enum_value(
        "SCOOTER_SEATED", description="A kick scooter with a seat."
    )
    OTHER = strawberry.enum_value("OTHER", description="None of these.")


@strawberry.enum(description="What moves a vehicle (GBFS).")
class PropulsionType(Enum):
    HUMAN = strawberry.enum_value("HUMAN", description="Whoever rides it.")
    ELECTRIC_ASSIST = strawberry.enum_value(
        "ELECTRIC_ASSIST", description="Whoever rides it, and a motor that helps."
    )
    ELECTRIC = strawberry.enum_value("ELECTRIC", description="An electric motor.")
    COMBUSTION = strawberry.enum_value("COMBUSTION", description="A petrol engine.")
    COMBUSTION_DIESEL = strawberry.enum_value("COMBUSTION_DIESEL", description="A diesel engine.")
    HYBRID = strawberry.enum_value("HYBRID", description="An engine and an electric motor.")
    PLUG_IN_HYBRID = strawberry.enum_value(
        "PLUG_IN_HYBRID", description="An engine, and an electric motor that can be charged."
    )
    HYDROGEN_FUEL_CELL = strawberry.enum_value("HYDROGEN_FUEL_CELL", description="Hydrogen.")


@strawberry.type(description="A kind of vehicle, as far as the source tells it.")
class RentalVehicleType:
    form_factor: FormFactor | None = strawberry.field(description="What it looks like.")
    propulsion_type: PropulsionType | None = strawberry.field(description="What moves it.")
    name: str | None = strawberry.field(description="What the operator calls it.")


@strawberry.type(description="How many vehicles of one kind.")
class RentalVehicleTypeCount:
    vehicle_type: RentalVehicleType = strawberry.field(description="The kind.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="How many vehicles, in all and by kind.")
class RentalVehicleEntityCounts:
    total: int = strawberry.field(description="In all.")
    by_type: list[RentalVehicleTypeCount] = strawberry.field(
        description="By kind; empty where the source does not tell them apart.",
        directives=[about(2)],
    )


@strawberry.type(description="Where to rent: in the operator's apps, or on its site.")
class VehicleRentalUris:
    android: str | None = strawberry.field(description="Opens its app on Android.")
    ios: str | None = strawberry.field(description="Opens its app on iOS.")
    web: str | None = strawberry.field(description="Opens in any browser.")


@strawberry.federation.type(keys=["id"], description="A station of shared bikes or other vehicles.")
class VehicleRentalStation(Place):
    station_id: str = strawberry.field(description="Its id in the operator's own feed (GBFS).")
    capacity: int | None = strawberry.field(description="How many vehicles fit in, in all.")
    available_vehicles: RentalVehicleEntityCounts | None = strawberry.field(
        description="Vehicles that can be taken; null, which is not 0, where nobody says."
    )
    available_spaces: int | None = strawberry.field(
        description="Vehicles that can be left; null, which is not 0, where nobody says."
    )
    operative: bool | None = strawberry.field(
        description="Whether it is in place and in service; null where nobody says."
    )
    allow_pickup: bool | None = strawberry.field(
        description="Whether it lends vehicles at all; null where nobody says."
    )
    allow_dropoff: bool | None = strawberry.field(
        description="Whether it takes vehicles back at all; null where nobody says."
    )
    rental_uris: VehicleRentalUris | None = strawberry.field(
        description="Where to rent; null where there are no links."
    )
    updated_at: datetime | None = strawberry.field(
        description="When the station itself last reported, as it says."
    )

    @strawberry.field(
        description="Whether one can take a vehicle: it lends and has one. Null if unknown."
    )
    def allow_pickup_now(self) -> bool | None:
        vehicles = self.available_vehicles
        some = None if vehicles is None else vehicles.total > 0
        return _all(self.operative, self.allow_pickup, some)

    @strawberry.field(
        description="Whether one can leave a vehicle: it takes it and has room. Null if unknown."
    )
    def allow_dropoff_now(self) -> bool | None:
        spaces = self.available_spaces
        some = None if spaces is None else spaces > 0
        return _all(self.operative, self.allow_dropoff, some)

    @strawberry.field(
        description="Whether the station has reported within the last hour; "
        "if not, its numbers are the last that are known."
    )
    def realtime(self, info: Info) -> bool:
        if self.updated_at is None:
            return False
        info.context.changes_at(*self.live_between())
        return abs(info.context.now - self.updated_at) <= SILENT_AFTER

    def live_between(self) -> tuple[datetime, ...]:
        at = self.updated_at
        return () if at is None else (at - SILENT_AFTER, at + SILENT_AFTER)

    def available_at(self, now: datetime) -> bool | None:
        if self.updated_at is None or abs(now - self.updated_at) > SILENT_AFTER:
            return None
        can: bool | None = self.allow_pickup_now()
        return can

    @strawberry.field(
        description="Stops within walking distance, nearest first.",
        directives=[as_many_as("first")],
    )
    async def stops(
        self, info: Info, within: WithinArgument = 400, first: HowManyArgument = 5
    ) -> list[Stop] | None:
        return await self.nearest(info, "Stop", within, first)


def _all(*facts: bool | None) -> bool | None:
    """False as soon as one is, even if others are unknown."""
    return False if False in facts else None if None in facts else True


class VehicleRentalStationWith(Key[VehicleRentalStation | None]):
    city: str
    id: str


class VehicleRentalStationsIn(Key[Page[VehicleRentalStation]]):
    city: str
    name: str | None
    near: Near | None
    allow_pickup_now: bool | None
    allow_dropoff_now: bool | None
    window: Window


lookups["VehicleRentalStation"] = VehicleRentalStationWith


@strawberry.type
class Query:
    @strawberry.field(description="A station of shared bikes by its id; null if there is none.")
    async def vehicle_rental_station(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> VehicleRentalStation | None:
        key: Key[VehicleRentalStation | None] = lookup(id, "id", "VehicleRentalStation")
        return await info.context.load(key)

    @strawberry.field(
        description="A city's stations of shared bikes: near a point, nearest first; "
        "else in alphabetical order.",
        directives=[PAGED],
    )
    async def bikes(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        allow_pickup_now: Annotated[
            bool | None,
            strawberry.argument(
                description="Only where one can take one now, or only where that is not known."
            ),
        ] = None,
        allow_dropoff_now: Annotated[
            bool | None,
            strawberry.argument(
                description="Only where one can leave one now, or only where that is not known."
            ),
        ] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[VehicleRentalStation] | None:
        asked = window(first, after, last, before)
        key = VehicleRentalStationsIn(
            info.context.city(city), name, near, allow_pickup_now, allow_dropoff_now, asked
        )
        return await info.context.load(key)

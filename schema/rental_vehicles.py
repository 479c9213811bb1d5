"""Rental vehicles: bikes, scooters and cars that stand anywhere, to be picked up and left anywhere.

Each of a city's operators is a part of its `[bikes]`: `[bikes.vehicles]`, `[bikes.vehicles-dott]`.
"""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    LastArgument,
    Near,
)
from schema.atlas import MISSING
from schema.bikes import FormFactor, RentalVehicleType, VehicleRentalUris
from schema.cost import PAGED, about
from schema.key import Info, Key
from schema.nodes import lookups
from schema.paging import Page, Window, window
from schema.places import Place
from schema.provenance import Source


@strawberry.type(description="What is left in the battery or the tank.")
class RentalVehicleFuel:
    percent: float | None = strawberry.field(description="From 0, empty, to 1, full.")
    range: int | None = strawberry.field(description="How many metres one gets with it.")


@strawberry.type(description="What a stretch of a ride costs besides the price of the ride (GBFS).")
class RentalPricingSegment:
    start: float = strawberry.field(description="The minute, or kilometre, from which it counts.")
    rate: float = strawberry.field(description="The price of each interval.")
    interval: float = strawberry.field(
        description="How long an interval is, in minutes or kilometres; 0 is charged once."
    )
    end: float | None = strawberry.field(
        description="Until which minute, or kilometre; null for the end of the ride."
    )


@strawberry.type(description="What a ride costs, as the operator says (GBFS).")
class RentalPricingPlan:
    name: str | None = strawberry.field(description="What the operator calls it.")
    description: str | None = strawberry.field(description="What riders are told about it.")
    url: str | None = strawberry.field(description="A page with more.")
    currency: str | None = strawberry.field(description="Of three letters (ISO 4217): `EUR`.")
    price: float | None = strawberry.field(description="For the ride, whatever its length.")
    per_minute: list[RentalPricingSegment] = strawberry.field(
        description="What its minutes cost besides.", directives=[about(2)]
    )
    per_kilometre: list[RentalPricingSegment] = strawberry.field(
        description="What its kilometres cost besides.", directives=[about(2)]
    )


@strawberry.federation.type(
    keys=["id"],
    description="A shared vehicle that stands somewhere. Its ids change after each ride, so that "
    "nobody can be followed by them: what was found by one may not be found again.",
)
class RentalVehicle(Place):
    listed_in: strawberry.Private[str]  # the part of the city's table: its operator
    vehicle_id: str = strawberry.field(
        description="Its id in the operator's own feed (GBFS), until its next ride."
    )
    vehicle_type: RentalVehicleType | None = strawberry.field(
        description="What kind of vehicle it is; null where nobody says."
    )
    fuel: RentalVehicleFuel | None = strawberry.field(
        description="What is left in its battery or tank; null where nobody says."
    )
    reserved: bool | None = strawberry.field(description="Whether somebody has reserved it.")
    disabled: bool | None = strawberry.field(description="Whether it is out of service.")
    available_until: datetime | None = strawberry.field(
        description="When a ride on it must be over at the latest; null where nobody says."
    )
    station_id: str | None = strawberry.field(
        description="The station that it stands at, by the operator's own id, if it does."
    )
    pricing: RentalPricingPlan | None = strawberry.field(
        description="What a ride on it costs; null where nobody says."
    )
    rental_uris: VehicleRentalUris | None = strawberry.field(
        description="Where to rent it; null where there are no links."
    )

    def part(self) -> str:
        return self.listed_in

    def on_map(self) -> bool:
        """One at a station is counted there."""
        return self.position is not None and self.station_id is None

    def named(self) -> bool:
        """All of an operator's vehicles are called the same, if anything."""
        return False

    def available_at(self, now: datetime) -> bool | None:
        """Whether one can take it; None where nobody says."""
        over = self.available_until is not None and self.available_until <= now
        if self.reserved or self.disabled or over:
            return False
        return None if self.reserved is None or self.disabled is None else True

    def live_between(self) -> tuple[datetime, ...]:
        return () if self.available_until is None else (self.available_until,)


@strawberry.type(name="RentalVehicleConnection", description="One page of shared vehicles.")
class RentalVehicles(Page[RentalVehicle]):
    missing: list[Source] = strawberry.field(description=MISSING, directives=[about(1)])


class RentalVehicleWith(Key[RentalVehicle | None]):
    """`id` is the part of the city's table and the id in it: `vehicles:973a5c94`."""

    city: str
    id: str


class RentalVehiclesIn(Key[RentalVehicles]):
    city: str
    near: Near | None
    form_factors: tuple[FormFactor, ...] | None
    available: bool | None
    window: Window


lookups["RentalVehicle"] = RentalVehicleWith


@strawberry.type
class Query:
    @strawberry.field(
        description="A city's shared vehicles that stand anywhere: near a point, nearest first; "
        "else in alphabetical order. Those at a station are counted there.",
        directives=[PAGED],
    )
    async def rental_vehicles(
        self,
        info: Info,
        city: CityArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        form_factors: Annotated[
            list[FormFactor] | None,
            strawberry.argument(description="Only what looks like one of these; all if left out."),
        ] = None,
        available: Annotated[
            bool | None,
            strawberry.argument(
                description="Only what one can take now, or only what is not known to be so."
            ),
        ] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> RentalVehicles | None:
        asked = window(first, after, last, before)
        forms = None if form_factors is None else tuple(form_factors)
        key = RentalVehiclesIn(info.context.city(city), near, forms, available, asked)
        return await info.context.load(key)

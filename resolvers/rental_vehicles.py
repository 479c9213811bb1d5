"""Rental vehicles: which stand where, and which of them one can take."""

from resolvers.loaders import Loaders, answers
from resolvers.places import listed, parts_of
from schema.rental_vehicles import (
    RentalVehicle,
    RentalVehicles,
    RentalVehiclesIn,
    RentalVehicleWith,
)
from sources.reading import part_of


@answers(RentalVehicleWith)
async def rental_vehicle_with(ask: Loaders, key: RentalVehicleWith) -> RentalVehicle | None:
    part, _, vehicle_id = key.id.partition(":")
    kind = part_of(RentalVehicle, part)
    if kind is None:
        return None
    vehicles = await ask.collection(kind, key.city)
    return vehicles.by(_vehicle_id).get(vehicle_id)


@answers(RentalVehiclesIn)
async def rental_vehicles_in(ask: Loaders, key: RentalVehiclesIn) -> RentalVehicles:
    def wanted(vehicle: RentalVehicle) -> bool:
        kind = vehicle.vehicle_type
        form = kind.form_factor if kind is not None else None
        return (
            vehicle.on_map()
            and (key.form_factors is None or form in key.form_factors)
            and (key.available is None or bool(vehicle.available_at(ask.now)) is key.available)
        )

    vehicles, missing = await parts_of(ask, RentalVehicle, key.city, "bikes.vehicles")
    if key.available is not None:
        ask.changes_at(*(at for vehicle in vehicles.items for at in vehicle.live_between()))
    found = listed(vehicles, None, key.near, key.window, wanted)
    return RentalVehicles(**vars(found), missing=missing)


def _vehicle_id(vehicle: RentalVehicle) -> str:
    return vehicle.vehicle_id

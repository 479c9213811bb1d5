"""Parkings: which there are, and which of them have room."""

from resolvers.loaders import Loaders, answers
from resolvers.places import all_of, listed
from schema.paging import Page
from schema.parkings import (
    VehicleParking,
    VehicleParkingsIn,
    VehicleParkingState,
    VehicleParkingWith,
)


@answers(VehicleParkingWith)
async def vehicle_parking_with(ask: Loaders, key: VehicleParkingWith) -> VehicleParking | None:
    parkings = await all_of(ask, VehicleParking, key.city)
    return parkings.by(_local_id).get(key.id)


@answers(VehicleParkingsIn)
async def vehicle_parkings_in(ask: Loaders, key: VehicleParkingsIn) -> Page[VehicleParking]:
    def wanted(parking: VehicleParking) -> bool:
        room = parking.status is VehicleParkingState.OPEN and bool(parking.free_at(ask.now))
        asked = ((key.available, room), (key.park_and_ride, parking.park_and_ride))
        return all(want is None or bool(real) is want for want, real in asked)

    parkings = await all_of(ask, VehicleParking, key.city)
    if key.available is not None:
        ask.changes_at(*(instant for one in parkings.items for instant in one.live_between()))
    return listed(parkings, key.name, key.near, key.window, wanted)


def _local_id(parking: VehicleParking) -> str:
    return parking.vehicle_parking_id

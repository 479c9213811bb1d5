"""Bikes: which stations there are, and which of them have what one needs."""

from resolvers.loaders import Loaders, answers
from resolvers.places import listed
from schema.bikes import (
    VehicleRentalStation,
    VehicleRentalStationsIn,
    VehicleRentalStationWith,
)
from schema.paging import Page


@answers(VehicleRentalStationWith)
async def vehicle_rental_station_with(
    ask: Loaders, key: VehicleRentalStationWith
) -> VehicleRentalStation | None:
    stations = await ask.collection(VehicleRentalStation, key.city)
    return stations.by(_station_id).get(key.id)


@answers(VehicleRentalStationsIn)
async def vehicle_rental_stations_in(
    ask: Loaders, key: VehicleRentalStationsIn
) -> Page[VehicleRentalStation]:
    def wanted(station: VehicleRentalStation) -> bool:
        asked = (
            (key.allow_pickup_now, station.allow_pickup_now()),
            (key.allow_dropoff_now, station.allow_dropoff_now()),
        )
        return all(want is None or bool(real) is want for want, real in asked)

    stations = await ask.collection(VehicleRentalStation, key.city)
    return listed(stations, key.name, key.near, key.window, wanted)


def _station_id(station: VehicleRentalStation) -> str:
    return station.station_id

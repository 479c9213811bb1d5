"""Bikes: stations of shared vehicles, out of GBFS or of a city's own table.

A table that tells bikes apart in columns of its own (`nbelec`, `nbclassiq` in
Bordeaux) names them `electric` and `mechanical`; GBFS has a list of `types`.
"""

import re
from enum import Enum
from typing import Any, TypeVar

from schema.bikes import (
    FormFactor,
    PropulsionType,
    RentalVehicleEntityCounts,
    RentalVehicleType,
    RentalVehicleTypeCount,
    VehicleRentalStation,
    VehicleRentalUris,
)
from schema.nodes import node_id
from schema.places import Address
from sources.names import fold
from sources.places import find_website
from sources.reading import reads
from sources.row import Row

E = TypeVar("E", bound=Enum)
APP = re.compile(r"(?!javascript|data)[a-z][a-z0-9+.-]*://\S+$", re.IGNORECASE)
COLUMNS = {
    "mechanical": PropulsionType.HUMAN,
    "electric": PropulsionType.ELECTRIC_ASSIST,
}


@reads(
    VehicleRentalStation,
    "id name address position lat lon capacity vehicles types mechanical electric spaces "
    "installed renting returning reported android ios website",
)
def vehicle_rental_station(row: Row) -> VehicleRentalStation:
    """One station, by its address if it has no name; ValueError without an id or either."""
    station_id = row.text("id")
    name = row.find_text("name") or row.text("address")
    reported = row.find_instant("reported")
    return VehicleRentalStation(
        id=node_id("VehicleRentalStation", row.city.slug, station_id),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        station_id=station_id,
        address=_address(row),
        capacity=row.find_count("capacity"),
        available_vehicles=_vehicles(row),
        available_spaces=row.find_count("spaces"),
        operative=row.find_flag("installed"),
        allow_pickup=row.find_flag("renting"),
        allow_dropoff=row.find_flag("returning"),
        rental_uris=_uris(row),
        updated_at=reported and reported.astimezone(row.city.zone),
    )


def _address(row: Row) -> Address | None:
    """The operator's own words, which are a street at best."""
    street = row.find_text("address")
    return None if street is None else Address(street=street, postcode=None, city=None, insee=None)


def _vehicles(row: Row) -> RentalVehicleEntityCounts | None:
    total = row.find_count("vehicles")
    if total is None:
        return None
    said = row.find("types")
    rows = [Row(row.city, one, {}) for one in (said if isinstance(said, list) else ())]
    by_type = [
        RentalVehicleTypeCount(vehicle_type=_type(one), count=count)
        for one in rows
        if (count := one.find_count("count")) is not None
    ]
    by_type += [
        RentalVehicleTypeCount(
            vehicle_type=RentalVehicleType(
                form_factor=FormFactor.BICYCLE, propulsion_type=propulsion, name=None
            ),
            count=count,
        )
        for column, propulsion in COLUMNS.items()
        if (count := row.find_count(column)) is not None
    ]
    return RentalVehicleEntityCounts(total=total, by_type=by_type)


def _type(one: Row) -> RentalVehicleType:
    return RentalVehicleType(
        form_factor=_member(FormFactor, one.find("form_factor")),
        propulsion_type=_member(PropulsionType, one.find("propulsion_type")),
        name=one.find_text("name"),
    )


def _member(enum: type[E], said: Any) -> E | None:
    return enum.__members__.get(str(said).upper())


def _app(row: Row, name: str) -> str | None:
    """A link that an app may open, under its own scheme or the web's."""
    link = row.find_text(name) or ""
    return link if APP.match(link) else None


def _uris(row: Row) -> VehicleRentalUris | None:
    android, ios, web = _app(row, "android"), _app(row, "ios"), find_website(row)
    if android is None and ios is None and web is None:
        return None
    return VehicleRentalUris(android=android, ios=ios, web=web)

"""Bikes: stations of shared vehicles, and those that stand anywhere.

Vehicles come out of GBFS, stations out of GBFS or of a city's own table. A table that tells
bikes apart in columns of its own (`nbelec`, `nbclassiq` in Bordeaux) names them `electric`
and `mechanical`; GBFS has a list of `types`.
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
from schema.rental_vehicles import (
    RentalPricingPlan,
    RentalPricingSegment,
    RentalVehicle,
    RentalVehicleFuel,
)
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
VEHICLE = "Véhicule en libre-service"  # what a vehicle is called that has no name of its own
VEHICLES = {
    FormFactor.BICYCLE: "Vélo",
    FormFactor.CARGO_BICYCLE: "Vélo cargo",
    FormFactor.CAR: "Voiture",
    FormFactor.MOPED: "Scooter",
    FormFactor.SCOOTER: "Trottinette",
    FormFactor.SCOOTER_STANDING: "Trottinette",
    FormFactor.SCOOTER_SEATED: "Trottinette à selle",
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


@reads(
    RentalVehicle,
    "id name position lat lon type plan reserved disabled percent range until station reported "
    "android ios website",
    part="vehicles*",
)
def rental_vehicle(row: Row) -> RentalVehicle:
    """One vehicle, by its kind if it has no name; ValueError without an id, or a place to be."""
    part = row.binding.part if row.binding is not None and row.binding.part is not None else ""
    vehicle_id, position, station = row.text("id"), row.find_position(), row.find_text("station")
    if position is None and station is None:
        raise ValueError("neither a position nor a station")
    reported, until = row.find_instant("reported"), row.find_instant("until")
    said = _part(row, "type")
    kind = None if said is None else _type(said)
    name = row.find_text("name") or (kind and (kind.name or _called(kind))) or VEHICLE
    return RentalVehicle(
        id=node_id("RentalVehicle", row.city.slug, f"{part}:{vehicle_id}"),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=position,
        updated_at=reported and reported.astimezone(row.city.zone),
        listed_in=part,
        vehicle_id=vehicle_id,
        vehicle_type=kind,
        fuel=_fuel(row),
        reserved=row.find_flag("reserved"),
        disabled=row.find_flag("disabled"),
        available_until=until and until.astimezone(row.city.zone),
        station_id=station,
        pricing=_pricing(row),
        rental_uris=_uris(row),
    )


def _called(kind: RentalVehicleType) -> str | None:
    return None if kind.form_factor is None else VEHICLES.get(kind.form_factor)


def _fuel(row: Row) -> RentalVehicleFuel | None:
    percent, metres = row.find_number("percent"), row.find_count("range")
    if percent is not None and not 0 <= percent <= 1:  # some count to 100, some do not know
        percent = None
    if percent is None and metres is None:
        return None
    return RentalVehicleFuel(percent=percent, range=metres)


def _pricing(row: Row) -> RentalPricingPlan | None:
    plan = _part(row, "plan")
    if plan is None:
        return None
    return RentalPricingPlan(
        name=plan.find_text("name"),
        description=plan.find_text("description"),
        url=find_website(Row(row.city, {"website": plan.find("url")}, {})),
        currency=plan.find_text("currency"),
        price=plan.find_number("price"),
        per_minute=_segments(plan, "per_min_pricing"),
        per_kilometre=_segments(plan, "per_km_pricing"),
    )


def _segments(plan: Row, name: str) -> list[RentalPricingSegment]:
    """Those that can be read: a price that is not told whole is none."""
    said = plan.find(name)
    objects = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    found = []
    for one in (Row(plan.city, raw, {}) for raw in objects):
        start, rate = one.find_number("start"), one.find_number("rate")
        interval, end = one.find_number("interval"), one.find_number("end")
        if start is not None and rate is not None and interval is not None:
            found.append(RentalPricingSegment(start=start, rate=rate, interval=interval, end=end))
    return found


def _part(row: Row, name: str) -> Row | None:
    """An object within the row, by its own names."""
    found = row.find(name)
    return Row(row.city, found, {}) if isinstance(found, dict) else None


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

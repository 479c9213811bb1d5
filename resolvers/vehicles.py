"""Vehicles: where they are, on one line or all over the city."""

from collections.abc import Iterable
from datetime import timedelta

from resolvers.loaders import Loaders, answers, answers_many
from schema.routes import Route, RouteWith, VehiclesOn
from schema.vehicles import VehiclePosition, VehiclesIn

LOST_AFTER = timedelta(minutes=10)


@answers(VehiclesIn)
async def vehicles_in(ask: Loaders, key: VehiclesIn) -> list[VehiclePosition]:
    vehicles = await ask.collection(VehiclePosition, key.city)
    return _heard_of(ask, vehicles.items)


@answers_many(VehiclesOn, "city")
async def vehicles_on(ask: Loaders, keys: list[VehiclesOn]) -> list[list[VehiclePosition]]:
    vehicles = (await ask.collection(VehiclePosition, keys[0].city)).grouped(_line)
    routes = await ask.load_many([RouteWith(key.city, key.route_id) for key in keys])
    return [
        _heard_of(ask, [one for name in _names(key, route) for one in vehicles.get(name, ())])
        for key, route in zip(keys, routes, strict=True)
    ]


def _names(key: VehiclesOn, route: Route | None) -> Iterable[str]:
    """What sources call the line: by its GTFS id, or as real-time feeds do."""
    return dict.fromkeys((key.route_id, key.route_id if route is None else route.line))


def _heard_of(ask: Loaders, vehicles: Iterable[VehiclePosition]) -> list[VehiclePosition]:
    found = [
        one for one in vehicles if one.updated_at is None or ask.now - one.updated_at <= LOST_AFTER
    ]
    ask.changes_at(*(one.updated_at + LOST_AFTER for one in found if one.updated_at is not None))
    return found


def _line(vehicle: VehiclePosition) -> str | None:
    return vehicle.line

"""Parkings: car parks out of a city's tables, with what they tell of free spaces.

What a table says in codes (`grp_statut` 5, `etat` LIBRE) the city file puts into the
words of VehicleParkingState. `connected` says whether a car park counts its cars: one that
does not may still carry the number of some day in the past, and one that is closed a 0.
"""

from datetime import timedelta

from schema.nodes import node_id
from schema.parkings import (
    VehicleParking,
    VehicleParkingFare,
    VehicleParkingSpaces,
    VehicleParkingState,
)
from sources.names import fold
from sources.places import find_address, find_website
from sources.reading import reads
from sources.row import Row

FARES = {  # column: minutes
    "fare_15min": 15,
    "fare_30min": 30,
    "fare_1h": 60,
    "fare_2h": 120,
    "fare_3h": 180,
    "fare_4h": 240,
    "fare_10h": 600,
    "fare_24h": 1_440,
}
COLUMNS = (
    "id name position lat lon street insee state connected updated available total capacity "
    "disabled electric bicycles relay relay_spaces subscribers free_of_charge height night_fare "
    f"note website {' '.join(FARES)}"
)


class RelayParking(VehicleParking):
    """A car park of a second list, which some cities keep for park and ride."""


@reads(VehicleParking, COLUMNS)
def vehicle_parking(row: Row) -> VehicleParking:
    """One car park; ValueError without an id or a name."""
    local_id, name = row.text("id"), row.text("name")
    status = VehicleParkingState.__members__.get(
        row.find_text("state") or "", VehicleParkingState.UNKNOWN
    )
    connected = row.find_flag("connected") is not False
    if status is VehicleParkingState.OPEN and row.find_flag("subscribers"):
        status = VehicleParkingState.SUBSCRIBERS_ONLY
    updated, total = row.find_instant("updated"), row.find_count("total") or None
    spaces = row.find_count("capacity") or None  # of which only some may be counted, and to be had
    return VehicleParking(
        id=node_id("VehicleParking", row.city.slug, local_id),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        status=status,
        counted=connected,
        free_spaces=None if status is VehicleParkingState.CLOSED else _free(row, total),
        vehicle_parking_id=local_id,
        address=find_address(row),
        park_and_ride=_park_and_ride(row),
        capacity=VehicleParkingSpaces(
            car_spaces=(total or spaces) if connected else (spaces or total),
            wheelchair_accessible_car_spaces=row.find_count("disabled"),
            electric_car_spaces=row.find_count("electric"),
            bicycle_spaces=row.find_count("bicycles"),
        ),
        max_height_m=_rounded(row, "height") or None,
        free_of_charge=row.find_flag("free_of_charge"),
        fares=[
            VehicleParkingFare(duration=timedelta(minutes=minutes), price_eur=price)
            for column, minutes in FARES.items()
            if (price := _rounded(row, column)) is not None
        ],
        night_fare_eur=_rounded(row, "night_fare"),
        note=row.find_text("note"),
        website=find_website(row),
        updated_at=updated and updated.astimezone(row.city.zone),
    )


@reads(RelayParking, COLUMNS, part="relays")
def relay_parking(row: Row) -> RelayParking:
    """A car park like any, for park and ride."""
    found = vehicle_parking(row)
    return RelayParking(**{**vars(found), "park_and_ride": True})


def _free(row: Row, total: int | None) -> int | None:
    """No more than there are spaces, which counters that miss a car at the exit do say."""
    free = row.find_count("available")
    return free if free is None or total is None else min(free, total)


def _park_and_ride(row: Row) -> bool | None:
    kept = row.find_count("relay_spaces")
    return True if kept else row.find_flag("relay")


def _rounded(row: Row, name: str) -> float | None:
    """To the hundredth: tables hold 2.3000000000000003."""
    number = row.find_number(name)
    return None if number is None or number < 0 else round(number, 2)

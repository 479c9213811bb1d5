"""Vehicles: where they are, out of GTFS-Realtime."""

from schema.departures import OccupancyStatus
from schema.vehicles import VehiclePosition, VehicleStopStatus
from sources.reading import reads
from sources.row import Row

OCCUPANCIES, STATUSES = OccupancyStatus.__members__, VehicleStopStatus.__members__


@reads(
    VehiclePosition,
    "id vehicle.id vehicle.label trip.trip_id trip.route_id position position.bearing "
    "position.speed stop_id current_status occupancy_status timestamp header.timestamp",
)
def vehicle_position(row: Row) -> VehiclePosition:
    """One vehicle, under the names of GTFS-Realtime; ValueError without a place on the map."""
    position = row.find_position()
    if position is None:
        raise ValueError("no position")
    stop_id = row.find_text("stop_id")
    seen_at = row.find_instant("timestamp") or row.find_instant("header.timestamp")
    # In transit is what GTFS-Realtime means where nothing is said, if there is a stop.
    status = row.find_text("current_status") or "IN_TRANSIT_TO"
    return VehiclePosition(
        city=row.city.slug,
        line=row.find_text("trip.route_id"),
        place=stop_id,
        vehicle_id=row.find_text("vehicle.id") or row.text("id"),
        label=row.find_text("vehicle.label"),
        position=position,
        heading=row.find_number("position.bearing"),
        speed=row.find_number("position.speed"),
        updated_at=None if seen_at is None else seen_at.astimezone(row.city.zone),
        trip_id=row.find_text("trip.trip_id"),
        stop_status=STATUSES.get(status) if stop_id is not None else None,
        occupancy=OCCUPANCIES.get(row.find_text("occupancy_status") or ""),
    )

"""GTFS-RT: trip updates, vehicle positions and alerts of Bordeaux, in protobuf.

https://gtfs.org/documentation/realtime/reference/

A trip is told in one of two ways, by turns: every stop with its times, or a delay that holds until
the next one is told. An unmonitored trip says NO_DATA or nothing at all. A vehicle last heard of
hours ago has no position.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from math import atan2, cos, degrees, radians

from google.transit.gtfs_realtime_pb2 import (
    Alert,
    FeedEntity,
    FeedMessage,
    TripDescriptor,
    TripUpdate,
    VehicleDescriptor,
    VehiclePosition,
)

from sandbox import alerts
from sandbox.faults import Fault
from sandbox.lots import draw, pick
from sandbox.timetable import Trip, Visit
from sandbox.upstreams.gtfs import clock
from sandbox.world import World

FRESH_S = 300
OCCUPANCIES = ("MANY_SEATS_AVAILABLE", "FEW_SEATS_AVAILABLE", "STANDING_ROOM_ONLY", "FULL")
Entities = Callable[[World, datetime], Iterator[FeedEntity]]


def feed(entities: Entities, world: World, now: datetime, fault: Fault) -> bytes:
    """The whole message; under the fault of wrong columns nothing is left but the ids."""
    message = FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = int(now.timestamp())
    found = fault.rows(list(entities(world, now)))
    message.entity.extend(
        (FeedEntity(id=entity.id) for entity in found) if fault.renames else found
    )
    content: bytes = message.SerializeToString()
    return content


def trip_updates(world: World, now: datetime) -> Iterator[FeedEntity]:
    """The trips of which something is known."""
    for trip, left in world.runs(world.bordeaux, now):
        if update := trip_update(trip, left):
            yield FeedEntity(id=f"{trip.day:%Y%m%d}:{trip.id}", trip_update=update)


def trip_update(trip: Trip, left: list[Visit]) -> TripUpdate | None:
    """What is known of a trip and of the calls left to it."""
    update = TripUpdate(trip=descriptor(trip), timestamp=int(left[0].recorded.timestamp()))
    if trip.canceled:
        return update
    if left[-1].expected is None:
        if trip.rank % 2:
            return None
        update.stop_time_update.add(
            stop_sequence=left[0].order, stop_id=left[0].quay.id, schedule_relationship="NO_DATA"
        )
        return update
    update.vehicle.CopyFrom(vehicle(trip))
    if trip.added or trip.rank % 4 < 2:
        update.stop_time_update.extend(by_times(left))
    else:
        update.delay = seconds_late(next(call for call in left if not call.skipped))
        update.stop_time_update.extend(by_delays(left))
    return update


def by_times(left: Iterable[Visit]) -> Iterator[TripUpdate.StopTimeUpdate]:
    """Each call with its instants; a trip does not arrive where it starts, nor leave its end."""
    for call in left:
        told = TripUpdate.StopTimeUpdate(stop_sequence=call.order, stop_id=call.quay.id)
        if call.skipped:
            told.schedule_relationship = TripUpdate.StopTimeUpdate.SKIPPED
        else:
            if call.order > 1:
                told.arrival.time = int(call.due.timestamp())
            if call.quay is not call.destination:
                told.departure.time = int(call.due.timestamp())
        yield told


def by_delays(left: Iterable[Visit]) -> Iterator[TripUpdate.StopTimeUpdate]:
    """The first of each run of calls that are as late, by its order alone."""
    for (skipped, late), run in groupby(left, lambda call: (call.skipped, seconds_late(call))):
        told = TripUpdate.StopTimeUpdate(stop_sequence=next(run).order)
        if skipped:
            told.schedule_relationship = TripUpdate.StopTimeUpdate.SKIPPED
        else:
            told.departure.delay = late
        yield told


def seconds_late(call: Visit) -> int:
    """By its prediction; zero without one."""
    return round((call.due - call.aimed).total_seconds())


def vehicle_positions(world: World, now: datetime) -> Iterator[FeedEntity]:
    """The vehicles on the road."""
    for trip, left in world.runs(world.bordeaux, now):
        ahead = next((call for call in left if call.due >= now or call.at_stop), None)
        if ahead is None or ahead.expected is None:
            continue
        heard = (now - ahead.recorded).total_seconds() <= FRESH_S
        if heard and (ahead.order > 1 or ahead.at_stop):
            yield FeedEntity(id=vehicle(trip).id, vehicle=position(trip, ahead, now))


def position(trip: Trip, call: Visit, now: datetime) -> VehiclePosition:
    """Where the vehicle is on the straight line to its next call."""
    index = call.order - 1
    here, there = trip.served[max(index - 1, 0)], trip.served[index]
    between_s = trip.way.offsets[index] - trip.way.offsets[max(index - 1, 0)]
    ahead_s = 0 if call.at_stop else (call.due - now).total_seconds()
    share = min(ahead_s / between_s, 1) if between_s else 0
    lat = there.lat + share * (here.lat - there.lat)
    lon = there.lon + share * (here.lon - there.lon)
    east = (there.lon - here.lon) * cos(radians(there.lat))
    found = VehiclePosition(
        trip=descriptor(trip),
        vehicle=vehicle(trip),
        current_stop_sequence=call.order,
        stop_id=call.quay.id,
        current_status="STOPPED_AT" if call.at_stop else "IN_TRANSIT_TO",
        timestamp=int(call.recorded.timestamp()),
        occupancy_status=pick(OCCUPANCIES, "occupancy", trip.id, trip.day, index // 5),
    )
    found.position.latitude, found.position.longitude = lat, lon
    found.position.bearing = degrees(atan2(east, there.lat - here.lat)) % 360
    return found


def vehicle(trip: Trip) -> VehicleDescriptor:
    """Made-up numbers, one for each trip of a day."""
    number = 1000 + int(9000 * draw("vehicle", trip.id, trip.day))
    return VehicleDescriptor(id=f"ineo:{trip.way.line.number}-{number}", label=str(number))


def descriptor(trip: Trip) -> TripDescriptor:
    """The trip as the GTFS file names it."""
    line = trip.way.line
    found = TripDescriptor(
        trip_id=trip.id,
        route_id=line.id,
        direction_id=line.operator.directions.index(trip.way.direction),
        start_date=f"{trip.day:%Y%m%d}",
    )
    if trip.canceled:
        found.schedule_relationship = TripDescriptor.CANCELED
    elif trip.added:
        found.schedule_relationship = TripDescriptor.ADDED
        found.start_time = clock(trip.departs_s)
    return found


def alert_entities(world: World, now: datetime) -> Iterator[FeedEntity]:
    """What passengers are told, the past included."""
    for alert in alerts.alerts(world.bordeaux, now):
        told = Alert(cause=alert.cause, effect=alert.effect, severity_level=alert.severity)
        if alert.begins and alert.ends:
            told.active_period.add(
                start=int(alert.begins.timestamp()), end=int(alert.ends.timestamp())
            )
        for line in alert.lines:
            told.informed_entity.add(route_id=line.id)
        for quay in alert.quays:
            told.informed_entity.add(stop_id=quay.id)
        if not told.informed_entity:
            told.informed_entity.add(agency_id=world.bordeaux.operator.agency_id)
        # A translation without a language is in the network's own.
        told.header_text.translation.add(text=alert.header)
        told.description_text.translation.add(text=alert.description, language="fr")
        if alert.header_en:
            told.header_text.translation[0].language = "fr"
            told.header_text.translation.add(text=alert.header_en, language="en")
        yield FeedEntity(id=alert.id, alert=told)

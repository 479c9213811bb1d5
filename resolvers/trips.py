"""Trips: one vehicle's way, out of the timetable."""

from datetime import UTC, datetime

from resolvers.loaders import Loaders, answers
from resolvers.realtime import BOARDING
from schema.stops import Stop
from schema.trips import Trip, TripOn, TripStop
from sources.timetable import Timetable
from sources.timetable.service_days import day_start

NOT_HERE = 1  # GTFS: nobody boards, or gets off


@answers(TripOn)
async def trip_on(ask: Loaders, key: TripOn) -> Trip | None:
    stops = (await ask.collection(Stop, key.city)).by(_gtfs_id)
    [timetable] = (await ask.collection(Timetable, key.city)).items
    trip = timetable.find_trip(key.id, key.start_time_s)
    if trip is None:
        return None
    zone = ask.cities[key.city].zone
    start = day_start(key.day, timetable.timezone)

    def at(seconds: int) -> datetime:
        return datetime.fromtimestamp(start + seconds, UTC).astimezone(zone)

    return Trip(
        city=key.city,
        route_id=trip.route_id,
        gtfs_id=trip.trip_id,
        service_date=key.day,
        headsign=trip.headsign,
        short_name=trip.short_name,
        direction_id=trip.direction_id,
        wheelchair_accessible=BOARDING[trip.wheelchair_accessible],
        stops=[
            TripStop(
                stop=stops.get(one.stop_id),
                arrival_at=at(one.arrival_time),
                departure_at=at(one.departure_time),
                boarding=one.pickup_type != NOT_HERE,
                alighting=one.drop_off_type != NOT_HERE,
            )
            for one in trip.stop_times
        ],
    )


def _gtfs_id(stop: Stop) -> str:
    return stop.gtfs_id

"""Stops: the stations of a network and the quays that they are made of."""

from collections.abc import Sequence

from resolvers.loaders import Loaders, answers
from resolvers.places import listed
from schema.paging import Page
from schema.stops import LocationType, QuaysOf, Stop, StopsIn, StopWith
from sources.collection import Collection
from sources.timetable import Timetable


@answers(StopWith)
async def stop_with(ask: Loaders, key: StopWith) -> Stop | None:
    stops = await ask.collection(Stop, key.city)
    return stops.by(_gtfs_id).get(key.id)


@answers(StopsIn)
async def stops_in(ask: Loaders, key: StopsIn) -> Page[Stop]:
    stops = (await ask.collection(Stop, key.city)).derived(_quays if key.quays else _stations)
    if key.route is None:
        return listed(stops, key.name, key.near, key.window)
    served = await _served(ask, key.city, key.route)
    return listed(stops, key.name, key.near, key.window, lambda stop: stop.gtfs_id in served)


@answers(QuaysOf)
async def quays_of(ask: Loaders, key: QuaysOf) -> list[Stop]:
    stops = await ask.collection(Stop, key.city)
    return list(quays(stops, key.station_id))


async def _served(ask: Loaders, city: str, route_id: str) -> set[str]:
    """The quays that a line serves, and their stations."""
    stops = (await ask.collection(Stop, city)).by(_gtfs_id)
    [timetable] = (await ask.collection(Timetable, city)).items
    served = {one for way in timetable.patterns_of_route(route_id) for one in way.stop_ids}
    stations = {stops[one].parent_id for one in served if one in stops}
    return served | {one for one in stations if one is not None}


def quays(stops: Collection[Stop], station_id: str) -> Sequence[Stop]:
    """The quays of a station, in order of their platforms; none of a quay."""
    return stops.grouped(_parent_id).get(station_id, ())


def _gtfs_id(stop: Stop) -> str:
    return stop.gtfs_id


def _parent_id(stop: Stop) -> str | None:
    return stop.parent_id


def _stations(stops: Collection[Stop]) -> Collection[Stop]:
    return stops.only(Stop.on_map)


def _quays(stops: Collection[Stop]) -> Collection[Stop]:
    return stops.only(_boarding_point)


def _boarding_point(stop: Stop) -> bool:
    return stop.location_type is not LocationType.ENTRANCE

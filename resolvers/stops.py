"""Stops: the stations of a network and the quays that they are made of."""

from collections.abc import Sequence

from resolvers.loaders import Loaders, answers
from resolvers.places import listed
from schema.paging import Page
from schema.stops import LocationType, QuaysOf, Stop, StopsIn, StopWith
from sources.collection import Collection


@answers(StopWith)
async def stop_with(ask: Loaders, key: StopWith) -> Stop | None:
    stops = await ask.collection(Stop, key.city)
    return stops.by(_gtfs_id).get(key.id)


@answers(StopsIn)
async def stops_in(ask: Loaders, key: StopsIn) -> Page[Stop]:
    stops = await ask.collection(Stop, key.city)
    wanted = _boarding_point if key.quays else Stop.on_map
    return listed(stops, key.name, key.near, key.window, wanted)


@answers(QuaysOf)
async def quays_of(ask: Loaders, key: QuaysOf) -> list[Stop]:
    stops = await ask.collection(Stop, key.city)
    return list(quays(stops, key.station_id))


def quays(stops: Collection[Stop], station_id: str) -> Sequence[Stop]:
    """The quays of a station, in order of their platforms; none of a quay."""
    return stops.grouped(_parent_id).get(station_id, ())


def _gtfs_id(stop: Stop) -> str:
    return stop.gtfs_id


def _parent_id(stop: Stop) -> str | None:
    return stop.parent_id


def _boarding_point(stop: Stop) -> bool:
    return stop.location_type is not LocationType.ENTRANCE

"""Departures: what leaves next, out of one picture of the whole network."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import merge
from itertools import islice
from zoneinfo import ZoneInfo

from resolvers.loaders import Loaders, answers_many
from resolvers.stops import quays
from schema.departures import Departure, DeparturesAt
from schema.stops import Stop
from sources.collection import Collection


@answers_many(DeparturesAt, "city")
async def departures_at(ask: Loaders, keys: list[DeparturesAt]) -> list[list[Departure]]:
    city = keys[0].city
    zone = ask.cities[city].zone
    departures = await ask.collection(Departure, city)
    board = departures.derived(_board)
    stops = await ask.collection(Stop, city)
    return [[_local(one, zone) for one in _next(board, stops, key, ask.now)] for key in keys]


def _local(departure: Departure, zone: ZoneInfo) -> Departure:
    """The same, on the city's own clock."""
    planned = departure.scheduled_at
    return replace(
        departure,
        scheduled_at=None if planned is None else planned.astimezone(zone),
        expected_at=departure.expected_at.astimezone(zone),
    )


def _next(
    board: Mapping[str, Sequence[Departure]],
    stops: Collection[Stop],
    key: DeparturesAt,
    now: datetime,
) -> list[Departure]:
    here = [key.stop_id, *(quay.gtfs_id for quay in quays(stops, key.stop_id))]
    coming = merge(*(board.get(stop_id, ()) for stop_id in here), key=_when)
    return list(islice((d for d in coming if d.at_stop or d.expected_at >= now), key.first))


def _board(departures: Collection[Departure]) -> Mapping[str, Sequence[Departure]]:
    """By stop, each sorted: the network does not send them in any order."""
    groups = departures.grouped(_stop_id)
    return {stop_id: sorted(group, key=_when) for stop_id, group in groups.items()}


def _stop_id(departure: Departure) -> str:
    return departure.stop_id


def _when(departure: Departure) -> datetime:
    return departure.expected_at

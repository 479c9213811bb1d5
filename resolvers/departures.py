"""Departures: what leaves next, as planned and as it really is.

The timetable and real time are sources of their own, and each does without the
other: with both, real time is laid over the plan; with one, that one answers;
with none, the error is the real time's.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from resolvers.loaders import Loaders, answers_many
from resolvers.realtime import LATE, Line, Runs, planned, seen
from resolvers.stops import quays
from schema.departures import Departure, DeparturesAt, RealtimeState
from schema.routes import Route
from schema.stops import Stop
from sources.collection import Collection
from sources.timetable import Scheduled, Timetable
from sources.updates import TripUpdate, Updates

MANY = 2_000  # planned departures of one stop within the time that a vehicle may be late
SPARE = 20  # more than asked for, since some of them may not run
OFF = {RealtimeState.CANCELED, RealtimeState.SKIPPED}


@dataclass(frozen=True)
class Network:
    """All that is known of a city's departures, of one moment each."""

    city: str
    line: Line
    platform: Callable[[str], str | None]
    timetable: Timetable | None
    visits: Mapping[str, Sequence[Departure]] | None
    runs: Runs | None


@answers_many(DeparturesAt, "city")
async def departures_at(ask: Loaders, keys: list[DeparturesAt]) -> list[list[Departure]]:
    city = keys[0].city
    zone = ask.cities[city].zone
    stops = await ask.collection(Stop, city)
    asked_for = {
        key: [key.stop_id, *(q.gtfs_id for q in quays(stops, key.stop_id))] for key in keys
    }
    network = await _network(ask, city, stops, [*chain.from_iterable(asked_for.values())])

    def local(one: Departure) -> Departure:
        at = one.scheduled_at
        return replace(
            one,
            scheduled_at=None if at is None else at.astimezone(zone),
            expected_at=one.expected_at.astimezone(zone),
            platform_code=one.platform_code or network.platform(one.stop_id),
        )

    found = [_next(network, key, asked_for[key], key.start or ask.now) for key in keys]
    for departures in found:
        for one in departures[:1]:  # once it has left, the answer is another
            ask.changes_at(one.expected_at)
    return [[local(one) for one in departures] for departures in found]


async def _network(
    ask: Loaders, city: str, stops: Collection[Stop], stop_ids: Sequence[str]
) -> Network:
    timetables, updates, routes, visits = await asyncio.gather(
        ask.find_collection(Timetable, city),
        ask.find_collection(TripUpdate, city),
        ask.find_collection(Route, city),
        _visits(ask, city, stop_ids),
    )
    if timetables is None and updates is None and visits is None:
        kinds = (TripUpdate, Departure, Timetable)
        kind = next((one for one in kinds if ask.sources.offers(one, city)), Departure)
        await ask.collection(kind, city)  # says what is wrong with it
    lines = routes.derived(_lines) if routes is not None else {}
    signs = stops.by(_gtfs_id)
    return Network(
        city=city,
        line=lambda route_id: lines.get(route_id, route_id),
        platform=lambda stop_id: signs[stop_id].platform_code if stop_id in signs else None,
        timetable=timetables.items[0] if timetables is not None else None,
        visits=visits,
        runs=updates.derived(_runs) if updates is not None else None,
    )


async def _visits(
    ask: Loaders, city: str, stop_ids: Sequence[str]
) -> Mapping[str, Sequence[Departure]] | None:
    """What SIRI lists, by stop: of the whole network, or of one stop at a time."""
    if not ask.sources.is_keyed(Departure, city):
        board = await ask.find_collection(Departure, city)
        return None if board is None else board.grouped(_stop_id)
    boards = await asyncio.gather(*(ask.find_keyed(Departure, city, one) for one in stop_ids))
    if all(board is None for board in boards):
        return None
    return {
        stop_id: board.items
        for stop_id, board in zip(stop_ids, boards, strict=True)
        if board is not None
    }


def _next(
    network: Network, key: DeparturesAt, stop_ids: Sequence[str], start: datetime
) -> list[Departure]:
    until = start + timedelta(seconds=key.time_range_s)
    found = [
        one
        for one in _all(network, key, stop_ids, start)
        if (one.expected_at >= start or (one.at_stop and key.start is None))
        and one.expected_at < until
        and (key.routes is None or one.route_id in key.routes)
        and not (key.omit_canceled and one.realtime_state in OFF)
    ]
    return sorted(found, key=_when)[: key.first]


def _all(
    network: Network, key: DeparturesAt, stop_ids: Sequence[str], start: datetime
) -> Iterable[Departure]:
    """More than enough departures, in no order: those that may still come, and the next ones."""
    city, line, timetable = network.city, network.line, network.timetable
    rows = [] if timetable is None else _planned(timetable, key, stop_ids, start)
    plans = ((row, planned(row, city, line)) for row in rows)
    if network.visits is not None:
        visits = (one for stop_id in stop_ids for one in network.visits.get(stop_id, ()))
        yield from seen(visits, (plan for _, plan in plans))
    elif network.runs is None:
        yield from (plan for _, plan in plans)
    elif timetable is None:
        yield from network.runs.told(stop_ids, city, line)
    else:
        for row, plan in plans:
            one = network.runs.updated(row, timetable, plan)
            if one is not None:
                yield one
        yield from network.runs.added(stop_ids, city, line)


def _planned(
    timetable: Timetable, key: DeparturesAt, stop_ids: Sequence[str], start: datetime
) -> list[Scheduled]:
    routes = None if key.routes is None else set(key.routes)
    late = timetable.departures(
        stop_ids, start - LATE, first=MANY, time_range=LATE, route_ids=routes
    )
    range_ = timedelta(seconds=key.time_range_s)
    coming = timetable.departures(
        stop_ids, start, first=key.first + SPARE, time_range=range_, route_ids=routes
    )
    return late + coming


def _runs(updates: Collection[TripUpdate]) -> Runs:
    return Runs(Updates(updates))


def _lines(routes: Collection[Route]) -> Mapping[str, str]:
    return {route.gtfs_id: route.line for route in routes.items}


def _gtfs_id(stop: Stop) -> str:
    return stop.gtfs_id


def _stop_id(departure: Departure) -> str:
    return departure.stop_id


def _when(departure: Departure) -> datetime:
    return departure.expected_at

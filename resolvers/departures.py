"""Departures: what leaves next, as planned and as it really is.

The timetable and real time are sources of their own, and each does without the
other: with both, real time is laid over the plan; with one, that one answers;
with none, the error is the real time's. For real time that is slow nobody waits
longer than its grace, unless nothing stands in for it.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from resolvers.loaders import Loaders, answers_many
from resolvers.realtime import Coming, Line, Runs, planned, seen
from resolvers.routes import find_route
from resolvers.stops import quays
from schema.accessibility import WheelchairBoarding
from schema.departures import Departure, DeparturesAt, RealtimeState
from schema.routes import Route
from schema.stops import Stop
from sources.collection import Collection
from sources.timetable import Scheduled, Timetable
from sources.updates import TripUpdate, Updates

LATE = timedelta(hours=1)  # how late a vehicle may be and still be looked for
EARLY = timedelta(minutes=10)  # how early
MANY = 2_000  # planned departures that are looked at for one answer, at the most
NO_TIME, MINUTE = timedelta(), timedelta(minutes=1)
USUALLY_LATE = timedelta(minutes=5)  # planned departures are looked at for so long beyond
MORE = 4  # and so many times as many, each time that it was not enough
UNKNOWN = WheelchairBoarding.NO_INFORMATION
OFF = (RealtimeState.CANCELED, RealtimeState.SKIPPED)


@dataclass(frozen=True)
class Network:
    """All that is known of a city's departures, of one moment each."""

    city: str
    line: Line
    stop: Callable[[str], Stop | None]
    route: Callable[[str | None, str], Route | None]
    timetable: Timetable | None
    visits: Mapping[str, Sequence[Departure]] | None
    runs: Runs | None
    problems: Mapping[str, BaseException] = field(default_factory=dict)  # by stop, if asked so

    @property
    def live(self) -> bool:
        return self.visits is not None or self.runs is not None

    def problem(self, stop_ids: Iterable[str]) -> BaseException | None:
        """Why nothing at all is known of these stops, of which each was asked for by itself."""
        of_each = [self.problems.get(one) for one in stop_ids]
        return of_each[-1] if all(of_each) else None  # a station may be no stop to ask for

    def listed(self, stop_ids: Iterable[str]) -> Iterator[Departure]:
        """The visits of these stops."""
        return chain.from_iterable((self.visits or {}).get(one, ()) for one in stop_ids)


@answers_many(DeparturesAt, "city")
async def departures_at(
    ask: Loaders, keys: list[DeparturesAt]
) -> list[list[Departure] | BaseException]:
    city = keys[0].city
    zone = ask.cities[city].zone
    stops = await ask.collection(Stop, city)
    asked_for = {
        key: [key.stop_id, *(q.gtfs_id for q in quays(stops, key.stop_id))] for key in keys
    }
    network = await _network(ask, city, stops, [*chain.from_iterable(asked_for.values())])

    found = [_next(network, key, asked_for[key], key.start or ask.now) for key in keys]
    for key, departures in zip(keys, found, strict=True):
        if key.start is None:
            ask.changes_at(*(datetime.fromtimestamp(one.instant, UTC) for one in departures))
        if key.start is None and len(departures) < key.first:
            ask.changes_at(ask.now + MINUTE)  # others come into its time; to the minute
    return [
        network.problem(asked_for[key]) or [_told(network, one, zone) for one in departures]
        for key, departures in zip(keys, found, strict=True)
    ]


async def _network(
    ask: Loaders, city: str, stops: Collection[Stop], stop_ids: Sequence[str]
) -> Network:
    timetables, updates, routes, visits = await asyncio.gather(
        ask.find_collection(Timetable, city),
        ask.find_collection(TripUpdate, city),
        ask.find_collection(Route, city),
        _visits(ask, city, stop_ids),
    )
    problems: Mapping[str, BaseException] = {}
    if timetables is None and updates is None:  # real time is worth all the time that is left
        if ask.sources.is_keyed(Departure, city):
            visits, problems = await _boards(ask, city, stop_ids)
        elif visits is None and ask.sources.offers(TripUpdate, city):
            updates = await ask.collection(TripUpdate, city)
        elif visits is None and ask.sources.offers(Departure, city):
            visits = (await ask.collection(Departure, city)).grouped(_stop_id)
        elif visits is None:
            timetables = await ask.collection(Timetable, city)
    lines = routes.derived(_lines) if routes is not None else {}
    signs = stops.by(_gtfs_id)
    return Network(
        city=city,
        line=lambda route_id: lines.get(route_id, route_id),
        stop=signs.get,
        route=partial(find_route, routes) if routes is not None else lambda *_: None,
        timetable=timetables.items[0] if timetables is not None else None,
        visits=visits,
        runs=updates.derived(_runs) if updates is not None else None,
        problems=problems,
    )


async def _visits(
    ask: Loaders, city: str, stop_ids: Sequence[str]
) -> Mapping[str, Sequence[Departure]] | None:
    """What SIRI lists, by stop: of the whole network, or of one stop at a time."""
    if not ask.sources.is_keyed(Departure, city):
        board = await ask.find_collection(Departure, city)
        return None if board is None else board.grouped(_stop_id)
    boards = await asyncio.gather(*(ask.find_keyed(Departure, city, one) for one in stop_ids))
    found = zip(stop_ids, boards, strict=True)
    return {stop_id: board.items for stop_id, board in found if board is not None} or None


async def _boards(
    ask: Loaders, city: str, stop_ids: Sequence[str]
) -> tuple[Mapping[str, Sequence[Departure]], Mapping[str, BaseException]]:
    """What SIRI lists of one stop at a time, and why it does not of others."""
    calls = (ask.keyed(Departure, city, one) for one in stop_ids)
    boards = dict(zip(stop_ids, await asyncio.gather(*calls, return_exceptions=True), strict=True))
    return (
        {one: board.items for one, board in boards.items() if isinstance(board, Collection)},
        {one: board for one, board in boards.items() if isinstance(board, BaseException)},
    )


def _next(
    network: Network, key: DeparturesAt, stop_ids: Sequence[str], start: datetime
) -> list[Coming]:
    """The first ones by the time at which they are expected, which is not the planned order.

    What was not looked at is planned for later than all that was, and leaves `EARLY` before that
    at best: what was found to leave before is found for good. So as many as are asked for are
    looked at, and all that is planned for a while after them.
    """
    begin = start.timestamp()
    until = begin + key.time_range_s
    early = EARLY if network.live else NO_TIME
    overdue = _overdue(network, key, stop_ids, start)

    def chosen(coming: Iterable[Scheduled]) -> list[Coming]:
        found = [
            one
            for one in _all(network, stop_ids, [*overdue, *coming])
            if (one.instant >= begin or (one.at_stop and key.start is None))
            and one.instant < until
            and (key.routes is None or one.route_id in key.routes)
            and not (key.omit_canceled and one.state in OFF)
        ]
        return sorted(found, key=_when)[: key.first]

    time_range, count = timedelta(seconds=key.time_range_s) + early, key.first
    beyond = early + USUALLY_LATE if early else NO_TIME
    while True:
        coming = _planned(network, key, stop_ids, start, time_range, count, beyond=beyond)
        found = chosen(coming)
        if len(coming) < count or count >= MANY or not count:
            return found
        if len(found) < key.first:
            count = min(MORE * count, MANY)
            continue
        needed = timedelta(seconds=found[-1].instant - coming[count - 1].instant) + early
        if needed <= beyond:
            return found
        beyond = needed


def _all(network: Network, stop_ids: Sequence[str], rows: Iterable[Scheduled]) -> Iterable[Coming]:
    """What becomes of planned departures, and what leaves besides them; in no order."""
    city, line, timetable = network.city, network.line, network.timetable
    if network.visits is not None:
        yield from seen(network.listed(stop_ids), rows, city, line)
    elif network.runs is None:
        yield from (planned(row, city, line) for row in rows)
    elif timetable is None:
        yield from network.runs.told(stop_ids, city, line)
    else:
        for row in rows:
            one = network.runs.updated(row, timetable, city, line)
            if one is not None and (one.stop_id == row.stop_id or one.stop_id in stop_ids):
                yield one
        yield from network.runs.added(timetable, stop_ids, city, line)


def _planned(
    network: Network,
    key: DeparturesAt,
    stop_ids: Iterable[str],
    start: datetime,
    time_range: timedelta,
    first: int = MANY,
    **only: Any,
) -> list[Scheduled]:
    if network.timetable is None:
        return []
    routes = None if key.routes is None else set(key.routes)
    return network.timetable.departures(
        list(stop_ids), start, first=first, time_range=time_range, route_ids=routes, **only
    )


def _overdue(
    network: Network, key: DeparturesAt, stop_ids: Sequence[str], start: datetime
) -> list[Scheduled]:
    """What only real time can make a departure of: planned for before, or from another quay."""
    if not network.live:
        return []
    if network.visits is not None:
        listed = {one.scheduled_at for one in network.listed(stop_ids) if one.scheduled_at}
        back = min(LATE, start - min(listed, default=start))
        rows = _planned(network, key, stop_ids, start - back, back) if back > NO_TIME else []
        instants = {one.timestamp() for one in listed}
        return [row for row in rows if row.instant in instants]
    if network.runs is None or network.timetable is None:
        return []
    named = network.runs.trips(network.timetable)
    late = _planned(network, key, stop_ids, start - LATE, LATE, trips=named)
    sent = network.runs.sent_to(network.timetable, stop_ids)
    elsewhere = {stop_id for stop_id, _ in sent}.difference(stop_ids)
    time_range = LATE + timedelta(seconds=key.time_range_s) + EARLY
    rows = _planned(network, key, elsewhere, start - LATE, time_range) if elsewhere else []
    return late + [row for row in rows if (row.stop_id, row.trip_id) in sent]


def _told(network: Network, one: Coming, zone: ZoneInfo) -> Departure:
    """A departure as citizens are told it: by their own clocks, and what its quay adds to it."""
    made, stop = one.tell(), network.stop(one.stop_id)
    if made.scheduled_at is not None:
        made.scheduled_at = made.scheduled_at.astimezone(zone)
    made.expected_at = made.expected_at.astimezone(zone)
    if stop is not None:
        made.platform_code = made.platform_code or stop.platform_code
    made.wheelchair_accessible = _boarding(stop, made)
    made.known_route = network.route(made.route_id, made.line)
    return made


def _boarding(stop: Stop | None, one: Departure) -> WheelchairBoarding:
    """Whether one can board there in a wheelchair: only from such a quay, into such a vehicle."""
    said = one.wheelchair_accessible, stop.wheelchair_boarding if stop else UNKNOWN
    if WheelchairBoarding.NOT_POSSIBLE in said:
        return WheelchairBoarding.NOT_POSSIBLE
    return UNKNOWN if UNKNOWN in said else WheelchairBoarding.POSSIBLE


def _runs(updates: Collection[TripUpdate]) -> Runs:
    return Runs(Updates(updates))


def _lines(routes: Collection[Route]) -> Mapping[str, str]:
    return {route.gtfs_id: route.line for route in routes.items}


def _gtfs_id(stop: Stop) -> str:
    return stop.gtfs_id


def _stop_id(departure: Departure) -> str:
    return departure.stop_id


def _when(departure: Coming) -> float:
    return departure.instant

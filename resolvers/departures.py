"""Departures: what leaves next, as planned and as it really is.

The timetable and real time are sources of their own, and each does without the
other: with both, real time is laid over the plan; with one, that one answers;
with none, the error is the real time's. For real time that is slow nobody waits
longer than its grace, unless nothing stands in for it.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, islice
from zoneinfo import ZoneInfo

from resolvers.eager import begun, gathered, together
from resolvers.loaders import Loaders, answers_many
from resolvers.realtime import Coming, Lines, Plan
from resolvers.routes import find_route
from resolvers.runs import Alone, Runs
from resolvers.stops import quays
from resolvers.visits import Visits
from schema.accessibility import WheelchairBoarding
from schema.departures import Departure, DeparturesAt, RealtimeState
from schema.routes import Route
from schema.stops import Stop
from sources.collection import Collection
from sources.timetable import Scheduled, Timetable
from sources.updates import TripUpdate

MANY = 2_000  # planned departures that are looked at for one answer, at the most
MINUTE = timedelta(minutes=1)
UNKNOWN = WheelchairBoarding.NO_INFORMATION
OFF = (RealtimeState.CANCELED, RealtimeState.SKIPPED)
Listed = Callable[[str, Timetable | None, Lines], Visits]  # visits, to be laid over a timetable


@dataclass(frozen=True)
class Network:
    """All that is known of a city's departures, of one moment each."""

    stop: Callable[[str], Stop | None]
    route: Callable[[str | None, str], Route | None]
    timetable: Timetable | None
    plan: Plan
    problems: Mapping[str, BaseException] = field(default_factory=dict)  # by stop, if asked so

    def problem(self, stop_ids: Iterable[str]) -> BaseException | None:
        """Why nothing at all is known of these stops, of which each was asked for by itself."""
        of_each = [self.problems.get(one) for one in stop_ids]
        return of_each[-1] if all(of_each) else None  # a station may be no stop to ask for


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
    planned = begun(ask.find_collection(Timetable, city))
    updating = begun(ask.find_collection(TripUpdate, city))
    running = begun(ask.find_collection(Route, city))
    visits = await _visits(ask, city, stop_ids)
    timetables, updates, routes = await planned, await updating, await running
    problems: Mapping[str, BaseException] = {}
    if timetables is None and updates is None:  # real time is worth all the time that is left
        if ask.sources.is_keyed(Departure, city):
            visits, problems = await _boards(ask, city, stop_ids)
        elif visits is None and ask.sources.offers(TripUpdate, city):
            updates = await ask.collection(TripUpdate, city)
        elif visits is None and ask.sources.offers(Departure, city):
            visits = partial((await ask.collection(Departure, city)).derived, _listed)
        elif visits is None:
            timetables = await ask.collection(Timetable, city)
    timetable = timetables.items[0] if timetables is not None else None
    lines = routes.derived(_lines) if routes is not None else {}
    plan = Plan(city, lines)
    if visits is not None:
        plan = visits(city, timetable, lines)
    elif updates is not None and timetable is not None:
        plan = updates.derived(Runs, city, timetable, lines)
    elif updates is not None:
        plan = updates.derived(Alone, city, lines)
    return Network(
        stop=stops.by(_gtfs_id).get,
        route=partial(find_route, routes) if routes is not None else lambda *_: None,
        timetable=timetable,
        plan=plan,
        problems=problems,
    )


async def _visits(ask: Loaders, city: str, stop_ids: Sequence[str]) -> Listed | None:
    """What SIRI lists: of the whole network, or of one stop at a time."""
    if not ask.sources.is_keyed(Departure, city):
        board = await ask.find_collection(Departure, city)
        return None if board is None else partial(board.derived, _listed)
    boards = await gathered(ask.find_keyed(Departure, city, one) for one in stop_ids)
    found = zip(stop_ids, boards, strict=True)
    listed = {stop_id: board.items for stop_id, board in found if board is not None}
    return partial(Visits, listed) if listed else None


async def _boards(
    ask: Loaders, city: str, stop_ids: Sequence[str]
) -> tuple[Listed, Mapping[str, BaseException]]:
    """What SIRI lists of one stop at a time, and why it does not of others."""
    calls = (ask.keyed(Departure, city, one) for one in stop_ids)
    boards = dict(zip(stop_ids, await together(calls), strict=True))
    listed = {one: board.items for one, board in boards.items() if isinstance(board, Collection)}
    failed = {one: board for one, board in boards.items() if isinstance(board, BaseException)}
    return partial(Visits, listed), failed


def _next(
    network: Network, key: DeparturesAt, stop_ids: Sequence[str], start: datetime
) -> list[Coming]:
    """The first ones by the time at which they are expected, which is not the planned order.

    Planned departures are looked at in their order until enough leave before the next could:
    `EARLY` before its time at best.
    """
    if not key.first:
        return []
    begin = start.timestamp()
    until = begin + key.time_range_s

    def wanted(one: Coming) -> bool:
        return (
            (one.instant >= begin or (one.at_stop and key.start is None))
            and one.instant < until
            and (key.routes is None or one.route_id in key.routes)
            and not (key.omit_canceled and one.state in OFF)
        )

    plan, time_range = network.plan, timedelta(seconds=key.time_range_s)
    early = plan.early.total_seconds()
    found = [one for one in plan.late(stop_ids, start, time_range) if wanted(one)]
    besides = [one for one in plan.besides(stop_ids) if wanted(one)]
    instants = sorted(one.instant for one in chain(found, besides))
    for row in _planned(network.timetable, key, stop_ids, start, time_range + plan.early):
        if len(instants) >= key.first and instants[key.first - 1] + early <= row.instant:
            break
        one = plan.updated(row, stop_ids)
        if one is not None and wanted(one):
            found.append(one)
            insort(instants, one.instant)
    return sorted(found + besides, key=_when)[: key.first]


def _planned(
    timetable: Timetable | None,
    key: DeparturesAt,
    stop_ids: Sequence[str],
    start: datetime,
    time_range: timedelta,
) -> Iterator[Scheduled]:
    if timetable is None:
        return iter(())
    routes = None if key.routes is None else set(key.routes)
    rows = timetable.departures(stop_ids, start, time_range=time_range, route_ids=routes)
    return islice(rows, MANY)


def _told(network: Network, one: Coming, zone: ZoneInfo) -> Departure:
    """A departure as citizens are told it: by their own clocks, and what its quay adds to it."""
    made, stop = one.tell(), network.stop(one.stop_id)
    if made.scheduled_at is not None:
        made.scheduled_at = made.scheduled_at.astimezone(zone)
    made.expected_at = made.expected_at.astimezone(zone)
    if made.updated_at is not None:
        made.updated_at = made.updated_at.astimezone(zone)
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


def _listed(
    board: Collection[Departure], city: str, timetable: Timetable | None, lines: Lines
) -> Visits:
    return Visits(board.grouped(_stop_id), city, timetable, lines)


def _lines(routes: Collection[Route]) -> Mapping[str, str]:
    return {route.gtfs_id: route.line for route in routes.items}


def _gtfs_id(stop: Stop) -> str:
    return stop.gtfs_id


def _stop_id(departure: Departure) -> str:
    return departure.stop_id


def _when(departure: Coming) -> float:
    return departure.instant

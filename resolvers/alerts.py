"""Alerts: which hold now or will, on lines, at stops and everywhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from resolvers.loaders import Loaders, answers, answers_many
from resolvers.stops import quays
from schema.alerts import (
    Alert,
    AlertEntity,
    AlertsIn,
    AlertsOn,
    AlertStatus,
    AlertWith,
    RoutesCalled,
    StopsCalled,
)
from schema.causes import AlertSeverityLevel
from schema.paging import Page, Sort, page
from schema.routes import Route
from schema.stops import Stop
from sources.alerts import PlannedAlert
from sources.collection import Collection

T = TypeVar("T", Route, Stop)
Index = Mapping[str, Sequence[Alert]]
STATUSES, LEVELS = list(AlertStatus), list(AlertSeverityLevel)


@answers(AlertWith)
async def alert_with(ask: Loaders, key: AlertWith) -> Alert | None:
    lists = await _lists(ask, key.city)
    return next((found for one in lists if (found := one.by(_id).get(key.id))), None)


@answers(AlertsIn)
async def alerts_in(ask: Loaders, key: AlertsIn) -> Page[Alert]:
    if key.routes is None and key.stops is None:
        alerts = _chosen(
            ask, chain(*(one.items for one in await _lists(ask, key.city))), key.status
        )
    else:
        on = AlertsOn(key.city, key.routes or (), key.stops or (), key.status)
        alerts = await ask.load(on)
    return page(alerts, _order(ask), key.window)


@answers_many(AlertsOn, "city")
async def alerts_on(ask: Loaders, keys: list[AlertsOn]) -> list[list[Alert]]:
    city = keys[0].city
    lists = await _lists(ask, city)
    found: list[list[Alert]] = [[] for _ in keys]
    if any(key.routes for key in keys):
        routes = await ask.collection(Route, city)
        for alerts, key in zip(found, keys, strict=True):
            names = {name for one in key.routes for name in _names_of_route(routes, one)}
            alerts += _touching(lists, _by_line, names)
    if any(key.stops for key in keys):
        stops = await ask.collection(Stop, city)
        for alerts, key in zip(found, keys, strict=True):
            names = {name for one in key.stops for name in _names_of_stop(stops, one)}
            alerts += _touching(lists, _by_place, names)
    return [_chosen(ask, alerts, key.status) for alerts, key in zip(found, keys, strict=True)]


@answers_many(RoutesCalled, "city")
async def routes_called(ask: Loaders, keys: list[RoutesCalled]) -> list[list[Route]]:
    routes = await ask.collection(Route, keys[0].city)
    return [_called(key.names, routes.by(_gtfs_id), routes.by(_line)) for key in keys]


@answers_many(StopsCalled, "city")
async def stops_called(ask: Loaders, keys: list[StopsCalled]) -> list[list[Stop]]:
    stops = await ask.collection(Stop, keys[0].city)
    return [_called(key.names, stops.by(_gtfs_id), stops.by(_code)) for key in keys]


async def _lists(ask: Loaders, city: str) -> list[Collection[Alert]]:
    """The city's list of alerts, and its second of those that are planned, if it has one."""
    lists = [await ask.collection(Alert, city)]
    if (PlannedAlert, city) in ask.sources.kinds():
        lists.append(await ask.collection(PlannedAlert, city))
    return lists


def _chosen(ask: Loaders, alerts: Iterable[Alert], status: Sequence[AlertStatus]) -> list[Alert]:
    """Each once, those of these statuses, in order; the answer holds until one of them changes."""
    once = {alert.id: alert for alert in reversed(list(alerts))}
    for alert in once.values():
        ask.changes_at(*alert.turns())
    found = [alert for alert in once.values() if alert.status_at(ask.now) in status]
    return sorted(found, key=_order(ask))


def _order(ask: Loaders) -> Callable[[Alert], Sort]:
    """Those that hold first, then by how bad they are, then the latest first."""

    def order(alert: Alert) -> Sort:
        start = alert.effective_start()
        return (
            STATUSES.index(alert.status_at(ask.now)),
            LEVELS.index(alert.severity_level),
            0.0 if start is None else -start.timestamp(),
            alert.id,
        )

    return order


def _touching(
    lists: Sequence[Collection[Alert]],
    index: Callable[[Collection[Alert]], Index],
    names: Iterable[str],
) -> Iterable[Alert]:
    return [alert for one in lists for name in names for alert in one.derived(index).get(name, ())]


def _by_line(alerts: Collection[Alert]) -> Index:
    return _index(alerts, lambda entity: entity.line)


def _by_place(alerts: Collection[Alert]) -> Index:
    return _index(alerts, lambda entity: entity.place)


def _index(alerts: Collection[Alert], name: Callable[[AlertEntity], str | None]) -> Index:
    found: dict[str, list[Alert]] = {}
    for alert in alerts.items:
        for named in {name(entity) for entity in alert.entities}:
            if named is not None:
                found.setdefault(named, []).append(alert)
    return found


def _names_of_route(routes: Collection[Route], gtfs_id: str) -> set[str]:
    route = routes.by(_gtfs_id).get(gtfs_id)
    return {gtfs_id} if route is None else {gtfs_id, route.line}


def _names_of_stop(stops: Collection[Stop], gtfs_id: str) -> set[str]:
    """A stop's names with its station's, or with its quays': what touches one touches the other."""
    stop = stops.by(_gtfs_id).get(gtfs_id)
    station = None if stop is None else stops.by(_gtfs_id).get(stop.parent_id)
    related = [one for one in (stop, station, *quays(stops, gtfs_id)) if one is not None]
    codes = {one.code for one in related if one.code is not None}
    return {gtfs_id, *codes, *(one.gtfs_id for one in related)}


def _called(
    names: Sequence[str | None], by_id: Mapping[str, T], by_name: Mapping[str, T]
) -> list[T]:
    """What is called so, each once, in the order of the names."""
    known = [by_id.get(name) or by_name.get(name) for name in names if name is not None]
    return list({one.id: one for one in known if one is not None}.values())


def _id(alert: Alert) -> str:
    return alert.local_id


def _gtfs_id(one: Route | Stop) -> str:
    return one.gtfs_id


def _line(route: Route) -> str:
    return route.line


def _code(stop: Stop) -> str | None:
    return stop.code

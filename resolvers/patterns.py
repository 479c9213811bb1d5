"""Patterns: the ways in which a line is run, out of the timetable."""

from collections.abc import Sequence

from resolvers.loaders import Loaders, answers, answers_many
from schema.patterns import GeoJson, Pattern, PatternsOf, Polyline
from schema.routes import Route, RoutesAt
from schema.stops import Stop
from sources.collection import Collection
from sources.polyline import polyline
from sources.timetable import Timetable


@answers(PatternsOf)
async def patterns_of(ask: Loaders, key: PatternsOf) -> list[Pattern]:
    stops = await ask.collection(Stop, key.city)
    [timetable] = (await ask.collection(Timetable, key.city)).items
    quays = stops.by(_gtfs_id)
    found = []
    for one in timetable.patterns_of_route(key.route_id):
        way = timetable.shape(one.number)
        places = [quays[stop_id] for stop_id in one.stop_ids if stop_id in quays]
        found.append(
            Pattern(
                code=f"{key.route_id}:{one.number}",
                direction_id=one.direction_id,
                headsign=places[-1].name if places else None,
                trips=one.trips,
                stops=places,
                points=Polyline(polyline(way)) if way else None,
                geo_json=_line_string(way),
            )
        )
    return found


@answers_many(RoutesAt, "city")
async def routes_at(ask: Loaders, keys: list[RoutesAt]) -> list[list[Route]]:
    city = keys[0].city
    routes: Collection[Route] = await ask.collection(Route, city)
    [timetable] = (await ask.collection(Timetable, city)).items
    by_id = routes.by(_route_id)
    return [
        sorted(
            (by_id[one] for one in timetable.routes_of_stop(key.stop_id) if one in by_id),
            key=_sort,
        )
        for key in keys
    ]


def _line_string(way: Sequence[tuple[float, float]]) -> GeoJson | None:
    if not way:
        return None
    return GeoJson({"type": "LineString", "coordinates": [[lon, lat] for lat, lon in way]})


def _gtfs_id(stop: Stop) -> str:
    return stop.gtfs_id


def _route_id(route: Route) -> str:
    return route.gtfs_id


def _sort(route: Route) -> tuple[str, ...]:
    return route.sort

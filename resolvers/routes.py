"""Routes: the lines of a network, by what riders and by what real-time feeds call them."""

from collections.abc import Sequence

from resolvers.loaders import Loaders, answers, answers_many
from schema.paging import Page, Sort, page
from schema.routes import Route, RouteOfLine, RoutesIn, RouteWith
from sources.collection import Collection
from sources.names import fold


@answers(RouteWith)
async def route_with(ask: Loaders, key: RouteWith) -> Route | None:
    routes = await ask.collection(Route, key.city)
    return routes.by(_gtfs_id).get(key.id)


@answers_many(RouteOfLine, "city")
async def route_of_line(ask: Loaders, keys: list[RouteOfLine]) -> list[Route | None]:
    routes = (await ask.collection(Route, keys[0].city)).by(_line)
    return [routes.get(key.line) for key in keys]


def find_route(routes: Collection[Route], route_id: str | None, line: str) -> Route | None:
    """The route with this id, or without one that which real-time feeds call `line`."""
    if route_id is None:
        return routes.by(_line).get(line)
    return routes.by(_gtfs_id).get(route_id)


@answers(RoutesIn)
async def routes_in(ask: Loaders, key: RoutesIn) -> Page[Route]:
    routes = (await ask.collection(Route, key.city)).derived(_in_order)
    words = fold(key.name).split() if key.name is not None else []
    found = [
        route
        for route, named in routes
        if (key.mode is None or route.mode is key.mode) and all(word in named for word in words)
    ]
    return page(found, _sort, key.window)


def _in_order(routes: Collection[Route]) -> Sequence[tuple[Route, str]]:
    return [
        (route, fold(f"{route.short_name or ''} {route.long_name or ''}"))
        for route in sorted(routes.items, key=_sort)
    ]


def _gtfs_id(route: Route) -> str:
    return route.gtfs_id


def _line(route: Route) -> str:
    return route.line


def _sort(route: Route) -> Sort:
    return route.sort

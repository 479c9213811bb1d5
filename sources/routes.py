"""Routes: the lines of a network, out of GTFS routes.txt."""

import re

from schema.nodes import node_id
from schema.routes import Mode, Route
from sources.colours import colour, legible
from sources.names import fold
from sources.reading import reads
from sources.row import Row

BASIC = {
    0: Mode.TRAM,
    1: Mode.SUBWAY,
    2: Mode.RAIL,
    3: Mode.BUS,
    4: Mode.FERRY,
    5: Mode.CABLE_CAR,
    6: Mode.GONDOLA,
    7: Mode.FUNICULAR,
    11: Mode.TROLLEYBUS,
    12: Mode.MONORAIL,
}
# Hierarchical Vehicle Types, by their hundreds: 713 is a bus. Planes and taxis are none of ours.
# https://developers.google.com/transit/gtfs/reference/extended-route-types
EXTENDED = {
    1: Mode.RAIL,
    2: Mode.COACH,
    3: Mode.RAIL,
    4: Mode.RAIL,
    5: Mode.SUBWAY,
    6: Mode.SUBWAY,
    7: Mode.BUS,
    8: Mode.TROLLEYBUS,
    9: Mode.TRAM,
    10: Mode.FERRY,
    12: Mode.FERRY,
    13: Mode.GONDOLA,
    14: Mode.FUNICULAR,
}
EXCEPTIONS = {401: Mode.SUBWAY, 402: Mode.SUBWAY, 405: Mode.MONORAIL, 1701: Mode.CABLE_CAR}
ORDER = {mode: place for place, mode in enumerate(Mode)}  # trams first, as riders know them


@reads(Route, "id short_name long_name type color text_color line")
def route(row: Row) -> Route:
    """One line of routes.txt; ValueError without an id. An unknown type is a null mode."""
    gtfs_id = row.text("id")
    short_name, long_name = row.find_text("short_name"), row.find_text("long_name")
    mode = mode_of(row.find_text("type") or "")
    background = colour(row.find_text("color"))
    return Route(
        id=node_id("Route", row.city.slug, gtfs_id),
        city=row.city.slug,
        gtfs_id=gtfs_id,
        short_name=short_name,
        long_name=long_name,
        mode=mode,
        color=background,
        text_color=background and legible(colour(row.find_text("text_color")), background),
        line=row.find_text("line") or gtfs_id,
        sort=(
            f"{len(ORDER) if mode is None else ORDER[mode]:02}",
            natural(short_name or long_name or ""),
            gtfs_id,
        ),
    )


def mode_of(route_type: str) -> Mode | None:
    """The mode of a route_type, basic or extended; None if it is neither."""
    if not (route_type.isascii() and route_type.isdigit()):
        return None
    code = int(route_type[:9])
    return BASIC.get(code) or EXCEPTIONS.get(code) or EXTENDED.get(code // 100)


def natural(name: str) -> str:
    """A key under which names sort as riders count: 2 < 10 < C1 < C10."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(10), fold(name))

"""Atlas: everything on the map, whatever its kind: lists, what is nearest, what is in a box."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from schema.arguments import (
    MAX_WITHIN_M,
    AfterArgument,
    BadUserInput,
    BeforeArgument,
    CityArgument,
    CommuneArgument,
    FirstArgument,
    KindsArgument,
    LastArgument,
    NameArgument,
    Near,
    bounded,
)
from schema.cost import NEXT, PAGED, about
from schema.key import Info, Key
from schema.paging import DEFAULT_PAGE, Page, Slice, Window, window
from schema.patterns import GeoJson
from schema.places import Place, PlaceAtDistance, Position, on_earth
from schema.provenance import Source

MAX_ZOOM = 22
MAX_ON_MAP = 500
MISSING = "Sources that should be in it and cannot be read now: the list is whole but for theirs."


@strawberry.type(name="PlaceConnection", description="One page of places of several kinds.")
class Places(Page[Place]):
    missing: list[Source] = strawberry.field(description=MISSING, directives=[about(1)])


@strawberry.type(name="PlaceAtDistanceConnection", description="One page of what is around.")
class PlacesAtDistance(Slice[PlaceAtDistance]):
    missing: list[Source] = strawberry.field(description=MISSING, directives=[about(1)])


@strawberry.input(description="A part of the map between two parallels and two meridians (WGS 84).")
class BoundingBoxInput:
    min_lat: float = strawberry.field(description="Latitude of its south edge, in degrees.")
    min_lon: float = strawberry.field(description="Longitude of its west edge, in degrees.")
    max_lat: float = strawberry.field(description="Latitude of its north edge, in degrees.")
    max_lon: float = strawberry.field(description="Longitude of its east edge, in degrees.")

    def __post_init__(self) -> None:
        on_earth(self.min_lat, self.min_lon, "bbox")
        on_earth(self.max_lat, self.max_lon, "bbox")
        if self.min_lat > self.max_lat or self.min_lon > self.max_lon:
            raise BadUserInput("The south and west edges come first.", "bbox")


@strawberry.type(description="How many places of one kind.")
class KindCount:
    kind: str = strawberry.field(description="The kind, in one word.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="Places that lie so close together that a map shows them as one.")
class Cluster:
    position: Position = strawberry.field(description="Their middle.")
    count: int = strawberry.field(description="How many.")
    kinds: list[KindCount] = strawberry.field(
        description="Of which kinds, the most frequent first.", directives=[about(5)]
    )


@strawberry.type(description="What a map shows of a box.")
class PlacesMap:
    total_count: int = strawberry.field(description="How many places are in the box.")
    places: list[Place] = strawberry.field(
        description="Those that stand alone; with one that is alone in its cluster.",
        directives=[about(100)],
    )
    clusters: list[Cluster] = strawberry.field(
        description="The others, the largest cluster first.", directives=[about(50)]
    )
    geo_json: GeoJson = strawberry.field(
        description="The same as a GeoJSON FeatureCollection: points with `id`, `kind` and "
        "`name`, and clusters with `count`."
    )
    missing: list[Source] = strawberry.field(description=MISSING, directives=[about(1)])


@dataclass(frozen=True)
class Wanted:
    """Which places: of these kinds (None: all), and with these properties known."""

    kinds: tuple[str, ...] | None
    open_now: bool = False
    accessible: bool = False
    available: bool = False


class PlacesOf(Key[Places]):
    city: str
    wanted: Wanted
    name: str | None
    commune: str | None
    near: Near | None
    window: Window


class NearestTo(Key[PlacesAtDistance]):
    city: str
    lat: float
    lon: float
    within_m: int
    wanted: Wanted
    first: int
    after: str | None


class MapOf(Key[PlacesMap]):
    city: str
    box: tuple[float, float, float, float]  # south, west, north, east
    kinds: tuple[str, ...] | None
    zoom: int


OpenNowArgument = Annotated[
    bool, strawberry.argument(description="Only those that are known to be open now.")
]
AccessibleArgument = Annotated[
    bool, strawberry.argument(description="Only those known to be accessible in a wheelchair.")
]
AvailableArgument = Annotated[
    bool, strawberry.argument(description="Only those known to have a bike or a space left.")
]


@strawberry.type
class Query:
    @strawberry.field(
        description="A city's places of some kinds, whatever they are: by name, best match first; "
        "near a point, nearest first; else in alphabetical order.",
        directives=[PAGED],
    )
    async def places(
        self,
        info: Info,
        kinds: Annotated[
            list[str],
            strawberry.argument(description="Kinds, in one word each: `library`, `stop`."),
        ],
        city: CityArgument = None,
        name: NameArgument = None,
        commune: CommuneArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        open_now: OpenNowArgument = False,
        accessible: AccessibleArgument = False,
        available: AvailableArgument = False,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Places | None:
        asked = window(first, after, last, before)
        wanted = Wanted(kinds_wanted(kinds), open_now, accessible, available)
        key = PlacesOf(info.context.city(city), wanted, name, commune, near, asked)
        return await info.context.load(key)

    @strawberry.field(
        description="What is around a point, of all kinds at once, nearest first.",
        directives=[NEXT],
    )
    async def nearest(
        self,
        info: Info,
        lat: Annotated[float, strawberry.argument(description="Latitude (WGS 84), in degrees.")],
        lon: Annotated[float, strawberry.argument(description="Longitude (WGS 84), in degrees.")],
        within: Annotated[
            int, strawberry.argument(description="At most so many metres away; 1 to 5000.")
        ] = 1_000,
        kinds: KindsArgument = None,
        open_now: OpenNowArgument = False,
        accessible: AccessibleArgument = False,
        available: AvailableArgument = False,
        city: CityArgument = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
    ) -> PlacesAtDistance | None:
        on_earth(lat, lon)
        bounded(within, 1, MAX_WITHIN_M, "within")
        wanted = Wanted(kinds_wanted(kinds), open_now, accessible, available)
        asked = window(first, after)
        many = DEFAULT_PAGE if asked.first is None else asked.first
        key = NearestTo(info.context.city(city), lat, lon, within, wanted, many, after)
        return await info.context.load(key)

    @strawberry.field(
        description="What a map shows of a box: places, and clusters of those that would cover "
        "each other at its zoom.",
    )
    async def place_map(
        self,
        info: Info,
        bbox: Annotated[BoundingBoxInput, strawberry.argument(description="The box.")],
        zoom: Annotated[
            int, strawberry.argument(description="As of web maps: 0 is the world, 22 a doorstep.")
        ],
        kinds: KindsArgument = None,
        city: CityArgument = None,
    ) -> PlacesMap | None:
        bounded(zoom, 0, MAX_ZOOM, "zoom")
        box = (bbox.min_lat, bbox.min_lon, bbox.max_lat, bbox.max_lon)
        key = MapOf(info.context.city(city), box, kinds_wanted(kinds), zoom)
        return await info.context.load(key)


def kinds_wanted(given: list[str] | None) -> tuple[str, ...] | None:
    """Kinds as keys have them: in one order, each of them once."""
    return None if given is None else tuple(sorted(set(given)))

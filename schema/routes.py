"""Routes: the lines that buses, trams and boats follow, as riders know them."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.alerts import NOW, Alert, AlertsOn, StatusArgument
from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    LastArgument,
    NameArgument,
    one_of,
)
from schema.cost import LIVE, PAGED, about
from schema.key import Info, Key
from schema.nodes import Node, lookup, lookups
from schema.paging import Page, Window, window
from schema.patterns import Pattern, PatternsOf

if TYPE_CHECKING:
    from schema.vehicles import VehiclePosition


@strawberry.enum(description="What one rides (OpenTripPlanner's words).")
class Mode(Enum):
    TRAM = strawberry.enum_value("TRAM", description="Tram or light rail.")
    SUBWAY = strawberry.enum_value("SUBWAY", description="Underground.")
    RAIL = strawberry.enum_value("RAIL", description="Train.")
    BUS = strawberry.enum_value("BUS", description="Bus, high-service lines included.")
    COACH = strawberry.enum_value("COACH", description="Long-distance coach.")
    FERRY = strawberry.enum_value("FERRY", description="Boat.")
    CABLE_CAR = strawberry.enum_value("CABLE_CAR", description="Street-level cable car.")
    GONDOLA = strawberry.enum_value("GONDOLA", description="Aerial lift.")
    FUNICULAR = strawberry.enum_value("FUNICULAR", description="Funicular.")
    TROLLEYBUS = strawberry.enum_value("TROLLEYBUS", description="Electric bus under a wire.")
    MONORAIL = strawberry.enum_value("MONORAIL", description="Monorail.")


@strawberry.federation.type(keys=["id", "gtfsId"], description="A public transport line.")
class Route(Node):
    city: strawberry.Private[str]
    gtfs_id: str = strawberry.field(description="Its id in the network's own GTFS feed.")
    short_name: str | None = strawberry.field(description="What is on the vehicle's front: `C3`.")
    long_name: str | None = strawberry.field(description="Its two ends: `Armor - Bd de Doulon`.")
    mode: Mode | None = strawberry.field(description="What one rides; null where unknown.")
    color: str | None = strawberry.field(
        description="Background, six hexadecimal digits: `007A45`."
    )
    text_color: str | None = strawberry.field(
        description="Text on it, six hexadecimal digits: as published, or black or white where "
        "that could not be read (contrast under 3:1); null where `color` is."
    )
    line: strawberry.Private[str]  # what real-time feeds call it; see docs/adding-a-city.md
    sort: strawberry.Private[tuple[str, ...]]

    @strawberry.field(
        description="What disturbs this line or a part of it, the worst first.",
        directives=[about(2)],
    )
    async def alerts(self, info: Info, status: StatusArgument = NOW) -> list[Alert] | None:  # type: ignore[assignment]
        return await info.context.load(AlertsOn(self.city, (self.gtfs_id,), (), tuple(status)))

    @strawberry.field(
        description="Where its vehicles are; those unheard of for ten minutes are left out.",
        directives=[LIVE, about(20)],
    )
    async def vehicles(
        self, info: Info
    ) -> list[Annotated["VehiclePosition", strawberry.lazy("schema.vehicles")]] | None:
        return await info.context.load(VehiclesOn(self.city, self.gtfs_id))

    @strawberry.field(
        description="The ways in which it is run, the most common first; "
        "null where the city has no timetable.",
        directives=[about(4)],
    )
    async def patterns(self, info: Info) -> list[Pattern] | None:
        return await info.context.load(PatternsOf(self.city, self.gtfs_id))


class RouteWith(Key[Route | None]):
    city: str
    id: str


class RoutesIn(Key[Page[Route]]):
    city: str
    name: str | None
    mode: Mode | None
    window: Window


class RouteOfLine(Key[Route | None]):
    """The route that real-time feeds call `line`."""

    city: str
    line: str


class RoutesAt(Key[list[Route]]):
    """The routes that serve a stop, or any quay of a station."""

    city: str
    stop_id: str


class VehiclesOn(Key["list[VehiclePosition]"]):
    """The vehicles that run on a line."""

    city: str
    route_id: str


lookups["Route"] = RouteWith


def route_id(id: str, argument: str) -> str:
    """The GTFS id in a line's public id; BadUserInput if it is the id of something else."""
    key: RouteWith = lookup(id, argument, "Route")  # type: ignore[assignment]
    return key.id


@strawberry.type
class Query:
    @strawberry.field(description="A line by its id or its GTFS id; null if there is none.")
    async def route(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        gtfs_id: Annotated[str | None, strawberry.argument(description="Its id in GTFS.")] = None,
        city: CityArgument = None,
    ) -> Route | None:
        one_of([("id", id), ("gtfsId", gtfs_id)])
        if id is not None:
            key: Key[Route | None] = lookup(id, "id", "Route")
        else:
            key = RouteWith(info.context.city(city), str(gtfs_id))
        return await info.context.load(key)

    @strawberry.field(description="A city's lines, by mode and then by number.", directives=[PAGED])
    async def routes(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        mode: Annotated[Mode | None, strawberry.argument(description="Only these.")] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[Route] | None:
        asked = window(first, after, last, before)
        return await info.context.load(RoutesIn(info.context.city(city), name, mode, asked))

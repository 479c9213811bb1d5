"""Stops: where the city's buses, trams and boats pick people up.

A *station* is what people call a stop; its *quays* are where one stands.
"""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.accessibility import WheelchairBoarding
from schema.alerts import NOW, Alert, AlertsOn, StatusArgument
from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    HowManyArgument,
    LastArgument,
    NameArgument,
    Near,
    WithinArgument,
    bounded,
    one_of,
)
from schema.cost import LIVE, PAGED, about, as_many_as
from schema.departures import Departure, DeparturesAt
from schema.key import Info, Key
from schema.nodes import lookup, lookups
from schema.paging import MAX_PAGE, Page, Window, window
from schema.places import Place
from schema.routes import Route, RoutesAt, route_id

if TYPE_CHECKING:
    from schema.bikes import VehicleRentalStation
    from schema.parkings import VehicleParking
    from schema.pools import Pool

MAX_RANGE_S = 2 * 86_400


@strawberry.enum(description="What kind of a stop it is (GTFS).")
class LocationType(Enum):
    STOP = strawberry.enum_value("STOP", description="A quay: where passengers board.")
    STATION = strawberry.enum_value("STATION", description="A group of quays under one name.")
    ENTRANCE = strawberry.enum_value("ENTRANCE", description="A way into a station.")


@strawberry.federation.type(
    keys=["id", "gtfsId"], description="A public transport stop: a station or a quay."
)
class Stop(Place):
    parent_id: strawberry.Private[str | None]
    gtfs_id: str = strawberry.field(description="Its id in the network's own GTFS feed.")
    code: str | None = strawberry.field(description="The short code that is shown to riders.")
    desc: str | None = strawberry.field(description="Where exactly, in the network's words.")
    zone_id: str | None = strawberry.field(description="Fare zone.")
    platform_code: str | None = strawberry.field(description="The platform's sign, such as `A`.")
    location_type: LocationType = strawberry.field(description="Station, quay or entrance.")
    wheelchair_boarding: WheelchairBoarding = strawberry.field(
        description="A station that says nothing itself says what all its quays agree on."
    )

    @strawberry.field(description="The station this quay belongs to; null for a station.")
    async def parent_station(self, info: Info) -> "Stop | None":
        if self.parent_id is None:
            return None
        return await info.context.load(StopWith(self.city, self.parent_id))

    @strawberry.field(
        description="The quays of this station; none for a quay.", directives=[about(5)]
    )
    async def quays(self, info: Info) -> "list[Stop] | None":
        return await info.context.load(QuaysOf(self.city, self.gtfs_id))

    @strawberry.field(
        description="The lines that serve this quay, or any quay of this station.",
        directives=[about(5)],
    )
    async def routes(self, info: Info) -> list[Route] | None:
        return await info.context.load(RoutesAt(self.city, self.gtfs_id))

    @strawberry.field(
        description="What leaves next from this quay, or from all quays of this station.",
        directives=[LIVE, as_many_as("first")],
    )
    async def departures(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="At most so many; 0 to 100.")] = 5,
        start_time: Annotated[
            datetime | None, strawberry.argument(description="From when on; now if left out.")
        ] = None,
        time_range: Annotated[
            int, strawberry.argument(description="For how many seconds; 1 to 172800.")
        ] = 86_400,
        routes: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Only of these lines, by their ids."),
        ] = None,
        omit_canceled: Annotated[
            bool, strawberry.argument(description="Leave out what does not run or stop here.")
        ] = True,
    ) -> list[Departure] | None:
        bounded(first, 0, MAX_PAGE, "first")
        bounded(time_range, 1, MAX_RANGE_S, "timeRange")
        wanted = None if routes is None else tuple(route_id(one, "routes") for one in routes)
        key = DeparturesAt(
            self.city, self.gtfs_id, first, start_time, time_range, wanted, omit_canceled
        )
        return await info.context.load(key)

    @strawberry.field(
        description="Swimming pools within walking distance, nearest first.",
        directives=[as_many_as("first")],
    )
    async def pools(
        self, info: Info, within: WithinArgument = 400, first: HowManyArgument = 5
    ) -> list[Annotated["Pool", strawberry.lazy("schema.pools")]] | None:
        return await self.nearest(info, "Pool", within, first)

    @strawberry.field(
        description="Stations of shared bikes within walking distance, nearest first.",
        directives=[as_many_as("first")],
    )
    async def bikes(
        self, info: Info, within: WithinArgument = 400, first: HowManyArgument = 5
    ) -> list[Annotated["VehicleRentalStation", strawberry.lazy("schema.bikes")]] | None:
        return await self.nearest(info, "VehicleRentalStation", within, first)

    @strawberry.field(
        description="Car parks within walking distance, nearest first.",
        directives=[as_many_as("first")],
    )
    async def parkings(
        self, info: Info, within: WithinArgument = 400, first: HowManyArgument = 5
    ) -> list[Annotated["VehicleParking", strawberry.lazy("schema.parkings")]] | None:
        return await self.nearest(info, "VehicleParking", within, first)

    @strawberry.field(
        description="What disturbs this stop, its station or its quays, the worst first.",
        directives=[about(2)],
    )
    async def alerts(self, info: Info, status: StatusArgument = NOW) -> list[Alert] | None:  # type: ignore[assignment]
        return await info.context.load(AlertsOn(self.city, (), (self.gtfs_id,), tuple(status)))

    def accessible(self) -> bool | None:
        known = {WheelchairBoarding.POSSIBLE: True, WheelchairBoarding.NOT_POSSIBLE: False}
        return known.get(self.wheelchair_boarding)

    def on_map(self) -> bool:
        return self.parent_id is None and self.location_type is not LocationType.ENTRANCE


class StopWith(Key[Stop | None]):
    city: str
    id: str


class StopsIn(Key[Page[Stop]]):
    city: str
    name: str | None
    near: Near | None
    route: str | None
    quays: bool
    window: Window


class QuaysOf(Key[list[Stop]]):
    city: str
    station_id: str


lookups["Stop"] = StopWith


@strawberry.type
class Query:
    @strawberry.field(description="A stop by its id or its GTFS id; null if there is none.")
    async def stop(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        gtfs_id: Annotated[str | None, strawberry.argument(description="Its id in GTFS.")] = None,
        city: CityArgument = None,
    ) -> Stop | None:
        one_of([("id", id), ("gtfsId", gtfs_id)])
        if id is not None:
            key: Key[Stop | None] = lookup(id, "id", "Stop")
        else:
            key = StopWith(info.context.city(city), str(gtfs_id))
        return await info.context.load(key)

    @strawberry.field(
        description="A city's stops: by name, best match first; near a point, nearest first; "
        "else in alphabetical order.",
        directives=[PAGED],
    )
    async def stops(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        route: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only those a line serves.")
        ] = None,
        quays: Annotated[
            bool, strawberry.argument(description="List the quays of stations one by one, too.")
        ] = False,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[Stop] | None:
        asked = window(first, after, last, before)
        line = None if route is None else route_id(route, "route")
        return await info.context.load(
            StopsIn(info.context.city(city), name, near, line, quays, asked)
        )


@strawberry.type
class Subscription:
    @strawberry.field(
        description="What leaves next from a quay, or from all quays of a station; "
        "null if there is no such stop.",
        directives=[LIVE, as_many_as("first")],
    )
    async def departures(
        self,
        info: Info,
        stop: Annotated[strawberry.ID, strawberry.argument(description="The id of a stop.")],
        first: Annotated[int, strawberry.argument(description="At most so many; 0 to 100.")] = 5,
    ) -> list[Departure] | None:
        bounded(first, 0, MAX_PAGE, "first")
        found: Stop | None = await info.context.load(lookup(stop, "stop", "Stop"))
        if found is None:
            return None
        return await info.context.load(DeparturesAt(found.city, found.gtfs_id, first))

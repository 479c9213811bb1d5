"""Home: the home screen of the bench, beside our own services and without their logic.

What other servers can be asked, too: `bench/peers/schema.graphql`.
"""

import strawberry

from schema.cost import LIVE, about
from schema.key import Info, Key
from schema.posts import KeyArgument


@strawberry.type(description="A departure.")
class HomeDeparture:
    line: str
    direction: str
    mode: str
    scheduled_at: str
    expected_at: str
    delay_seconds: int
    platform: str | None
    realtime: bool
    stop_id: strawberry.Private[str]


class HomeDeparturesAt(Key[list[HomeDeparture]]):
    city: str
    stop: str
    key: int


@strawberry.type(description="A stop.")
class HomeStop:
    id: strawberry.ID
    name: str
    lat: float
    lon: float
    distance: int
    mode: str
    zone: str
    accessible: bool

    @strawberry.field(description="What leaves next.", directives=[LIVE, about(3)])
    async def departures(self, info: Info, key: KeyArgument) -> list[HomeDeparture] | None:
        return await info.context.load(HomeDeparturesAt(info.context.city(None), self.id, key))


@strawberry.type(description="When a pool is open.")
class HomeHours:
    day: str
    opens: str
    closes: str
    note: str | None


@strawberry.type(description="A pool.")
class HomePool:
    id: strawberry.ID
    name: str
    address: str
    lat: float
    lon: float
    phone: str | None
    open: bool
    temperature: float | None
    hours: list[HomeHours] = strawberry.field(description="By day.", directives=[about(7)])


@strawberry.type(description="A dish.")
class HomeDish:
    name: str
    kind: str
    vegetarian: bool
    organic: bool
    allergens: list[str]


@strawberry.type(description="A day's menu.")
class HomeMenu:
    date: str
    dishes: list[HomeDish] = strawberry.field(description="All.", directives=[about(6)])


@strawberry.type(description="A school.")
class HomeSchool:
    id: strawberry.ID
    name: str
    address: str
    level: str
    menus: list[HomeMenu] = strawberry.field(description="By day.", directives=[about(5)])


@strawberry.type(description="A bike station.")
class HomeBikes:
    id: strawberry.ID
    name: str
    lat: float
    lon: float
    capacity: int
    bikes: int
    docks: int
    electric: int
    status: str
    updated_at: str


class HomeStopWith(Key[HomeStop | None]):
    city: str
    id: str
    key: int


class HomeStopsNear(Key[list[HomeStop]]):
    city: str
    lat: float
    lon: float
    key: int


class HomePoolsIn(Key[list[HomePool]]):
    city: str
    key: int


class HomeSchoolWith(Key[HomeSchool | None]):
    city: str
    id: str
    key: int


class HomeBikesIn(Key[list[HomeBikes]]):
    city: str
    key: int


@strawberry.type
class Query:
    @strawberry.field(description="A stop.", directives=[LIVE])
    async def home_stop(self, info: Info, id: str, key: KeyArgument) -> HomeStop | None:
        return await info.context.load(HomeStopWith(info.context.city(None), id, key))

    @strawberry.field(description="Stops around there.", directives=[LIVE, about(30)])
    async def home_nearby(
        self, info: Info, lat: float, lon: float, key: KeyArgument
    ) -> list[HomeStop] | None:
        return await info.context.load(HomeStopsNear(info.context.city(None), lat, lon, key))

    @strawberry.field(description="All pools.", directives=[LIVE, about(12)])
    async def home_pools(self, info: Info, key: KeyArgument) -> list[HomePool] | None:
        return await info.context.load(HomePoolsIn(info.context.city(None), key))

    @strawberry.field(description="A school.", directives=[LIVE])
    async def home_school(self, info: Info, id: str, key: KeyArgument) -> HomeSchool | None:
        return await info.context.load(HomeSchoolWith(info.context.city(None), id, key))

    @strawberry.field(description="All bike stations.", directives=[LIVE, about(20)])
    async def home_bikes(self, info: Info, key: KeyArgument) -> list[HomeBikes] | None:
        return await info.context.load(HomeBikesIn(info.context.city(None), key))

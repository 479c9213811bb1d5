"""Strawberry as its documentation has it, with its caches of parsed and validated documents."""

from functools import cache
from typing import Any

import strawberry
from city import Loaders, get
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import Info


@strawberry.type
class User:
    id: int
    name: str
    username: str
    email: str
    phone: str | None
    website: str | None


@strawberry.type
class Post:
    id: int
    user_id: int
    title: str
    body: str

    @strawberry.field
    async def user(self, info: Info, key: int) -> User | None:
        info.context["loaders"].key = key
        return await info.context["loaders"].users.load(self.user_id)


@strawberry.type
class HomeDeparture:
    line: str
    direction: str
    mode: str
    scheduled_at: str
    expected_at: str
    delay_seconds: int
    platform: str | None
    realtime: bool


@strawberry.type
class HomeStop:
    id: strawberry.ID
    name: str
    lat: float
    lon: float
    distance: int
    mode: str
    zone: str
    accessible: bool

    @strawberry.field
    async def departures(self, info: Info, key: int) -> list[HomeDeparture] | None:
        info.context["loaders"].key = key
        return await info.context["loaders"].departures.load(self.id)


@strawberry.type
class HomeHours:
    day: str
    opens: str
    closes: str
    note: str | None


@strawberry.type
class HomePool:
    id: strawberry.ID
    name: str
    address: str
    lat: float
    lon: float
    phone: str | None
    open: bool
    temperature: float | None
    hours: list[HomeHours]


@strawberry.type
class HomeDish:
    name: str
    kind: str
    vegetarian: bool
    organic: bool
    allergens: list[str]


@strawberry.type
class HomeMenu:
    date: str
    dishes: list[HomeDish]


@strawberry.type
class HomeSchool:
    id: strawberry.ID
    name: str
    address: str
    level: str
    menus: list[HomeMenu]


@strawberry.type
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


@cache
def columns(kind: Any) -> dict[str, str]:
    """Where the values of a type's fields stand in a row; those with a resolver have none."""
    fields = kind.__strawberry_definition__.fields
    return {one.python_name: camel(one.python_name) for one in fields if not one.base_resolver}


def named(kind: Any, row: Any, **more: Any) -> Any:
    """An object of a row that has a value for each of its fields."""
    return kind(**{**{name: row[column] for name, column in columns(kind).items()}, **more})


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def pool(row: Any) -> HomePool:
    return named(HomePool, row, hours=[named(HomeHours, one) for one in row["hours"]])


def school(row: Any) -> HomeSchool:
    menus = [
        HomeMenu(date=menu["date"], dishes=[named(HomeDish, one) for one in menu["dishes"]])
        for menu in row["menus"]
    ]
    return named(HomeSchool, row, menus=menus)


def each(kind: Any) -> Any:
    return lambda rows: [named(kind, one) for one in rows]


@strawberry.type
class Query:
    @strawberry.field
    def greet(self) -> str:
        return "Hello World!"

    @strawberry.field
    def hello(self, name: str) -> str:
        return f"Hello {name}!"

    @strawberry.field
    async def posts(self, key: int) -> list[Post] | None:
        return await get(f"/posts?key={key}", each(Post))

    @strawberry.field
    async def home_stop(self, id: str, key: int) -> HomeStop | None:
        return await get(f"/stop?id={id}&key={key}", lambda row: named(HomeStop, row))

    @strawberry.field
    async def home_nearby(self, lat: float, lon: float, key: int) -> list[HomeStop] | None:
        return await get(f"/nearby?lat={lat}&lon={lon}&key={key}", each(HomeStop))

    @strawberry.field
    async def home_pools(self, key: int) -> list[HomePool] | None:
        return await get(f"/pools?key={key}", lambda rows: [pool(one) for one in rows])

    @strawberry.field
    async def home_school(self, id: str, key: int) -> HomeSchool | None:
        return await get(f"/school?id={id}&key={key}", school)

    @strawberry.field
    async def home_bikes(self, key: int) -> list[HomeBikes] | None:
        return await get(f"/bikes?key={key}", each(HomeBikes))


class App(GraphQL):
    async def get_context(self, request: Any, response: Any) -> Any:
        user = lambda row: named(User, row)  # noqa: E731
        departure = lambda row: named(HomeDeparture, row)  # noqa: E731
        return {"request": request, "loaders": Loaders(user, departure)}


app = App(strawberry.Schema(query=Query, extensions=[ParserCache, ValidationCache]))

"""Places: where things are, and what everything on the map has in common."""

import re
from collections.abc import Sequence
from datetime import datetime
from math import asin, cos, radians, sin
from typing import Annotated, Any

import strawberry

from schema.arguments import (
    MAX_WITHIN_M,
    BadUserInput,
    HowManyArgument,
    KindsArgument,
    WithinArgument,
    bounded,
)
from schema.cost import as_many_as
from schema.key import Info, Key
from schema.languages import LanguageArgument, Text, find_spoken
from schema.nodes import Node
from schema.paging import MAX_PAGE
from schema.provenance import Source

EARTH_RADIUS_M = 6_371_008.8


@strawberry.type(description="A point on the map (WGS 84).")
class Position:
    lat: float = strawberry.field(description="Latitude, in degrees.")
    lon: float = strawberry.field(description="Longitude, in degrees.")


@strawberry.type(description="A postal address, as far as the source gives it.")
class Address:
    street: str | None = strawberry.field(description="Number and street.")
    postcode: str | None = strawberry.field(description="Five characters, such as `44000`.")
    city: str | None = strawberry.field(description="Name of the commune: `Saint-Herblain`.")
    insee: str | None = strawberry.field(description="INSEE code of the commune: `44162`.")


@strawberry.input(description="A point on the map (WGS 84).")
class PositionInput:
    lat: float = strawberry.field(description="Latitude, in degrees.")
    lon: float = strawberry.field(description="Longitude, in degrees.")


def on_earth(lat: float, lon: float, *path: str) -> None:
    """BadUserInput unless these are degrees of latitude and longitude."""
    if not -90 <= lat <= 90:
        raise BadUserInput("`lat` must be between -90 and 90 degrees.", *path, "lat")
    if not -180 <= lon <= 180:
        raise BadUserInput("`lon` must be between -180 and 180 degrees.", *path, "lon")


@strawberry.interface(description="Anything with a place on the map.")
class Place(Node):
    city: strawberry.Private[str]
    folded: strawberry.Private[str]  # its name, comparable
    name: strawberry.Private[str]  # in the source's own language
    names: strawberry.Private[Sequence[Text]] = ()  # in others, where it has them
    position: Position | None = strawberry.field(
        description="Where it is; null where the source does not say."
    )
    address: Address | None = strawberry.field(
        default=None, description="Its postal address; null where the source does not say."
    )
    updated_at: datetime | None = strawberry.field(
        default=None, description="When the source last changed it, where the source says so."
    )

    def kind_word(self) -> str:
        """What it is, in one word."""
        return word_for(type(self))

    def part(self) -> str | None:
        """The part of its service's table that lists it, where a city may have any number."""
        return None

    def on_map(self) -> bool:
        """Whether it is a place of its own, rather than a part of one."""
        return self.position is not None

    def named(self) -> bool:
        """Whether people look for it by its name: not for a part of a place."""
        return self.on_map() or self.position is None

    def leaves_map_at(self) -> datetime | None:
        """When it is over, and no longer on the map; None for what is there to stay."""
        return None

    def accessible(self) -> bool | None:
        """Whether one gets there in a wheelchair; None where nobody says."""
        return None

    def available_at(self, now: datetime) -> bool | None:  # noqa: ARG002 - subclasses tell
        """Whether it has what one comes for, a bike or a space; None where that is not counted."""
        return None

    def live_between(self) -> tuple[datetime, ...]:
        """The instants between which what it tells of the present is news; none if it tells none.

        No clock is far ahead.
        """
        return ()

    @strawberry.field(name="name", description="What it is called.")
    def name_in(self, language: LanguageArgument = None) -> str:
        return find_spoken(self.names, language) or self.name

    @strawberry.field(
        description="What it is, in one word: `stop`, `pool`, `vehicle_parking`, "
        "or one of the city's own, such as `library`."
    )
    def kind(self) -> str:
        return self.kind_word()

    @strawberry.field(description="How many metres it is from there, as the crow flies.")
    def distance(
        self,
        from_: Annotated[
            PositionInput, strawberry.argument(name="from", description="From where.")
        ],
    ) -> float | None:
        on_earth(from_.lat, from_.lon, "from")
        if self.position is None:
            return None
        away = distance_m(from_.lat, from_.lon, self.position.lat, self.position.lon)
        return round(away, 1)

    @strawberry.field(description="The source it comes from: its publisher, licence and age.")
    async def source(self, info: Info) -> Source | None:
        return await info.context.load(SourceOf(self.city, type(self), self.part()))

    @strawberry.field(
        description="What else is around it, nearest first; null where it has no position.",
        directives=[as_many_as("first")],
    )
    async def nearby(
        self,
        info: Info,
        kinds: KindsArgument = None,
        within: WithinArgument = 400,
        first: HowManyArgument = 5,
    ) -> "list[PlaceAtDistance] | None":
        bounded(within, 1, MAX_WITHIN_M, "within")
        bounded(first, 0, MAX_PAGE, "first")
        if self.position is None:
            return None
        here = self.position
        wanted = None if kinds is None else tuple(sorted(set(kinds)))
        key = PlacesAround(self.city, here.lat, here.lon, within, wanted, first + 1)
        found = await info.context.load(key)
        return [one for one in found if one.place is not self][:first]

    async def nearest(self, info: Info, kind: str, within_m: int, first: int) -> list[Any] | None:
        """The places of one kind (its GraphQL name) around this one, nearest first.

        `None` where this place has no position: there is no telling what is near.
        """
        bounded(within_m, 1, MAX_WITHIN_M, "within")
        bounded(first, 0, MAX_PAGE, "first")
        if self.position is None:
            return None
        here = self.position
        key = PlacesNear(self.city, kind, here.lat, here.lon, within_m)
        found = await info.context.load(key)
        return found[:first]


@strawberry.type(description="A place, and how far away it is.")
class PlaceAtDistance:
    place: Place = strawberry.field(description="The place.")
    distance: float = strawberry.field(description="Metres, as the crow flies.")


class PlacesNear(Key[list[Any]]):
    """All places of one kind (its GraphQL name) around a point, nearest first."""

    city: str
    kind: str
    lat: float
    lon: float
    within_m: int


class PlacesAround(Key[list[PlaceAtDistance]]):
    """The nearest places of several kinds (in one word each; None: all) around a point."""

    city: str
    lat: float
    lon: float
    within_m: int
    kinds: tuple[str, ...] | None
    first: int


class SourceOf(Key[Source | None]):
    """The source of a city's places of one Python type, or of a part of them."""

    city: str
    type: type
    part: str | None


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres from one point to another, on the sphere (haversine)."""
    lats, lons = radians(other_lat - lat), radians(other_lon - lon)
    chord = sin(lats / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(lons / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(chord, 1.0) ** 0.5)


def word_for(kind: type) -> str:
    """The one word for a kind of place: `vehicle_parking` for a VehicleParking."""
    name: str = kind.__strawberry_definition__.name  # type: ignore[attr-defined]
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

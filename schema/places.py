"""Places: where things are, and what everything on the map has in common."""

from dataclasses import dataclass
from typing import Any

import strawberry

from schema.arguments import MAX_WITHIN_M, bounded
from schema.key import Info, Key
from schema.paging import MAX_PAGE


@strawberry.federation.type(shareable=True, description="A point on the map (WGS 84).")
class Position:
    lat: float = strawberry.field(description="Latitude, in degrees.")
    lon: float = strawberry.field(description="Longitude, in degrees.")


@strawberry.federation.type(
    shareable=True, description="A postal address, as far as the source gives it."
)
class Address:
    street: str | None = strawberry.field(description="Number and street.")
    postcode: str | None = strawberry.field(description="Five characters, such as `44000`.")
    city: str | None = strawberry.field(description="Name of the commune: `Saint-Herblain`.")
    insee: str | None = strawberry.field(description="INSEE code of the commune: `44162`.")


@strawberry.interface(description="Anything with a place on the map.")
class Place:
    city: strawberry.Private[str]
    name: str = strawberry.field(description="What it is called.")
    position: Position | None = strawberry.field(
        description="Where it is; null where the source does not say."
    )

    def on_map(self) -> bool:
        """Whether it is a place of its own, rather than a part of one."""
        return self.position is not None

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


@dataclass(frozen=True)
class PlacesNear(Key[list[Any]]):
    """All places of one kind (its GraphQL name) around a point, nearest first."""

    city: str
    kind: str
    lat: float
    lon: float
    within_m: int

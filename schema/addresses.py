"""Addresses: from what people type to a place, and from a place to what people call it."""

from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import BadUserInput, CityArgument, Near, bounded
from schema.cost import LIVE, as_many_as
from schema.key import Info, Key
from schema.places import Address, Position, on_earth

SHORTEST, LONGEST, MOST = 3, 200, 20


@strawberry.enum(description="What an address leads to.")
class AddressKind(Enum):
    HOUSE_NUMBER = strawberry.enum_value("HOUSE_NUMBER", description="One entrance.")
    STREET = strawberry.enum_value("STREET", description="A street, somewhere on it.")
    LOCALITY = strawberry.enum_value("LOCALITY", description="A hamlet or a named place.")
    MUNICIPALITY = strawberry.enum_value("MUNICIPALITY", description="A commune, its centre.")


@strawberry.type(description="An address that matches what was asked for.")
class AddressMatch:
    id: strawberry.ID = strawberry.field(
        description="Its key in the national address base (BAN), good for some days."
    )
    label: str = strawberry.field(description="In one line: `10 Rue Crébillon 44000 Nantes`.")
    kind: AddressKind = strawberry.field(description="What it leads to.")
    score: float = strawberry.field(description="How well it matches, up to 1; 0.5 at least.")
    position: Position = strawberry.field(description="Where it is.")
    address: Address = strawberry.field(description="The same, part by part.")


class AddressesFor(Key[list[AddressMatch]]):
    """The addresses of a city that match a text, best first."""

    city: str
    text: str
    near: Near | None
    first: int


class AddressAt(Key[AddressMatch | None]):
    """The address of a city that is nearest to a point."""

    city: str
    lat: float
    lon: float


@strawberry.type
class Query:
    @strawberry.field(
        description="Addresses in a city's communes that match a text, best first; "
        "accents, case and abbreviations such as `St` and `Bd` do not count.",
        directives=[LIVE, as_many_as("first")],
    )
    async def addresses(
        self,
        info: Info,
        text: Annotated[
            str,
            strawberry.argument(description="What somebody typed so far; 3 to 200 characters."),
        ],
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        first: Annotated[int, strawberry.argument(description="At most so many; 1 to 20.")] = 5,
        city: CityArgument = None,
    ) -> list[AddressMatch] | None:
        bounded(first, 1, MOST, "first")
        text = text.strip()
        if not SHORTEST <= len(text) <= LONGEST:
            message = f"`text` must have {SHORTEST} to {LONGEST} characters, not {len(text)}."
            raise BadUserInput(message, "text")
        return await info.context.load(AddressesFor(info.context.city(city), text, near, first))

    @strawberry.field(
        description="The address nearest to a point; "
        "null where there is none, or it is in none of the city's communes.",
        directives=[LIVE],
    )
    async def address(
        self,
        info: Info,
        lat: Annotated[float, strawberry.argument(description="Latitude (WGS 84), in degrees.")],
        lon: Annotated[float, strawberry.argument(description="Longitude (WGS 84), in degrees.")],
        city: CityArgument = None,
    ) -> AddressMatch | None:
        on_earth(lat, lon)
        return await info.context.load(AddressAt(info.context.city(city), lat, lon))

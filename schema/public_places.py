"""Public places: libraries, markets, toilets, whatever a city lists, each with its kind.

What kinds there are, the city file says: every part of its `[places]` is one, or
several that a column tells apart.
"""

import strawberry

from schema.cost import about
from schema.key import Key
from schema.nodes import lookups
from schema.places import Place
from schema.times import Opens, Schedule


@strawberry.type(description="Something else that the source says, in its own words.")
class Detail:
    label: str = strawberry.field(description="What it is about: `Type`, `Horaires`.")
    value: str = strawberry.field(description="What is said.")


@strawberry.federation.type(keys=["id"], description="A place that is open to everybody.")
class PublicPlace(Place, Opens):
    local_id: strawberry.Private[str]
    listed_in: strawberry.Private[str]  # the part of the city's table
    own_kind: strawberry.Private[str]
    hours_text: strawberry.Private[str | None]
    phone: str | None = strawberry.field(description="As the source writes it.")
    website: str | None = strawberry.field(description="Its page, with `https://` or `http://`.")
    description: str | None = strawberry.field(description="What the source says about it.")
    wheelchair_accessible: bool | None = strawberry.field(
        description="Can be used in a wheelchair; null where nobody says."
    )
    details: list[Detail] = strawberry.field(
        description="What else the source says.", directives=[about(5)]
    )

    def kind_word(self) -> str:
        return self.own_kind

    def part(self) -> str:
        return self.listed_in

    def accessible(self) -> bool | None:
        return self.wheelchair_accessible

    def opening(self) -> Key[Schedule | None]:
        return PlaceOpening(self.city, self.listed_in, self.local_id, self.hours_text)


class PublicPlaceWith(Key[PublicPlace | None]):
    """`id` is the part of the city's table and the id in it: `library:17`."""

    city: str
    id: str


class PlaceOpening(Key[Schedule | None]):
    """`text` is what the place itself says of its hours, in OpenStreetMap's syntax."""

    city: str
    part: str
    id: str
    text: str | None


lookups["PublicPlace"] = PublicPlaceWith

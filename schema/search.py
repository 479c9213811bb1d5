"""Search: everything that has a name in a city, found by what people type."""

from typing import Annotated

import strawberry

from schema.arguments import BadUserInput, CityArgument, bounded
from schema.atlas import MISSING, kinds_wanted
from schema.cost import ListSize, about
from schema.key import Info, Key
from schema.nodes import Node
from schema.paging import MAX_PAGE
from schema.places import PositionInput, on_earth
from schema.provenance import Source

LONGEST = 100


@strawberry.type(description="Something that a search has found.")
class SearchResult:
    kind: str = strawberry.field(
        description="What it is, in one word: that of a place, such as `stop` or `library`; "
        "or `route`, or `commune`."
    )
    name: str = strawberry.field(description="What it is called; of a line, its number.")
    subtitle: str | None = strawberry.field(
        description="What tells it apart: its street and commune, or the two ends of a line."
    )
    distance: float | None = strawberry.field(
        description="How many metres it is from `near`, as the crow flies; "
        "null without that, or where it has no position."
    )
    node: Node = strawberry.field(description="The thing itself.")


@strawberry.type(name="SearchResultConnection", description="What a search has found.")
class SearchResults:
    nodes: list[SearchResult] = strawberry.field(description="What fits, the best first.")
    missing: list[Source] = strawberry.field(description=MISSING, directives=[about(1)])


class SearchFor(Key[SearchResults]):
    """What a text finds among some kinds (in one word each; None: all), `near` a lat and lon."""

    city: str
    text: str
    kinds: tuple[str, ...] | None
    near: tuple[float, float] | None
    first: int


@strawberry.type
class Query:
    @strawberry.field(
        description="What people look for, by its name: places of all kinds, lines, communes. "
        "Accents, case, articles, abbreviations such as `St` and `Bd` and a slip of the pen do "
        "not count, and the last word may be unfinished. A kind or a commune may be named "
        "besides, as in `piscine rezé` and `tram 1`.",
        directives=[
            ListSize(
                slicing_arguments=["first"],
                sized_fields=["nodes"],
                require_one_slicing_argument=False,
            )
        ],
    )
    async def search(
        self,
        info: Info,
        text: Annotated[
            str, strawberry.argument(description="What somebody typed so far; 1 to 100 characters.")
        ],
        kinds: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Only these kinds, in one word each, such as `stop`, `library`, "
                "`route` or `commune`; all if left out."
            ),
        ] = None,
        near: Annotated[
            PositionInput | None,
            strawberry.argument(
                description="Where somebody is: of what fits as well, the nearest comes first."
            ),
        ] = None,
        city: CityArgument = None,
        first: Annotated[
            int, strawberry.argument(description="At most so many, best first; 0 to 100.")
        ] = 10,
    ) -> SearchResults | None:
        bounded(first, 0, MAX_PAGE, "first")
        text = text.strip()
        if not 1 <= len(text) <= LONGEST:
            message = f"`text` must have 1 to {LONGEST} characters, not {len(text)}."
            raise BadUserInput(message, "text")
        if near is not None:
            on_earth(near.lat, near.lon, "near")
        here = None if near is None else (near.lat, near.lon)
        asked = info.context.city(city)
        return await info.context.load(SearchFor(asked, text, kinds_wanted(kinds), here, first))

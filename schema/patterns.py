"""Patterns: the ways in which a line is run, stop by stop, and where they lie on the map."""

from typing import TYPE_CHECKING, Annotated, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from schema.cost import about
from schema.key import Key
from schema.times import output_only

if TYPE_CHECKING:
    from schema.stops import Stop

Polyline = NewType("Polyline", str)
GeoJson = NewType("GeoJson", object)


SCALARS: dict[object, ScalarDefinition] = {
    Polyline: strawberry.scalar(
        name="Polyline",
        description="A way on the map, as Google's encoded polyline, to five decimals.",
        specified_by_url="https://developers.google.com/maps/documentation/utilities/polylinealgorithm",
        serialize=lambda value: value,
        parse_value=output_only,
    ),
    GeoJson: strawberry.scalar(
        name="GeoJson",
        description="A GeoJSON geometry, longitude before latitude.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc7946",
        serialize=lambda value: value,
        parse_value=output_only,
    ),
}


@strawberry.type(description="One way in which a line is run.")
class Pattern:
    code: str = strawberry.field(
        description="Names it among those of this edition of the timetable."
    )
    direction_id: int | None = strawberry.field(description="0 one way, 1 the other (GTFS).")
    headsign: str | None = strawberry.field(description="The name of its last stop.")
    trips: int = strawberry.field(description="How many trips of the timetable run it.")
    stops: list[Annotated["Stop", strawberry.lazy("schema.stops")]] = strawberry.field(
        description="Its quays, in order.", directives=[about(30)]
    )
    points: Polyline | None = strawberry.field(
        description="The way it takes; null where the network does not say."
    )
    geo_json: GeoJson | None = strawberry.field(
        description="The same as a GeoJSON LineString, for maps that want that."
    )


class PatternsOf(Key[list[Pattern]]):
    """The patterns of a line, by its GTFS id; the most common first."""

    city: str
    route_id: str

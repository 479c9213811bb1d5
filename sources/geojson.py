"""Geojson: a FeatureCollection as rows, for the protocols that answer with one (RFC 7946).

A feature's properties are the row's columns; its `geometry` stands beside them, and its `id`
where no property is called so.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

BOM = b"\xef\xbb\xbf"
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
SPREAD = {"MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
NO_SHAPE = (ValueError, TypeError, LookupError, AttributeError)


class FeatureCollection(msgspec.Struct):
    """What wraps the features; the counts are WFS's, and may be words."""

    type: Literal["FeatureCollection"]
    features: list[msgspec.Raw]
    number_matched: int | str | None = msgspec.field(default=None, name="numberMatched")


class Feature(msgspec.Struct):
    id: str | int | float | None = None
    properties: dict[str, Any] | None = None
    geometry: dict[str, Any] | None = None


def decoded(body: bytes) -> FeatureCollection:
    """The collection, its features still raw; ValueError if it is none, or cut off."""
    try:
        return msgspec.json.decode(body.removeprefix(BOM), type=FeatureCollection)
    except NOT_JSON as error:
        raise ValueError(f"no FeatureCollection: {error}; begins {body[:200]!r}") from None


def rows(body: bytes) -> Iterator[Mapping[str, Any]]:
    """One row per feature; one that cannot be read is an empty row, for the reader to drop."""
    for raw in decoded(body).features:
        try:
            feature = msgspec.json.decode(raw, type=Feature)
        except NOT_JSON:
            yield {}
            continue
        yield {"id": feature.id, **(feature.properties or {}), "geometry": feature.geometry}


def find_within(geometry: Mapping[str, Any]) -> tuple[float, float] | None:
    """Longitude and latitude of a point of a line or an area, about its middle."""
    if geometry.get("type") not in SPREAD:
        return None
    from shapely.errors import ShapelyError
    from shapely.geometry import shape  # loaded late: see arrays.py

    try:
        point = shape(geometry).representative_point()
        return None if point.is_empty else (point.x, point.y)
    except (ShapelyError, *NO_SHAPE):
        return None

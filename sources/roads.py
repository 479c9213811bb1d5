"""Roads: traffic as a city measures it, what it announces to drivers, and its lift bridge.

Words for how traffic flows are the city file's to translate. -1 is how Nantes writes that
nothing was measured, and its `Indéterminé` may carry a speed all the same. The list of a
bridge's closures has a day and two hours: it opens the next day if it opens no later than
it closes.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Any

from schema.nodes import node_id
from schema.patterns import GeoJson, Polyline
from schema.roads import BridgeClosure, RoadEvent, RoadSegment, TrafficStatus
from sources.hours import MIDNIGHT, minutes
from sources.names import fold
from sources.polyline import polyline
from sources.reading import reads
from sources.row import Row
from sources.texts import plain

MOST_POINTS = 2_000  # of one segment; the longest of Nantes has 46
Line = list[tuple[float, float]]  # latitude and longitude


def _each_once(segments: list[RoadSegment]) -> list[RoadSegment]:
    return list({segment.local_id: segment for segment in segments}.values())


@reads(
    RoadSegment,
    "id name area position lat lon shape length status speed travel_time updated",
    whole=_each_once,
)
def road_segment(row: Row) -> RoadSegment:
    """One segment; ValueError without an id."""
    local_id, name = row.text("id"), row.find_text("name")
    lines = list(_lines(row.find("shape")))
    status, speed = row.find_text("status"), row.find_number("speed")
    seconds, measured = row.find_count("travel_time"), row.find_instant("updated")
    return RoadSegment(
        id=node_id("RoadSegment", row.city.slug, local_id),
        local_id=local_id,
        folded=fold(name or ""),
        told_status=TrafficStatus.__members__.get(status or "", TrafficStatus.UNKNOWN),
        told_speed_kmh=None if speed is None or speed < 0 else speed,
        told_travel_time=None if seconds is None else timedelta(seconds=seconds),
        name=name,
        area=row.find_text("area"),
        position=row.find_position(),
        length_m=row.find_count("length"),
        measured_at=measured and measured.astimezone(row.city.zone),
        points=Polyline(polyline(lines[0])) if len(lines) == 1 else None,
        geo_json=_geo_json(lines),
    )


@reads(RoadEvent, "id headline description area updated", part="events")
def road_event(row: Row) -> RoadEvent:
    """One announcement; ValueError without a headline.

    One without an id is known by what it says, for as long as it says that.
    """
    headline, area, day = row.text("headline"), row.find_text("area"), row.find_day("updated")
    said = row.find("description")
    local_id = row.find_text("id") or _digest(headline, area, day)
    return RoadEvent(
        id=node_id("RoadEvent", row.city.slug, local_id),
        local_id=local_id,
        headline=headline,
        description=(plain(said) or None) if isinstance(said, str) else None,
        area=area,
        announced_on=day,
    )


@reads(BridgeClosure, "id vessel reason total day closes opens", part="closures")
def bridge_closure(row: Row) -> BridgeClosure:
    """One closure; ValueError without a day or one of its hours."""
    day = row.find_day("day")
    if day is None:
        raise ValueError(f"no day: {row.find_text('day')}")
    closes, opens = minutes(row.text("closes")), minutes(row.text("opens"))
    midnight = datetime.combine(day, time(), row.city.zone)
    start = midnight + timedelta(minutes=closes)
    end = midnight + timedelta(minutes=opens if opens > closes else opens + MIDNIGHT)
    local_id = row.find_text("id") or f"{start:%Y-%m-%dT%H:%M}"
    return BridgeClosure(
        id=node_id("BridgeClosure", row.city.slug, local_id),
        local_id=local_id,
        vessel=row.find_text("vessel"),
        reason=row.find_text("reason"),
        total=row.find_flag("total"),
        start=start,
        end=end,
    )


def _lines(shape: Any) -> Iterator[Line]:
    """The lines of a GeoJSON geometry, or of the Feature around it; ValueError for a wild one."""
    geometry = shape.get("geometry", shape) if isinstance(shape, Mapping) else None
    if not isinstance(geometry, Mapping):
        return
    found = geometry.get("coordinates") or []
    kinds = {"LineString": [found], "MultiLineString": found}
    for points in kinds.get(str(geometry.get("type")), ()):
        line = [(float(point[1]), float(point[0])) for point in points[: MOST_POINTS + 1]]
        if len(line) > MOST_POINTS or not all(map(_on_earth, line)):
            raise ValueError(f"a line of {len(points)} points, or off the earth")
        if len(line) > 1:
            yield line


def _on_earth(point: tuple[float, float]) -> bool:
    lat, lon = point
    return isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180


def _geo_json(lines: list[Line]) -> GeoJson | None:
    """To six decimals, a decimetre."""
    if not lines:
        return None
    found = [[[round(lon, 6), round(lat, 6)] for lat, lon in line] for line in lines]
    if len(found) == 1:
        return GeoJson({"type": "LineString", "coordinates": found[0]})
    return GeoJson({"type": "MultiLineString", "coordinates": found})


def _digest(*said: object) -> str:
    return blake2b("\0".join(map(str, said)).encode(), digest_size=9).hexdigest()

"""Stops: the stations and quays of a network, out of GTFS stops.txt."""

from schema.nodes import node_id
from schema.stops import LocationType, Stop, WheelchairBoarding
from sources.names import fold
from sources.reading import reads
from sources.row import Row

TYPES = {"0": LocationType.STOP, "1": LocationType.STATION, "2": LocationType.ENTRANCE}
INSIDE = {"3", "4"}  # corners of a station's corridors and parts of its platforms: no stops
BOARDING = {"1": WheelchairBoarding.POSSIBLE, "2": WheelchairBoarding.NOT_POSSIBLE}


@reads(Stop, "id name code desc position lat lon zone platform type parent wheelchair")
def stop(row: Row) -> Stop | None:
    """One line of stops.txt; ValueError without id or name, or of a type that GTFS has not."""
    kind = row.find_text("type") or "0"
    if kind in INSIDE:
        return None
    if kind not in TYPES:
        raise ValueError(f"no location_type {kind}")
    gtfs_id, name = row.text("id"), row.text("name")
    return Stop(
        id=node_id("Stop", row.city.slug, gtfs_id),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        parent_id=row.find_text("parent"),
        gtfs_id=gtfs_id,
        code=row.find_text("code"),
        desc=row.find_text("desc"),
        zone_id=row.find_text("zone"),
        platform_code=row.find_text("platform"),
        location_type=TYPES[kind],
        wheelchair_boarding=BOARDING.get(
            row.find_text("wheelchair") or "0", WheelchairBoarding.NO_INFORMATION
        ),
    )

"""Stops: the stations and quays of a network, out of GTFS stops.txt."""

from schema.accessibility import WheelchairBoarding
from schema.nodes import node_id
from schema.stops import LocationType, Stop
from sources.names import fold
from sources.reading import reads
from sources.row import Row

TYPES = {"0": LocationType.STOP, "1": LocationType.STATION, "2": LocationType.ENTRANCE}
INSIDE = {"3", "4"}  # corners of a station's corridors and parts of its platforms: no stops
UNKNOWN = WheelchairBoarding.NO_INFORMATION
BOARDING = {"1": WheelchairBoarding.POSSIBLE, "2": WheelchairBoarding.NOT_POSSIBLE}


def informed(stops: list[Stop]) -> list[Stop]:
    """The same, each with what its station or its quays know for it.

    A quay that says nothing takes its station's word (GTFS). For a station that
    says nothing, what all its quays agree on is so; anything else would be a guess.
    """
    stations = {stop.gtfs_id: stop.wheelchair_boarding for stop in stops if stop.parent_id is None}
    said: dict[str, set[WheelchairBoarding]] = {}
    for stop in stops:
        if stop.parent_id is not None and stop.location_type is LocationType.STOP:
            said.setdefault(stop.parent_id, set()).add(stop.wheelchair_boarding)
    for stop in stops:
        if stop.wheelchair_boarding is not UNKNOWN:
            continue
        if stop.parent_id is not None:
            stop.wheelchair_boarding = stations.get(stop.parent_id, UNKNOWN)
        elif len(quays := said.get(stop.gtfs_id, set())) == 1:
            [stop.wheelchair_boarding] = quays
    return stops


COLUMNS = "id name code desc position lat lon zone platform type parent wheelchair"


@reads(Stop, COLUMNS, whole=informed)
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
        wheelchair_boarding=BOARDING.get(row.find_text("wheelchair") or "0", UNKNOWN),
    )

"""Air: the ATMO index of each commune and day, as the regions' observatories publish it.

Some publish it for a whole metropolis (an EPCI) instead of its communes: a city file that
asks for that, too, has it for all of them.
"""

import re
from dataclasses import dataclass

from schema.air import AirQuality, AirQualityIndex
from sources.reading import reads
from sources.row import Row

# 0, and nothing at all, is an index that is not available.
INDICES = dict(enumerate(AirQualityIndex, start=1))
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class AirReading:
    """The air of one zone on one day; `everywhere` if the zone is the whole metropolis."""

    air: AirQuality
    everywhere: bool


@reads(
    AirReading,
    "date zone zone_name zone_type index label color no2 so2 o3 pm10 pm25 updated publisher",
)
def air_reading(row: Row) -> AirReading | None:
    """One zone's day; None for a commune that is not the city's, ValueError without zone or day."""
    zone, day = row.text("zone"), row.find_day("date")
    if day is None:
        raise ValueError("no date")
    everywhere = (row.find_text("zone_type") or "").casefold() == "epci"
    if not everywhere and row.city.communes and zone not in row.city.communes:
        return None
    updated, color = row.find_instant("updated"), row.find_text("color")
    air = AirQuality(
        date=day,
        insee=zone,
        commune_name=row.city.communes.get(zone) or row.find_text("zone_name"),
        index=_index(row, "index"),
        label=row.find_text("label"),
        color=color if color is not None and COLOUR.fullmatch(color) else None,
        no2=_index(row, "no2"),
        so2=_index(row, "so2"),
        o3=_index(row, "o3"),
        pm10=_index(row, "pm10"),
        pm25=_index(row, "pm25"),
        updated_at=None if updated is None else updated.astimezone(row.city.zone),
        publisher=row.find_text("publisher"),
    )
    return AirReading(air, everywhere)


def _index(row: Row, name: str) -> AirQualityIndex | None:
    return INDICES.get(row.find_count(name) or 0)

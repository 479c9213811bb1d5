"""Sensors: the last state of each, as a city's broker (`ngsi_ld`) or any table has it.

Each part of a city's `[sensors]` is a kind of its own, named after it. Values are in the unit of
their property; what a broker says in another one (`unitCode`, of UN/CEFACT) is converted, and
left out where the unit is unknown. `fill_percent` is for brokers that count from 0 to 100.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from schema.nodes import node_id
from schema.sensors import Observation, Sensor, SensorProperty
from sources.names import fold
from sources.places import find_address, kinds_in
from sources.reading import reads
from sources.row import Row


class Measure(NamedTuple):
    """What a column measures: in which units, with the factor of each, and within which bounds."""

    property: SensorProperty
    units: dict[str, float]
    least: float
    most: float


RATIO = {"C62": 1.0, "P1": 0.01}
PER_M3 = {"GQ": 1.0, "GP": 1_000.0}  # µg, mg
LOUD = {"2N": 1.0}
COLUMNS = {
    "fill": Measure(SensorProperty.FILL_LEVEL, RATIO, 0, 1),
    "fill_percent": Measure(SensorProperty.FILL_LEVEL, {"P1": 0.01}, 0, 1),
    "noise": Measure(SensorProperty.NOISE_LEVEL, LOUD, 0, 200),
    "noise_peak": Measure(SensorProperty.NOISE_PEAK, LOUD, 0, 200),
    **{
        name: Measure(SensorProperty[name.upper()], PER_M3, 0, 1e6)
        for name in ("no2", "no", "o3", "so2", "co", "pm10", "pm25")
    },
    "temperature": Measure(SensorProperty.TEMPERATURE, {"CEL": 1.0}, -90, 90),
    "humidity": Measure(SensorProperty.HUMIDITY, RATIO, 0, 1),
}


@reads(
    Sensor,
    "id name position lat lon street postcode commune insee waste observed " + " ".join(COLUMNS),
    part="*",
)
def sensor(row: Row) -> Sensor:
    """One sensor, by the end of its id if it has no name; ValueError without an id."""
    if row.binding is None or row.binding.part is None:
        raise ValueError("sensors are listed in parts")
    sensor_id, part = row.text("id"), row.binding.part
    name = row.find_text("name") or sensor_id.rpartition(":")[2] or sensor_id
    observations = tuple(_observations(row))
    [kind] = kinds_in(row.binding) or (part,)
    return Sensor(
        id=node_id("Sensor", row.city.slug, f"{part}:{sensor_id}"),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        address=find_address(row),
        updated_at=max((one.at for one in observations if one.at is not None), default=None),
        own_kind=kind,
        listed_in=part,
        observations=observations,
        live_for=timedelta(seconds=row.binding.live_for_s),
        sensor_id=sensor_id,
        waste=_words(row.find("waste")),
    )


def _observations(row: Row) -> Iterable[Observation]:
    """What can be read and may be true, of each property once."""
    seen: set[SensorProperty] = set()
    for column, measure in COLUMNS.items():
        number, unit = row.find_number(column), _said(row, column, "unitCode")
        factor = measure.units.get(str(unit)) if unit else next(iter(measure.units.values()))
        if number is None or factor is None or measure.property in seen:
            continue
        value = round(number * factor, 6)
        if measure.least <= value <= measure.most:
            seen.add(measure.property)
            yield Observation(measure.property, value, _at(row, column))


def _at(row: Row, column: str) -> datetime | None:
    """When one value was observed, as it says itself, or its sensor."""
    said = Row(row.city, {"at": _said(row, column, "observedAt")}, {})
    found = said.find_instant("at") or row.find_instant("observed")
    return found and found.astimezone(row.city.zone)


def _said(row: Row, name: str, what: str) -> Any:
    """What a broker says of the value that stands in a column."""
    column, about = row.fields.get(name), row.raw.get(what)
    if not isinstance(about, dict):
        return None
    names = (name,) if column is None else column.column
    names = (names,) if isinstance(names, str) else names
    return next((about.get(one) for one in names if row.raw.get(one) is not None), None)


def _words(said: Any) -> str | None:
    listed = said if isinstance(said, list) else [said]
    return ", ".join(one for one in listed if isinstance(one, str) and one) or None

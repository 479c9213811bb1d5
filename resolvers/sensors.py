"""Sensors: which there are, and where."""

from resolvers.loaders import Loaders, answers
from resolvers.places import listed, parts_of
from schema.sensors import Sensor, Sensors, SensorsIn, SensorWith
from sources.reading import part_of


@answers(SensorWith)
async def sensor_with(ask: Loaders, key: SensorWith) -> Sensor | None:
    part, _, sensor_id = key.id.partition(":")
    kind = part_of(Sensor, part)
    if kind is None:
        return None
    sensors = await ask.collection(kind, key.city)
    return sensors.by(_sensor_id).get(sensor_id)


@answers(SensorsIn)
async def sensors_in(ask: Loaders, key: SensorsIn) -> Sensors:
    def wanted(sensor: Sensor) -> bool:
        return key.kinds is None or sensor.kind_word() in key.kinds

    sensors, missing = await parts_of(ask, Sensor, key.city, "sensors")
    found = listed(sensors, None, key.near, key.window, wanted)
    return Sensors(**vars(found), missing=missing)


def _sensor_id(sensor: Sensor) -> str:
    return sensor.sensor_id

"""Air: of each commune its own index, or else that of the whole metropolis."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from resolvers.loaders import Loaders, answers
from schema.air import AirOf, AirQuality
from sources.air import AirReading
from sources.collection import Collection


@answers(AirOf)
async def air_of(ask: Loaders, key: AirOf) -> list[AirQuality]:
    readings = await ask.collection(AirReading, key.city)
    of_communes, of_all = readings.derived(_by_day)
    communes: Mapping[str, str | None] = ask.cities[key.city].communes or {
        air.insee: air.commune_name for air in of_communes.values()
    }
    first = key.start or ask.today(key.city)
    found = []
    for n in range(key.days):
        day = first + timedelta(days=n)
        for insee, name in communes.items():
            air = of_communes.get((day, insee)) or of_all.get(day)
            if air is not None and key.commune in (None, insee):
                found.append(replace(air, insee=insee, commune_name=name))
    return found


def _by_day(
    readings: Collection[AirReading],
) -> tuple[Mapping[tuple[date, str], AirQuality], Mapping[date, AirQuality]]:
    """By day and commune, and by day what holds for all of them; the latest, if there are two."""
    found = sorted(readings.items, key=_updated)
    return (
        {(one.air.date, one.air.insee): one.air for one in found if not one.everywhere},
        {one.air.date: one.air for one in found if one.everywhere},
    )


def _updated(reading: AirReading) -> datetime:
    return reading.air.updated_at or datetime.min.replace(tzinfo=UTC)

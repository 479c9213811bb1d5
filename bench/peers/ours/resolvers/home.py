"""Home: one read for each thing on the screen, and one for the departures of all its stops."""

from collections.abc import Sequence

from resolvers.loaders import Loaders, answers, answers_many
from schema.home import (
    HomeBikes,
    HomeBikesIn,
    HomeDeparture,
    HomeDeparturesAt,
    HomePool,
    HomePoolsIn,
    HomeSchool,
    HomeSchoolWith,
    HomeStop,
    HomeStopsNear,
    HomeStopWith,
)


@answers(HomeStopWith)
async def home_stop_with(ask: Loaders, key: HomeStopWith) -> HomeStop | None:
    found = await ask.keyed(HomeStop, key.city, f"stop?id={key.id}&key={key.key}")
    return next(iter(found.items), None)


@answers(HomeStopsNear)
async def home_stops_near(ask: Loaders, key: HomeStopsNear) -> Sequence[HomeStop]:
    asked = f"nearby?lat={key.lat}&lon={key.lon}&key={key.key}"
    return (await ask.keyed(HomeStop, key.city, asked)).items


@answers_many(HomeDeparturesAt, "city", "key")
async def home_departures_at(
    ask: Loaders, keys: list[HomeDeparturesAt]
) -> list[Sequence[HomeDeparture]]:
    stops = "&".join(f"stop={one.stop}" for one in keys)
    asked = f"departures?key={keys[0].key}&{stops}"
    departures = (await ask.keyed(HomeDeparture, keys[0].city, asked)).grouped(_stop)
    return [departures.get(one.stop, ()) for one in keys]


@answers(HomePoolsIn)
async def home_pools_in(ask: Loaders, key: HomePoolsIn) -> Sequence[HomePool]:
    return (await ask.keyed(HomePool, key.city, f"pools?key={key.key}")).items


@answers(HomeSchoolWith)
async def home_school_with(ask: Loaders, key: HomeSchoolWith) -> HomeSchool | None:
    found = await ask.keyed(HomeSchool, key.city, f"school?id={key.id}&key={key.key}")
    return next(iter(found.items), None)


@answers(HomeBikesIn)
async def home_bikes_in(ask: Loaders, key: HomeBikesIn) -> Sequence[HomeBikes]:
    return (await ask.keyed(HomeBikes, key.city, f"bikes?key={key.key}")).items


def _stop(departure: HomeDeparture) -> str:
    return departure.stop_id

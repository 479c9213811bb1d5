"""Pools: which there are, when they are open, and how many people are in them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from resolvers.loaders import Loaders, answers, answers_many
from resolvers.places import listed
from schema.paging import Page
from schema.pools import (
    STALE_AFTER,
    AttendanceAt,
    Pool,
    PoolAttendance,
    PoolOpening,
    PoolsIn,
    PoolWith,
    PoolZone,
)
from schema.times import Schedule
from sources.calendar import Calendar
from sources.pools import PoolSlot
from sources.schedule import schedules


@answers(PoolWith)
async def pool_with(ask: Loaders, key: PoolWith) -> Pool | None:
    pools = await ask.collection(Pool, key.city)
    return pools.by(_local_id).get(key.id)


@answers_many(PoolOpening, "city")
async def pool_opening(ask: Loaders, keys: list[PoolOpening]) -> list[Schedule | None]:
    found = await _schedules(ask, keys[0].city)
    return [found.get(key.id) for key in keys]


@answers_many(AttendanceAt, "city")
async def attendance_at(ask: Loaders, keys: list[AttendanceAt]) -> list[PoolAttendance | None]:
    city = keys[0].city
    if not ask.sources.offers(PoolZone, city):
        return [None] * len(keys)
    zones = (await ask.collection(PoolZone, city)).grouped(_place)
    return [_attendance(ask, zones.get(key.id, ())) for key in keys]


@answers(PoolsIn)
async def pools_in(ask: Loaders, key: PoolsIn) -> Page[Pool]:
    pools = await ask.collection(Pool, key.city)
    wanted = pools.items
    if key.commune is not None:
        wanted = tuple(pool for pool in wanted if pool.address.insee == key.commune)
    if key.open_now is not None:
        found = await _schedules(ask, key.city)
        wanted = tuple(
            pool for pool in wanted if _open(ask, found.get(pool.local_id)) is key.open_now
        )
    kept = {pool.id for pool in wanted}
    return listed(pools, key.name, key.near, key.window, lambda pool: pool.id in kept)


async def _schedules(ask: Loaders, city: str) -> Mapping[str, Schedule]:
    """Of each pool whose hours are published."""
    if not ask.sources.offers(PoolSlot, city):
        return {}
    slots = await ask.collection(PoolSlot, city)
    await Calendar.of(ask.cities[city]).ready(ask.now.date())
    return slots.derived(schedules(ask.cities[city]))


def _open(ask: Loaders, schedule: Schedule | None) -> bool:
    """Whether it is known to be open at the request's instant."""
    if schedule is None:
        return False
    ask.changes_at(schedule.changes_at(ask.now))
    return bool(schedule.open_at(ask.now))


def _attendance(ask: Loaders, zones: Iterable[PoolZone]) -> PoolAttendance | None:
    live = [_as_known(ask, zone) for zone in zones]
    if not live:
        return None
    told = [zone.updated_at for zone in live if zone.updated_at is not None]
    return PoolAttendance(
        current=_sum(zone.current for zone in live),
        capacity=_sum(zone.capacity for zone in live),
        zones=live,
        updated_at=min(told) if len(told) == len(live) else None,
    )


def _as_known(ask: Loaders, zone: PoolZone) -> PoolZone:
    """As much of what a zone told as is still news; no clock is far ahead."""
    told = zone.updated_at
    if told is not None:
        ask.changes_at(told - STALE_AFTER, told + STALE_AFTER)
        if abs(ask.now - told) <= STALE_AFTER:
            return zone
    return replace(zone, current=None)


def _sum(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else sum(filter(None, known))


def _place(zone: PoolZone) -> str:
    return zone.place


def _local_id(pool: Pool) -> str:
    return pool.local_id
